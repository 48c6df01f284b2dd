"""The architecture: folders import only from those below them, and slow packages are imported where they are needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import seq2seq

# From the ground up: a file imports only from its own area and from the areas listed before it.
ORDER = (
    "errors",
    "parent_process",
    "stop_signals",
    "seeding",
    "terminal_text",
    "json_text",
    "files",
    "yaml_files",
    "text",
    "model",
    "search",
    "translation",
    "plotting",
    "evaluation",
    "insight",
    "old_names",
    "allowed_code",
    "plain_sections",
    "class_names",
    "options",
    "recipe",
    "provenance",
    "run_files",
    "run_names",
    "run_metrics",
    "run_snapshots",
    "run",
    "training",
    "comparison",
    "explorer",
    "cli",
)
OUTSIDE = ("__init__", "__main__")  # entry points, which may import everything

# The areas that may import a package anywhere in a file.
OWNERS = {
    "lightning": ("training",),
    "matplotlib": ("plotting",),
    "datasets": ("text", "training", "comparison"),
    "rich": ("plotting", "evaluation", "cli"),
    "prompt_toolkit": ("cli",),
    "starlette": ("explorer",),
    "uvicorn": ("explorer",),
}

PACKAGE = Path(seq2seq.__file__).parent
FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
each_file = pytest.mark.parametrize("file", FILES, ids=lambda path: path.as_posix())


def area(file: Path) -> str:
    """Return a file's folder, or its name if it lies in the package's root."""
    return file.parts[0].removesuffix(".py")


def imported_modules(file: Path) -> Iterator[str]:
    """Yield every module that a file imports anywhere, also inside functions: `seq2seq.text.batch`, `torch.nn`, …"""
    for node in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            assert node.module is not None
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if node.module.startswith("seq2seq") and file_of(name) else node.module


def file_of(module: str) -> Path | None:
    """Return the file of one of our modules, relative to the package; None for other names."""
    path = Path(*module.split(".")[1:])
    candidates = (path.with_suffix(".py"), path / "__init__.py") if path.parts else ()
    return next((candidate for candidate in candidates if (PACKAGE / candidate).is_file()), None)


def own_imports(file: Path) -> set[Path]:
    """Return our own files that a file imports."""
    modules = (module for module in imported_modules(file) if module.startswith("seq2seq."))
    return {imported for module in modules if (imported := file_of(module)) is not None}


def test_every_file_has_a_place_in_the_order() -> None:
    assert {area(file) for file in FILES} == {*ORDER, *OUTSIDE}


@each_file
def test_imports_point_down(file: Path) -> None:
    if area(file) in OUTSIDE:
        return
    for imported in own_imports(file):
        assert ORDER.index(area(imported)) <= ORDER.index(area(file)), f"{file} imports {imported}"


def test_files_of_one_folder_do_not_import_in_a_circle() -> None:
    TopologicalSorter({file: own_imports(file) for file in FILES}).prepare()


@each_file
def test_packages_are_imported_by_their_owners_alone(file: Path) -> None:
    for package in {module.partition(".")[0] for module in imported_modules(file)} & OWNERS.keys():
        assert area(file) in OWNERS[package], f"{file} imports {package}"


def test_translate_starts_without_slow_packages() -> None:
    program = """
import sys
for module in ("seq2seq.translation.translator", "seq2seq.run", "seq2seq.cli.main", "seq2seq.cli.filter"):
    __import__(module)
print(*{"lightning", "datasets", "matplotlib", "sacrebleu", "scipy"} & sys.modules.keys())
"""
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
