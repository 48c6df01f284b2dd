"""How good translations are: sacreBLEU's scores, each with the signature that makes it comparable (Post 2018)."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from seq2seq.alignment import read_links
from seq2seq.errors import UserError

MetricName = Literal["bleu", "chrf"]
METRICS: dict[MetricName, type[BLEU] | type[CHRF]] = {"bleu": BLEU, "chrf": CHRF}
Links = str | Collection[tuple[int, int]]  # "0-0 1-2" (Pharaoh), or its (source, target) pairs


class Score(NamedTuple):
    """A corpus's score, from 0 to 100. Two values may be compared only if their signatures are equal."""

    name: str
    value: float
    signature: str


class Bucket(NamedTuple):
    """Sentences whose source has `low` to `high` words, both included, and their BLEU."""

    low: int
    high: int
    sentences: int
    bleu: float


def bleu(hypotheses: Sequence[str], references: Sequence[str], lowercase: bool = False) -> Score:
    """Corpus BLEU (Papineni et al. 2002) of detokenised text, as sacreBLEU's command computes it (tokenizer 13a).

    Raises:
        UserError: no sentences, or not as many hypotheses as references.
    """
    return _score(BLEU(lowercase=lowercase), hypotheses, references)


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Corpus chrF2 (Popović 2015): F-score of character n-grams, kinder than BLEU to a wrong ending.

    Raises:
        UserError: as `bleu`.
    """
    return _score(CHRF(), hypotheses, references)


def score(hypotheses: Sequence[str], references: Sequence[str]) -> dict[str, dict[str, str | float]]:
    """BLEU, lower-cased BLEU (which older papers report) and chrF, as plain dictionaries for JSON.

    Raises:
        UserError: as `bleu`.
    """
    scores = {
        "bleu": bleu(hypotheses, references),
        "bleu_lowercase": bleu(hypotheses, references, lowercase=True),
        "chrf": chrf(hypotheses, references),
    }
    return {key: result._asdict() for key, result in scores.items()}


def bleu_by_length(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str],
    edges: Sequence[int] = (5, 10, 15, 20, 25, 30, 40, 50, 60),
    minimum: int = 30,
) -> list[Bucket]:
    """BLEU of short and of long sentences apart, where a fixed context fails first (Bahdanau et al. 2015, figure 2).

    A source's length is its words, split at white space. edges: the longest length of each bucket but the last.
    Buckets come in order and hold every sentence once. One of fewer than `minimum` sentences, whose BLEU would be
    noise, is merged into its longer neighbour, or at the end into its shorter one.

    Raises:
        UserError: no sentences, or unequal numbers of lines.
    """
    check_parallel(sources=sources, hypotheses=hypotheses, references=references)
    lengths = [len(source.split()) for source in sources]
    highs = _merge(lengths, sorted(edges), minimum)
    members: list[list[int]] = [[] for _ in highs]
    for sentence, length in enumerate(lengths):
        members[bisect_left(highs, length)].append(sentence)
    lows = [min(lengths), *(high + 1 for high in highs[:-1])]
    return [
        Bucket(low, high, len(rows), bleu([hypotheses[row] for row in rows], [references[row] for row in rows]).value)
        for low, high, rows in zip(lows, highs, members, strict=True)
    ]


def alignment_error_rate(
    predicted: Sequence[Links], gold: Sequence[Links], possible: Sequence[Links] | None = None
) -> float:
    """1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|), summed over the corpus (Och & Ney 2003): 0 best, 1 worst.

    predicted: A, an alignment a sentence. gold: S, the sure links. possible: P's links beside the sure ones, if any.

    Raises:
        UserError: no sentences, unequal numbers of them, or a string that is not in Pharaoh's format.
    """
    possible = [()] * len(gold) if possible is None else possible
    check_parallel(predicted=predicted, gold=gold, possible=possible)
    hits = links = 0
    for number, row in enumerate(zip(predicted, gold, possible, strict=True), start=1):
        guessed, sure, beside = (_links(alignment, number) for alignment in row)
        hits += len(guessed & sure) + len(guessed & (sure | beside))
        links += len(guessed) + len(sure)
    return 1 - hits / links if links else 0.0


def _links(alignment: Links, number: int) -> set[tuple[int, int]]:
    if not isinstance(alignment, str):
        return set(alignment)
    try:
        return set(read_links(alignment))
    except ValueError as error:
        raise UserError(f"alignment {number}: {error}") from error


def _score(metric: BLEU | CHRF, hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    check_parallel(hypotheses=hypotheses, references=references)
    result = metric.corpus_score(hypotheses, [references])
    return Score(result.name, result.score, str(metric.get_signature()))


def _merge(lengths: Sequence[int], edges: Sequence[int], minimum: int) -> list[int]:
    """The longest length of each bucket, in order, once every bucket has `minimum` sentences, or is the only one."""
    longest = max(lengths)
    highs: list[int] = []
    waiting = sorted(lengths)
    for high in [*(edge for edge in edges if edge < longest), longest]:
        inside = bisect_right(waiting, high)
        if inside >= max(minimum, 1):
            highs.append(high)
            waiting = waiting[inside:]
    if waiting and highs:
        highs.pop()
    return [*highs, longest] if waiting or not highs else highs


def check_parallel(**corpora: Sequence[object]) -> None:
    """Raises UserError: a corpus has no sentences, or not as many as the first."""
    counts = {name: len(corpus) for name, corpus in corpora.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise UserError(f"unequal numbers of lines: {listed}; line i of each must be the same sentence")
    if 0 in counts.values():
        raise UserError(f"no sentences to score: {' and '.join(counts)} are empty")
