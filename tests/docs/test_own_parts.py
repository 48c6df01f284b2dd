"""The parts of docs/own-parts.md work in every command."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from own_parts import PAGE, write_own_parts
from tiny_training import RECIPE, write_corpus

import seq2seq
from seq2seq.cli import main
from seq2seq.cli.parser import make_parser
from seq2seq.comparison import trainings

MODEL = """
model:
  embedding: 16
  encoder: {hidden: 8, cell: my_cell.MinimalCell}
  decoder:
    hidden: 16
    cell: my_cell.MinimalCell
    context: {class_path: my_attention.ScaledDotAttention, init_args: {temperature: 2.0}}
comparison:
  luong: {model.decoder.context: LuongAttention, model.encoder.cell: gru}
  own:
    model.decoder.context: {class_path: my_attention.ScaledDotAttention, init_args: {temperature: 3.0}}
    model.encoder.cell: {class_path: my_cell.MinimalCell}
    model.decoder.cell: seq2seq.model.cells.gru.GRUCell
"""


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[list[Path]]:
    paths = write_own_parts(tmp_path)
    yield paths
    for path in paths:
        sys.modules.pop(path.stem, None)


def test_a_part_has_about_30_lines(parts: list[Path]) -> None:
    assert [path.name for path in parts] == ["my_attention.py", "my_cell.py"]
    for path in parts:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 35


def test_the_parts_train_resume_translate_evaluate_and_compare(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_corpus(tmp_path, train=60, validation=5, test=12)
    sections = yaml.safe_load(RECIPE.replace("CORPUS", str(corpus)))
    recipe, run = tmp_path / "own.yaml", tmp_path / "run"
    recipe.write_text(yaml.safe_dump(sections | yaml.safe_load(MODEL)), encoding="utf-8")
    allowed = [word for path in parts for word in ("--allow-code", str(path))]

    def run_command(*words: str) -> str:
        for path in parts:
            sys.modules.pop(path.stem, None)  # each command is a process of its own for a user
        monkeypatch.setattr("sys.argv", ["seq2seq", *words, *allowed])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"der Hund\nein Buch\n"), encoding="utf-8"))
        main.main()
        return capsys.readouterr().out

    def run_in_this_process(arguments: list[str]) -> None:
        parsed, overrides = make_parser().parse_known_args(list(arguments))
        main.VERBS[parsed.verb](parsed, overrides)

    monkeypatch.setattr(trainings, "run_command", run_in_this_process)
    run_command("train", str(recipe), "--run", str(run), "--trainer.max_epochs", "1")
    run_command("train", "--resume", "--run", str(run), "--trainer.max_epochs=2")
    assert run_command("translate", str(run)).count("\n") == 2
    assert "BLEU" in run_command("evaluate", str(run))
    run_command("compare", str(recipe), "--run", str(tmp_path / "comparison"))
    report = (tmp_path / "comparison" / "report.md").read_text(encoding="utf-8")
    assert "LuongAttention" in report
    assert "Cells: my\\_cell.MinimalCell to gru" in report
    assert "temperature | 3.0" in report.replace("| None ", "")
    model = seq2seq.load(run, allow_code=parts).model
    assert model.decoder.context.temperature == 2.0
    assert type(model.encoder.layers[0].cells[0]).__name__ == "MinimalCell"  # type: ignore[union-attr]


def test_the_page_is_linked() -> None:
    for page in ("index.md", "recipes.md"):
        assert "(own-parts.md" in (PAGE.parent / page).read_text(encoding="utf-8")
