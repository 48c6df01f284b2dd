"""The command line as its users see it: what it prints to which stream, and how it reports mistakes."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import check_mistake, seq2seq

from seq2seq.cli import main
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.terminal_text import one_line

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("verb", ["", "train", "translate", "evaluate", "compare", "inspect", "explore"])
def test_help_shows_examples(verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert seq2seq(monkeypatch, *verb.split(), "--help") == 0
    text = capsys.readouterr().out
    assert "seq2seq" in text
    assert not verb or text.count(f"seq2seq {verb} r") >= 2  # examples


def test_keys_lists_every_key_of_a_recipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert seq2seq(monkeypatch, "train", "--keys") == 0
    text = capsys.readouterr().out
    for key in ("corpus.path", "model.decoder.context", "training.label_smoothing", "search.beam_size", "seed"):
        assert f"--{key}" in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("train",), "which recipe"),
        (("train", "nowhere.yaml"), "nowhere.yaml: cannot be read"),
        (("train", RECIPES[0], "--trainnig.ema_decay", "1"), "trainnig"),
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
        (("evaluate", "runs/nothing"), "runs/nothing: no run there"),
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


@pytest.mark.parametrize("name", ["a\x1b[31m.yaml", "a\nseq2seq: all is well.yaml", "a\x9b\u202e.yaml", "x" * 3000])
def test_a_mistake_shows_no_text_that_a_terminal_would_obey(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seq2seq(monkeypatch, "train", name) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"seq2seq: {name[0]}")
    assert errors == f"{one_line(errors.removesuffix(chr(10)))}\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("translate", "--beam-size", "0"), "search.beam_size"),
        (("translate", "--widht", "3"), "unrecognized arguments: --widht 3"),
        (("translate", "--width", "3"), "seq2seq: --width is now called --beam-size"),
        (("evaluate", "--width=3"), "seq2seq: --width is now called --beam-size"),
        (("translate", "--device", "quantum"), "--device quantum"),
        (("translate", "--length-penalty", "nan"), "search.length_penalty: must be a number from -100 to 100"),
        (("translate", "--coverage-penalty", "inf"), "search.coverage_penalty: must be from 0 to 1,000"),
        (("translate", "--seed", "9" * 20), "seed: must be from 0 to"),
        (("evaluate", "--search.beam_size", "3"), "--search.beam_size: a trained run accepts only --corpus"),
        (("evaluate", "--split", "dev"), "dev"),
        (("evaluate", "--files", "a.de", "b.en"), "a.de: cannot be read"),
        (("evaluate", "--files", "a.de"), "--files a.de: a reference is missing"),
        (("evaluate", "--tokenizer", "latin"), "invalid choice: 'latin'"),
    ],
)
def test_a_mistake_with_a_run_ends_in_one_line_on_stderr(
    words: tuple[str, ...],
    complaint: str,
    untrained_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verb, *options = words
    check_mistake(capsys, monkeypatch, complaint, verb, untrained_run, *options)


@pytest.mark.parametrize("damage", ["truncated", "foreign", "missing"])
def test_damaged_weights_are_reported(
    damage: str,
    untrained_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path in untrained_run.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    run = Run(tmp_path)
    weights = run.weights_path
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif damage == "foreign":
        recipe = run.recipe_path
        recipe.write_text(recipe.read_text(encoding="utf-8").replace("hidden: ", "hidden: 1"), encoding="utf-8")
    else:
        weights.unlink()
    assert seq2seq(monkeypatch, "translate", tmp_path, stdin=b"x\n") == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert str(weights) in errors


def test_the_filter_writes_a_line_for_each_line(
    untrained_run: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert seq2seq(monkeypatch, "translate", untrained_run, stdin="Ein Hund.\n\n\r\n😀\x00\nzuletzt".encode()) == 0
    assert capfdbinary.readouterr().out.count(b"\n") == 5


def test_nbest_widens_the_beam(
    untrained_run: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert seq2seq(monkeypatch, "translate", untrained_run, "--nbest", 4, "--format", "json", stdin=b"Ein Hund.\n") == 0
    assert len(json.loads(capfdbinary.readouterr().out)["translations"]) == 4


def test_a_sample_is_one_draw_and_not_the_best_of_a_beam(
    untrained_run: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    outputs = []
    for words in (("--sample",), ("--sample", "--beam-size", 1), ("--sample", "--beam-size", 8), ()):
        assert seq2seq(monkeypatch, "translate", untrained_run, *words, stdin=b"Ein Hund.\n" * 20) == 0
        outputs.append(capfdbinary.readouterr().out)
    assert outputs[0] == outputs[1] == outputs[2] != outputs[3]


def test_a_reader_who_leaves_and_a_full_disk_are_no_traceback(tmp_path: Path) -> None:
    plan = [sys.executable, "-m", "seq2seq", "compare", str(ROOT / "recipes" / "quickstart.yaml"), "--plan"]
    written = shlex.join([*plan, "--run", str(tmp_path / "x")])
    expected = {
        "| true": (141, ""),
        ">&-": (0, ""),
        "> /dev/full": (2, "seq2seq: No space left on device\n"),
    }
    processes = {}
    for end in expected:
        command = ["bash", "-c", f"{written} {end}; exit ${{PIPESTATUS[0]}}"]
        processes[end] = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    errors = {end: process.communicate()[1] for end, process in processes.items()}
    assert {end: (process.returncode, errors[end]) for end, process in processes.items()} == expected


def test_evaluate_scores_what_the_search_finds_even_where_the_recipe_samples(
    untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sampling = Run(shutil.copytree(untrained_run, tmp_path / "sampling"))
    recipe = sampling.load_recipe()
    sampling.save_recipe(replace(recipe, search=replace(recipe.search, sampling=True)))
    source, reference = tmp_path / "my.de", tmp_path / "my.en"
    for path in (source, reference):
        path.write_text("Ein Hund.\nZwei Hunde.\n", encoding="utf-8")
    runs = (untrained_run, sampling.folder)
    for run in runs:
        assert seq2seq(monkeypatch, "evaluate", run, "--files", source, reference) == 0
    for name in ("greedy", "beam-2"):
        searched, sampled = ((run / "hypotheses" / f"my.de.{name}.txt").read_text("utf-8") for run in runs)
        assert searched == sampled


def test_evaluate_scores_a_users_own_files(
    untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, reference = tmp_path / "my.de", tmp_path / "my.en"
    source.write_text("Ein Hund.\nZwei Hunde.\n", encoding="utf-8")
    reference.write_text("A dog.\nTwo dogs.\n", encoding="utf-8")
    assert seq2seq(monkeypatch, "evaluate", untrained_run, "--files", source, reference) == 0
    output = capsys.readouterr().out
    assert re.search(r"my\.de, greedy: 2 sentences.*BLEU .*\|tok:13a\|.*my\.de, beam 2: 2 sentences", output, re.DOTALL)
    scores = json.loads(Run(untrained_run).scores_path.read_text(encoding="utf-8"))["scores"]
    assert isinstance(scores, dict)
    assert scores["my.de"].keys() == {"greedy", "beam 2"}
    assert len((untrained_run / scores["my.de"]["greedy"]["hypotheses"]).read_text(encoding="utf-8").splitlines()) == 2
    reference.write_text("A dog.\n", encoding="utf-8")
    assert seq2seq(monkeypatch, "evaluate", untrained_run, "--files", source, reference) == 2
    assert "2 lines" in capsys.readouterr().err


def test_evaluate_takes_a_tokenizer_several_references_and_writes_files_for_comet(
    untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"my.de": "Ein Hund.\nZwei Hunde.\n", "a.en": "A dog.\nTwo dogs.\n", "b.en": "One dog.\n\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [tmp_path / name for name in texts]
    words = ("--files", *files, "--tokenizer", "char", "--export", tmp_path / "comet")
    assert seq2seq(monkeypatch, "evaluate", untrained_run, *words) == 0
    output = capsys.readouterr().out
    assert output.count("nrefs:var|case:mixed|eff:no|tok:char|") == 2  # greedy and beam
    evaluation = Run(untrained_run).load_evaluation("my.de", "beam 2")
    assert evaluation is not None
    assert evaluation.tokenizer == "char"
    translations = "".join(f"{text}\n" for text in evaluation.hypotheses)
    for suffix, text in {
        "src": texts["my.de"],
        "mt": translations,
        "ref": texts["a.en"],
        "ref1": texts["b.en"],
    }.items():
        assert (tmp_path / f"comet.{suffix}").read_text(encoding="utf-8") == text


def test_a_plan_is_one_command_a_training_and_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = ROOT / "recipes" / "quickstart.yaml"
    options = ("--seeds", 1, 2, "--run", tmp_path, "--plan", "--trainer.max_epochs", 2)
    assert seq2seq(monkeypatch, "compare", recipe, *options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    parser = main.make_parser()
    for line in lines:
        arguments, keys = parser.parse_known_args(shlex.split(line)[1:])
        assert (arguments.verb, arguments.recipe) == ("train", recipe)
        assert keys[:2] == ["--trainer.max_epochs", "2"]
        assert keys[keys.index("--seed") + 1] == arguments.run.name.rpartition("-")[2]
    assert not any(tmp_path.iterdir())
    monkeypatch.setattr("seq2seq.comparison.compare.remaining_jobs", lambda jobs: [])
    assert seq2seq(monkeypatch, "compare", recipe, *options) == 0
    output, errors = capsys.readouterr()
    assert (output, errors) == ("", "all trainings are finished; without --plan, this command writes the report\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["recipes/quickstart.yaml", "--variants", "bahdanau", "bottelneck"], "no variant 'bottelneck'"),
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
def test_compare_reports_mistakes_before_it_trains(
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
    Recipe.load(path)
    assert f"seq2seq train recipes/{path.name}" in path.read_text(encoding="utf-8")


def test_readme_names_only_commands_and_options_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:\$ )?(seq2seq (\w+) .*)$", text, re.MULTILINE)
    assert commands
    parser = main.make_parser()
    for command, verb in commands:
        assert verb in main.VERBS, command
        words = command.split("#")[0].split("<")[0].split("|")[0].split()[1:]
        _, unknown = parser.parse_known_args(words)
        assert all(word.startswith("--") is False or "." in word or word == "--seed" for word in unknown), command


@pytest.mark.parametrize("problem", [OSError(30, "Read-only file system"), OSError(28, "No space left on device")])
def test_scores_that_cannot_be_saved_are_shown(
    problem: OSError,
    untrained_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = tmp_path / "my.de", tmp_path / "my.en"
    for file in files:
        file.write_text("ein Buch\n", encoding="utf-8")
    run = shutil.copytree(untrained_run, tmp_path / "run")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    open_file, make_folder = os.open, os.mkdir

    def refuse_run(path: Path, flags: int, *mode: int, **keywords: int) -> int:
        if flags & os.O_CREAT and run in Path(path).parents:
            raise problem
        return open_file(path, flags, *mode, **keywords)

    def refuse_folder(path: Path, *mode: int) -> None:
        if run in Path(path).parents:
            raise problem
        make_folder(path, *mode)

    monkeypatch.setattr(os, "open", refuse_run)
    monkeypatch.setattr(os, "mkdir", refuse_folder)
    assert seq2seq(monkeypatch, "evaluate", run, "--files", *files, "--export", tmp_path / "export") == 0
    output, errors = capsys.readouterr()
    assert output.count("  BLEU  ") == 2  # greedy and the recipe's search
    [line, _] = errors.splitlines()  # the second line names the exported files
    assert line.startswith(
        f"seq2seq: the scores were not saved: {run}/hypotheses/my.de.beam-2.txt: cannot be written: "
    )
    assert str(problem.strerror) in line
    assert (tmp_path / "export.mt").exists()
    assert seq2seq(monkeypatch, "translate", run, stdin=b"ein Buch\n") == 0
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
