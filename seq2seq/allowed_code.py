"""Run a user's own Python file, because the command line allows it: the only way in which code from outside is run.

A recipe or a run names classes, but never makes the program import anything. A user's class (an attention of one's own)
is available after its file has been allowed:

    seq2seq train recipe.yaml --allow-code my_attention.py --model.decoder.context my_attention.MyAttention
"""

import sys
from collections.abc import Iterable
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from seq2seq.errors import UserError


def allow_code(paths: Iterable[Path]) -> None:
    """Run Python files, so that recipes may name the classes in them: `my_attention.MyAttention` of my_attention.py.

    Args:
        paths: the files. A file that was run before is not run again.

    Raises:
        UserError: a file is not a Python file, another module has its name, or its code fails.
    """
    for path in paths:
        path = path.expanduser().resolve()
        if path.suffix != ".py" or not path.is_file():
            raise UserError(f"--allow-code {path}: no such Python file")
        if not path.stem.isidentifier():
            raise UserError(f"--allow-code {path}: a module's name has letters, digits and _ only; rename the file")
        loaded = sys.modules.get(path.stem)
        if loaded is None:
            _run(path)
        elif getattr(loaded, "__file__", None) != str(path):
            raise UserError(f"--allow-code {path}: another module is called {path.stem}; rename the file")


def _run(path: Path) -> None:
    other = find_spec(path.stem)
    if other is not None and other.origin != str(path):
        raise UserError(f"--allow-code {path}: another module is called {path.stem}; rename the file")
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[path.stem]
        message = " ".join(str(error).split())
        raise UserError(f"--allow-code {path}: its code fails: {type(error).__name__}: {message}") from error
