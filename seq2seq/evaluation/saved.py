"""Convert evaluations to what scores.json holds, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from seq2seq.errors import OptionError
from seq2seq.evaluation.evaluate import Evaluation
from seq2seq.evaluation.metrics import Score, Scores
from seq2seq.search.options import SearchOptions


def to_saved(evaluation: Evaluation, hypotheses_file: str) -> dict[str, Any]:
    """Return an evaluation as JSON can hold it, with the name of the file that has its translations."""
    return {
        **{name: score._asdict() for name, score in evaluation.scores._asdict().items()},
        "search": asdict(evaluation.search),
        "tokenizer": evaluation.tokenizer,
        "text": evaluation.fingerprint,
        "sentences": len(evaluation.hypotheses),
        "cut_lines": evaluation.cut_lines,
        "sentences_per_second": evaluation.sentences_per_second,
        "hypotheses": hypotheses_file,
    }


def from_saved(
    saved: Mapping[str, Any], set_name: str, search_name: str, hypotheses: Sequence[str]
) -> Evaluation | None:
    """Return the evaluation that `to_saved` described; None if an earlier version wrote it, or it was changed."""
    try:
        evaluation = Evaluation(
            set_name=set_name,
            search_name=search_name,
            search=SearchOptions(**saved["search"]),
            scores=Scores(*(Score(**saved[name]) for name in Scores._fields)),
            fingerprint=saved["text"],
            sentences_per_second=saved["sentences_per_second"],
            hypotheses=hypotheses,
            tokenizer=saved.get("tokenizer", "13a"),  # earlier versions had no other
            cut_lines=saved["cut_lines"],
        )
        check_types(evaluation)
    except (KeyError, TypeError, ValueError, AttributeError, OptionError):
        return None
    return evaluation if len(hypotheses) == saved.get("sentences") else None


def check_types(evaluation: Evaluation) -> None:
    """Raise TypeError if a saved evaluation has a value that its report could not show."""
    numbers = [evaluation.sentences_per_second, *(score.value for score in evaluation.scores)]
    texts = [evaluation.fingerprint, *(text for score in evaluation.scores for text in (score.name, score.signature))]
    if not all(isinstance(number, int | float) and abs(number) < 1e9 for number in numbers):
        raise TypeError(f"not numbers: {numbers}")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"not texts: {texts}")
