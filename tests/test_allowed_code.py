"""A recipe or a run executes nothing: only files that the command line allows are run."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_training import RECIPE, write_corpus

import seq2seq
from seq2seq.allowed_code import allow_code
from seq2seq.cli.main import main
from seq2seq.comparison.variants import plan
from seq2seq.errors import UserError
from seq2seq.model.context import Context
from seq2seq.recipe import Recipe

CODE = """
from pathlib import Path

from seq2seq.model.attention import DotAttention
from seq2seq.model.cells.gru import GRUCell

Path(__file__).with_suffix(".ran").touch()


class MyAttention(DotAttention):
    pass


class MyCell(GRUCell):
    pass


def not_a_class(sizes):
    return MyAttention(sizes)


class NotAContext:
    pass
"""
HOSTILE = (
    "os.system",
    "builtins.eval",
    "builtins.exec",
    "subprocess.Popen",
    "subprocess.run",
    "pathlib.Path",
    "seq2seq.files.write",
    "seq2seq.model.encoder_decoder.EncoderDecoder",
    "torch.nn.Linear",
    "torch.load",
    "my_code.MyAttention",
    "my_code.NotAContext",
    "my_code.not_a_class",
    "my_code",
    "antigravity.fly",
    "seq2seq.model.context.Context",
    "Context",
)

OPTIONS = [("decoder", "context"), ("decoder", "cell"), ("encoder", "cell")]


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file my_code.py where Python would find it, which leaves my_code.ran when it is run."""
    path = tmp_path / "my_code.py"
    path.write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield path
    sys.modules.pop("my_code", None)


def ways_to_name(name: str, side: str, option: str) -> Iterator[tuple[str, list[str]]]:
    """Yield a recipe and overrides for each way in which a class can be named for an option of the model."""
    corpus = "corpus: {path: x}\n"
    part = f"{{class_path: {name}, init_args: {{command: 'touch ran'}}}}"
    yield corpus + f"model: {{{side}: {{{option}: {name}}}}}", []
    yield corpus + f"model: {{{side}: {{{option}: {part}}}}}", []
    yield corpus + f"model: {{{side}: {{{option}: {{class_path: {name}}}}}}}", []
    for key in (option, f"{option}.class_path", f"{option}+", f"{option}.help"):
        yield corpus, [f"--model.{side}.{key}", name]
        yield corpus, [f"--model.{side}.{key}={name}"]
    for key, value in (
        (f"model.{side}.{option}", part),
        (f"model.{side}", f"{{{option}: {part}}}"),
        (f"model.{side}", f"{{{option}: {name}}}"),
        ("model", f"{{{side}: {{{option}: {part}}}}}"),
    ):
        yield corpus, [f"--{key}", value]
        yield corpus, [f"--{key}={value}"]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_way_of_naming_a_class_imports_or_calls_it(
    name: str, option: tuple[str, str], code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipe.yaml"
    for text, overrides in ways_to_name(name, *option):
        path.write_text(text, encoding="utf-8")
        before = set(sys.modules)
        with pytest.raises(UserError, match=rf"model\.{'.'.join(option)}.*is none of the classes") as caught:
            Recipe.load(path, overrides)
        assert "\n" not in str(caught.value)
        assert name.partition(".")[0] not in set(sys.modules) - before
        assert not list(tmp_path.glob("*ran"))


@pytest.mark.parametrize(
    ("name", "shape"), [*((name, "{x: [{y: PART}]}") for name in HOSTILE), (HOSTILE[0], "PART"), (HOSTILE[0], "[PART]")]
)
def test_plain_sections_import_nothing(
    name: str, shape: str, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipe.yaml"
    before = set(sys.modules)
    value = shape.replace("PART", f"{{class_path: {name}, init_args: {{command: 'touch ran'}}}}")
    path.write_text(f"corpus: {{path: x}}\ntrainer: {{callbacks: {value}}}", encoding="utf-8")
    assert "class_path" in str(Recipe.load(path).trainer)
    variants = f"comparison: {{a: {{}}, b: {{trainer.callbacks: {value}}}}}"
    path.write_text(f"corpus: {{path: x}}\n{variants}", encoding="utf-8")
    assert Recipe.load(path).comparison["b"]
    assert len(plan(path, [], [], [], tmp_path)) == 2
    whole = ["--trainer", f"{{callbacks: {value}}}"]
    for words in (["--trainer.callbacks", value], [f"--trainer.callbacks={value}"], whole):
        assert "class_path" in str(Recipe.load(path, words).trainer)
    assert name.partition(".")[0] not in set(sys.modules) - before
    assert not list(tmp_path.glob("*ran"))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_section_is_read_from_another_file(
    name: str, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipe.yaml"
    path.write_text("corpus: {path: x}", encoding="utf-8")
    files = {
        "model": f"{{decoder: {{context: {name}}}}}",
        "model.decoder": f"{{context: {name}}}",
        "model.encoder": f"{{cell: {name}}}",
        "corpus": "{path: y}",
        "trainer": "{max_epochs: 2}",
    }
    before = set(sys.modules)
    for key, text in files.items():
        (tmp_path / "other.yaml").write_text(text, encoding="utf-8")
        inner = f"{{{key.partition('.')[2]}: other.yaml}}"
        ways = [[f"--{key}", "other.yaml"], [f"--{key}=other.yaml"], *([["--model", inner]] if "." in key else [])]
        for words in ways:
            with pytest.raises(UserError, match="is a section: give it keys"):
                Recipe.load(path, words)
    with pytest.raises(UserError, match="no class can be named here"):
        Recipe.load(path, ["--model.decoder.context.init_args.size.class_path", name])
    assert name.partition(".")[0] not in set(sys.modules) - before
    assert not list(tmp_path.glob("*ran"))


def test_a_class_has_a_path_and_arguments_only(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("corpus: {path: x}", encoding="utf-8")
    with pytest.raises(UserError, match="dict_kwargs: a class has class_path and init_args only"):
        Recipe.load(path, ["--model.encoder.cell", "{class_path: lstm, dict_kwargs: {layer_norm: true}}"])


def test_the_arguments_of_a_class_cannot_name_another_class(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    inner = "{class_path: os.system, init_args: {command: 'touch ran'}}"
    for size in (inner, f"[{inner}]", f"{{x: {inner}}}"):
        context = f"{{class_path: AdditiveAttention, init_args: {{size: {size}}}}}"
        path.write_text(f"corpus: {{path: x}}\nmodel: {{decoder: {{context: {context}}}}}", encoding="utf-8")
        with pytest.raises(UserError, match="cannot name another class"):
            Recipe.load(path)


def test_an_allowed_cell_is_built_written_and_read_back(code: Path, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("corpus: {path: x}", encoding="utf-8")
    overrides = ["--model.encoder.cell", "my_code.MyCell", "--model.decoder.cell", "my_code.MyCell"]
    with pytest.raises(UserError, match=r"model\.encoder\.cell: .*the file that has it: --allow-code my_code\.py"):
        Recipe.load(path, overrides)
    allow_code([code])
    model = Recipe.load(path, overrides).build_model(10, 10)
    names = {type(cell).__name__ for cell in (*model.encoder.layers[0].cells, *model.decoder.cells)}
    assert names == {"MyCell"}
    path.write_text(Recipe.load(path, overrides).to_yaml(), encoding="utf-8")
    assert Recipe.load(path).to_dict()["model"]["encoder"]["cell"]["class_path"] == "my_code.MyCell"


def test_an_allowed_class_is_built_written_and_read_back(code: Path, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("corpus: {path: x}", encoding="utf-8")
    overrides = ["--model.decoder.context", "my_code.MyAttention"]
    with pytest.raises(UserError, match=r"allow the file that has it: --allow-code my_code\.py"):
        Recipe.load(path, overrides)
    allow_code([code])
    recipe = Recipe.load(path, overrides)
    assert type(recipe.build_model(10, 10).decoder.context).__name__ == "MyAttention"
    assert recipe.to_dict()["model"]["decoder"]["context"] == {"class_path": "my_code.MyAttention"}
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert Recipe.load(path).to_yaml() == recipe.to_yaml()
    for name in ("my_code.NotAContext", "my_code.not_a_class"):
        with pytest.raises(UserError, match="is none of the classes"):
            Recipe.load(path, ["--model.decoder.context", name])


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("seq2seq.context.DotAttention", "it is now called DotAttention"),
        ("AditiveAttention", r"did you mean AdditiveAttention\?"),
    ],
)
def test_a_class_of_another_name_gives_the_name_of_today(tmp_path: Path, name: str, advice: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("corpus: {path: x}", encoding="utf-8")
    with pytest.raises(UserError, match=advice):
        Recipe.load(path, ["--model.decoder.context", name])


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("missing.py", None, "no such Python file"),
        ("code.txt", "", "no such Python file"),
        ("my-code.py", "", "letters, digits and _"),
        ("torch.py", "", "another module is called torch"),
        ("antigravity.py", "", "another module is called antigravity"),
        ("broken.py", "def", "its code fails: SyntaxError"),
        ("failing.py", "1 / 0", "its code fails: ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_run_gives_one_line(tmp_path: Path, name: str, text: str | None, complaint: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=complaint) as caught:
        allow_code([tmp_path / name])
    assert "\n" not in str(caught.value)


def test_every_command_needs_the_permission_and_hands_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Train, translate, evaluate, resume, compare and plan with classes of the user's own."""
    code, recipe = tmp_path / "my_code.py", tmp_path / "tiny.yaml"
    code.write_text(CODE, encoding="utf-8")
    corpus = write_corpus(tmp_path, train=40, validation=5, test=5)
    text = RECIPE.replace("CORPUS", str(corpus)).replace(
        "{class_path: AdditiveAttention, init_args: {size: 8}}", "my_code.MyAttention, cell: my_code.MyCell"
    )
    recipe.write_text(text, encoding="utf-8")
    run, allowed = str(tmp_path / "run"), ["--allow-code", str(code)]
    variants = "comparison: {mine: {}, dot: {model.decoder.context: DotAttention}}\n"
    (tmp_path / "both.yaml").write_text(text + variants, encoding="utf-8")

    def run_command(*words: str) -> int:
        sys.modules.pop("my_code", None)  # each command is a process of its own for a user
        monkeypatch.setattr("sys.argv", ["seq2seq", *words])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Hund\n"), encoding="utf-8"))
        try:
            main()
        except SystemExit as stopped:
            return int(stopped.code or 0)
        return 0

    commands = (
        ("train", str(recipe), "--run", run, "--trainer.max_epochs", "1"),
        ("translate", run),
        ("evaluate", run),
        ("train", "--resume", "--run", run, "--trainer.max_epochs=2"),
        ("compare", str(tmp_path / "both.yaml"), "--plan", "--run", str(tmp_path / "comparison")),
    )
    for words in commands:
        capsys.readouterr()
        assert run_command(*words) == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        assert "--allow-code my_code.py" in message
        assert run_command(*words, *allowed) == 0
    plan = capsys.readouterr().out.splitlines()
    assert len(plan) == 2
    assert all(f"--allow-code {code}" in line for line in plan)
    sys.modules.pop("my_code", None)
    with pytest.raises(UserError, match="--allow-code"):
        seq2seq.load(run)
    try:
        assert isinstance(seq2seq.load(run, allow_code=[code]).model.decoder.context, Context)
    finally:
        sys.modules.pop("my_code", None)
