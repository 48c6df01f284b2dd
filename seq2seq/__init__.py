"""Translation with an LSTM encoder, an LSTM decoder, and attention between them.

    import seq2seq

    translator = seq2seq.load("runs/quickstart")
    translation = translator.translate("Der Hund schläft.")
    print(translation.text, translation.score, translation.tokens, translation.alignment)

`import seq2seq` is fast: PyTorch is imported when one of these names is first used.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seq2seq.recipe import Recipe
    from seq2seq.translation.quantization import Weights
    from seq2seq.translation.translator import Translator

__all__ = ["Recipe", "Translator", "__version__", "load"]
__version__ = "0.1.0"

_MODULES = {"Recipe": "seq2seq.recipe", "Translator": "seq2seq.translation.translator"}


def load(
    run: str | Path, device: str = "cpu", weights: "Weights" = "float32", allow_code: "Sequence[str | Path]" = ()
) -> "Translator":
    """Load the translator of a trained run.

    Args:
        run: the run's folder.
        device: where to compute: cpu, cuda, cuda:1, mps.
        weights: the precision of the weights: float32, or on a CPU float16 or int8.
        allow_code: Python files to run, because the run has been trained with a class of theirs. Nothing else of a run
            is executed.

    Raises:
        UserError: there is no such run, it has no weights yet, a file is damaged, or this machine does not have the
            device or the precision.
    """
    from seq2seq.allowed_code import allow_code as run_files
    from seq2seq.run import Run

    run_files(map(Path, allow_code))
    return Run(Path(run)).load_translator(device, weights)


if not TYPE_CHECKING:  # A type checker that sees this function accepts every name.

    def __getattr__(name: str) -> Any:
        """Import a public class when it is first used (PEP 562)."""
        if name in _MODULES:
            return getattr(import_module(_MODULES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Return the public names, for completion in an interactive session."""
        return __all__
