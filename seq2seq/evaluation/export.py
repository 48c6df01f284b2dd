"""Write translations as the three text files that COMET's command reads: `comet-score -s F.src -t F.mt -r F.ref`."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import Evaluation, EvaluationSet
from seq2seq.files import atomic


def export(path: Path, evaluation_set: EvaluationSet, evaluation: Evaluation) -> list[Path]:
    """Write PATH.src, PATH.mt and PATH.ref, one sentence on each line; further references as PATH.ref1, ….

    All files are written, or none: they are moved to their places when the last one is complete. A line break inside a
    sentence becomes a space. A sentence without a further reference has an empty line there.

    Returns:
        the paths of the files.

    Raises:
        UserError: a file cannot be written.
    """
    sides: dict[str, Sequence[str | None]] = {
        "src": evaluation_set.sources,
        "mt": evaluation.hypotheses,
        "ref": evaluation_set.references,
    }
    sides |= {f"ref{number}": lines for number, lines in enumerate(evaluation_set.more_references, start=1)}
    paths = {side: Path(f"{path}.{side}") for side in sides}
    if folders := [str(path) for path in paths.values() if path.is_dir()]:
        raise UserError(f"{folders[0]}: is a folder; choose another --export")
    with ExitStack() as stack:
        for side, lines in sides.items():
            text = "".join(" ".join((line or "").splitlines()) + "\n" for line in lines)
            stack.enter_context(atomic(paths[side])).write_text(text, encoding="utf-8", newline="\n")
    return list(paths.values())
