"""The command line as its users have it: what it prints where, and what it says to mistakes."""

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seq2seq import cli, run
from seq2seq.translator import Translator

ROOT = Path(__file__).parent.parent
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


@pytest.fixture(scope="module")
def folder(translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder around the untrained model of `conftest`."""
    folder = tmp_path_factory.mktemp("runs") / "untrained"
    model = translator.model
    recipe = f"""
corpus: {{path: {ROOT / "data" / "grammar"}}}
model:
  embedding: {model.decoder.embedding.embedding_dim}
  encoder: {{hidden: {model.encoder.size // 2}}}
  decoder:
    hidden: {model.decoder.cells[0].recurrent.in_features}
    context: {{class_path: AdditiveAttention, init_args: {{size: {model.decoder.context.key.out_features}}}}}
search: {{width: 2, max_length: 12}}
"""
    folder.mkdir()
    (folder / run.RECIPE).write_text(recipe, encoding="utf-8")
    translator.tokenizer.save(folder)
    run.save_weights(model, folder / run.WEIGHTS)
    return folder


def seq2seq(monkeypatch: pytest.MonkeyPatch, *words: object, stdin: bytes = b"") -> int:
    """Run the command; its exit status."""
    monkeypatch.setattr("sys.argv", ["seq2seq", *map(str, words)])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
    try:
        cli.main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


@pytest.mark.parametrize("verb", ["", "train", "translate", "evaluate", "compare"])
def test_help_teaches(verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert seq2seq(monkeypatch, *verb.split(), "--help") == 0
    text = capsys.readouterr().out
    assert "seq2seq" in text
    assert not verb or text.count(f"seq2seq {verb} r") >= 2  # examples


def test_keys_lists_every_key_of_a_recipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert seq2seq(monkeypatch, "train", "--keys") == 0
    text = capsys.readouterr().out
    for key in ("corpus.path", "model.decoder.context", "training.label_smoothing", "search.width", "seed"):
        assert f"--{key}" in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("train",), "which recipe"),
        (("train", "nowhere.yaml"), "nowhere.yaml: cannot be read"),
        (("train", RECIPES[0], "--trainnig.average", "1"), "trainnig"),
        (("train", RECIPES[0], "--trainer.max_epoch", "1"), "did you mean trainer.max_epochs"),
        (("train", RECIPES[0], "--model.decoder.hiden", "1"), "did you mean --model.decoder.hidden?"),
        (("train", RECIPES[0], "--seed", "9" * 20), "seed: must be from 0 to"),
        (("train", RECIPES[0], "--run", RECIPES[0] / "x"), "x: cannot be made: "),
        (("train", RECIPES[0], "--model.decoder.contxt", "X"), "did you mean --model.decoder.context?"),
        (("train", RECIPES[0], "--seed"), "seq2seq train --keys lists all keys"),
        (("train", "--seed", "7", RECIPES[0]), "the recipe comes first, before its keys: seq2seq train"),
        (("train", "--corpus.path", "data", RECIPES[0]), "the recipe comes first, before its keys: seq2seq train"),
        (
            ("train", "--resume", "--run", "x", "--trainer.max_epochs", "6"),
            "written --KEY=VALUE: --trainer.max_epochs=6",
        ),
        (("translate", "runs/nothing"), "no run there"),
        (("evaluate", "runs/nothing"), "cannot be read"),
    ],
)
def test_a_mistake_is_one_line_on_stderr(
    words: tuple[object, ...], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seq2seq(monkeypatch, *words) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    assert complaint in errors


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("translate", "--width", "0"), "search.width"),
        (("translate", "--widht", "3"), "unrecognized arguments: --widht 3"),
        (("translate", "--device", "quantum"), "--device quantum"),
        (("translate", "--length-penalty", "nan"), "search.length_penalty: must be a finite number"),
        (("translate", "--coverage-penalty", "inf"), "search.coverage_penalty: must be 0 or more, and finite"),
        (("translate", "--seed", "9" * 20), "seed: must be from 0 to"),
        (("evaluate", "--search.width", "3"), "--search.width: of what is trained, only --corpus"),
        (("evaluate", "--split", "dev"), "dev"),
        (("evaluate", "--files", "a.de", "b.en"), "a.de: cannot be read"),
    ],
)
def test_a_mistake_with_a_run_is_too(
    words: tuple[str, ...],
    complaint: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verb, *options = words
    assert seq2seq(monkeypatch, verb, folder, *options) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert complaint in errors.splitlines()[-1]
    assert "Traceback" not in errors


@pytest.mark.parametrize("damage", ["truncated", "foreign", "missing"])
def test_damaged_weights_are_told(
    damage: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / run.WEIGHTS
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif damage == "foreign":
        recipe = tmp_path / run.RECIPE
        recipe.write_text(recipe.read_text(encoding="utf-8").replace("hidden: ", "hidden: 1"), encoding="utf-8")
    else:
        weights.unlink()
    assert seq2seq(monkeypatch, "translate", tmp_path, stdin=b"x\n") == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert str(weights) in errors


def test_the_filter_gives_a_line_for_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert seq2seq(monkeypatch, "translate", folder, stdin="Ein Hund.\n\n\r\n😀\x00\nzuletzt".encode()) == 0
    assert capfdbinary.readouterr().out.count(b"\n") == 5


def test_nbest_widens_the_beam(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert seq2seq(monkeypatch, "translate", folder, "--nbest", 4, "--format", "json", stdin=b"Ein Hund.\n") == 0
    assert len(json.loads(capfdbinary.readouterr().out)["translations"]) == 4


def test_a_sample_is_one_draw_and_not_the_best_of_a_beam(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    outputs = []
    for words in (("--sample",), ("--sample", "--width", 1), ("--sample", "--width", 8), ()):
        assert seq2seq(monkeypatch, "translate", folder, *words, stdin=b"Ein Hund.\n" * 20) == 0
        outputs.append(capfdbinary.readouterr().out)
    assert outputs[0] == outputs[1] == outputs[2] != outputs[3]


def test_a_reader_who_leaves_and_a_full_disk_are_no_traceback(tmp_path: Path) -> None:
    plan = [sys.executable, "-m", "seq2seq.cli", "compare", str(ROOT / "recipes" / "quickstart.yaml"), "--plan"]
    written = shlex.join([*plan, "--run", str(tmp_path / "x")])
    expected = {
        "| true": (141, ""),
        ">&-": (0, ""),
        "> /dev/full": (2, "seq2seq: No space left on device\n"),
    }
    started = {}
    for end in expected:
        command = ["bash", "-c", f"{written} {end}; exit ${{PIPESTATUS[0]}}"]
        started[end] = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    found = {end: (process.communicate()[1], process.returncode) for end, process in started.items()}
    assert found == {end: (said, status) for end, (status, said) in expected.items()}


def test_evaluate_scores_what_the_search_finds_even_where_the_recipe_samples(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sampling = shutil.copytree(folder, tmp_path / "sampling")
    recipe = sampling / run.RECIPE
    recipe.write_text(recipe.read_text("utf-8").replace("width: 2", "width: 2, sampling: true"), encoding="utf-8")
    source, reference = tmp_path / "my.de", tmp_path / "my.en"
    for path in (source, reference):
        path.write_text("Ein Hund.\nZwei Hunde.\n", encoding="utf-8")
    for one in (folder, sampling):
        assert seq2seq(monkeypatch, "evaluate", one, "--files", source, reference) == 0
    for name in ("greedy", "beam-2"):
        texts = [(one / "hypotheses" / f"my.de.{name}.txt").read_text("utf-8") for one in (folder, sampling)]
        assert texts[0] == texts[1]


def test_evaluate_scores_a_users_own_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, reference = tmp_path / "my.de", tmp_path / "my.en"
    source.write_text("Ein Hund.\nZwei Hunde.\n", encoding="utf-8")
    reference.write_text("A dog.\nTwo dogs.\n", encoding="utf-8")
    assert seq2seq(monkeypatch, "evaluate", folder, "--files", source, reference) == 0
    output = capsys.readouterr().out
    assert re.search(r"my\.de, greedy: 2 sentences.*BLEU .*\|tok:13a\|.*my\.de, beam 2: 2 sentences", output, re.DOTALL)
    scores = run.read_scores(folder)["scores"]
    assert isinstance(scores, dict)
    assert scores["my.de"].keys() == {"greedy", "beam 2"}
    assert len((folder / scores["my.de"]["greedy"]["hypotheses"]).read_text(encoding="utf-8").splitlines()) == 2
    reference.write_text("A dog.\n", encoding="utf-8")
    assert seq2seq(monkeypatch, "evaluate", folder, "--files", source, reference) == 2
    assert "2 lines" in capsys.readouterr().err


def test_a_plan_is_one_command_a_training_and_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = ROOT / "recipes" / "quickstart.yaml"
    options = ("--seeds", 1, 2, "--run", tmp_path, "--plan", "--trainer.max_epochs", 2)
    assert seq2seq(monkeypatch, "compare", recipe, *options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    parser = cli.make_parser()
    for line in lines:
        arguments, keys = parser.parse_known_args(shlex.split(line)[1:])
        assert (arguments.verb, arguments.recipe) == ("train", recipe)
        assert keys[:2] == ["--trainer.max_epochs", "2"]
        assert keys[keys.index("--seed") + 1] == arguments.run.name.rpartition("-")[2]
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["recipes/quickstart.yaml", "--variants", "attention", "bottelneck"], "no variant 'bottelneck'"),
        (["recipes/quickstart.yaml", "--plan", "--model.encoder.hiden", "3"], "hiden"),
        (["recipes/quickstart.yaml", "--join", "1"], "--join 1: give a number of sentences from 2 to 500"),
        (["recipes/quickstart.yaml", "--corpus.test_long", "tset"], "tset"),
        (["recipes/no-such.yaml"], "recipes/no-such.yaml: cannot be read: No such file"),
        (["recipes"], "recipes: no run there"),
        (["runs/no-such", "runs/other"], "runs/no-such: no run there"),
        (
            ["--corpus.path", "data", "recipes/quickstart.yaml"],
            "it comes first, before its keys",
        ),
    ],
)
def test_compare_tells_mistakes_before_it_trains(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert seq2seq(monkeypatch, "compare", *words, "--run", tmp_path / "x") == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert len(printed.err.splitlines()) == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_reads_and_opens_with_its_command(path: Path) -> None:
    from seq2seq.recipe import Recipe, read

    read(Recipe, path)
    assert f"seq2seq train recipes/{path.name}" in path.read_text(encoding="utf-8")


def test_readme_names_only_commands_and_options_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:\$ )?(seq2seq (\w+) .*)$", text, re.MULTILINE)
    assert commands
    parser = cli.make_parser()
    for command, verb in commands:
        assert verb in cli.VERBS, command
        words = command.split("#")[0].split("<")[0].split("|")[0].split()[1:]
        _, unknown = parser.parse_known_args(words)
        assert all(word.startswith("--") is False or "." in word or word == "--seed" for word in unknown), command
