"""Whole trainings of tiny models write every file, resume exactly, and lose nothing."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from executed import Code
from tiny_training import RECIPE, write_corpus

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import Evaluation, EvaluationSet
from seq2seq.provenance import Provenance, SplitFingerprint
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.text.corpus import CorpusOptions
from seq2seq.training.module import TranslationModule
from seq2seq.training.prepare import lock
from seq2seq.training.resuming import check_recipe
from seq2seq.training.train import train as train_recipe

Train = Callable[..., list[Evaluation]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few short sentences of the grammar corpus's splits."""
    return write_corpus(tmp_path_factory.mktemp("corpus"), train=120, validation=13, test=9)


@pytest.fixture
def recipe_file(tmp_path: Path, corpus: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    return path


@pytest.fixture
def train(recipe_file: Path) -> Train:
    """train(folder, "--key", value, …, resume=…): a training of the tiny recipe."""

    def train(folder: Path, *overrides: str, resume: bool = False, force: bool = False) -> list[Evaluation]:
        return train_recipe(Recipe.load(recipe_file, overrides), Run(folder), resume, force)

    return train


def last_weights(folder: Path) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    return weights


def read_metrics(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_equal_weights(one: Path, other: Path) -> None:
    pairs = zip(last_weights(one).items(), last_weights(other).items(), strict=True)
    for (name, weight), (same_name, same) in pairs:
        assert name == same_name
        torch.testing.assert_close(weight, same, rtol=0, atol=0)


def test_a_training_writes_all_files_of_a_run(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    greedy, beam = train(folder)
    assert (greedy.search_name, beam.search_name) == ("greedy", "beam 2")
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("recipe.yaml", "tokenizer.model", "model.safetensors", "checkpoints", "metrics.csv", "scores.json"),
        *("provenance.json", "tensorboard", "hypotheses", "learning_curves.png", "snapshots.jsonl", "training.html"),
    }
    rows = read_metrics(folder)
    assert [float(row["epoch"]) for row in rows] == [1, 2]
    assert float(rows[1]["training_loss"]) < float(rows[0]["training_loss"])
    assert (folder / "learning_curves.png").read_bytes().startswith(b"\x89PNG")
    run = Run(folder)
    assert [run.load_evaluation("test", name) for name in ("greedy", "beam 2")] == [greedy, beam]
    assert json.loads((folder / "scores.json").read_text(encoding="utf-8")).keys() == {"scores"}
    provenance = run.provenance()
    assert provenance.data["train"].pairs == 120
    assert provenance.several_sentences == 0.0
    assert len(provenance.commands) == 1
    assert provenance.finished
    assert len((folder / "hypotheses" / "test.greedy.txt").read_text(encoding="utf-8").splitlines()) == 9
    assert "nrefs:1" in greedy.scores.bleu.signature


@pytest.mark.parametrize("average", ["0", "0.9"])
def test_the_kept_weights_are_those_that_were_validated(train: Train, tmp_path: Path, average: str) -> None:
    train(tmp_path / "run", "--training.ema_decay", average, "--trainer.max_epochs", "1")
    validated = last_weights(tmp_path / "run")  # of the only epoch
    translator = Run(tmp_path / "run").load_translator()
    for name, weight in translator.model.state_dict().items():
        torch.testing.assert_close(weight, validated[f"model.{name}"], rtol=0, atol=0)


def test_the_same_seed_is_the_same_run_and_another_is_not(train: Train, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        train(tmp_path / name, "--seed", seed, "--trainer.max_epochs", "1", "--corpus.test", "")
    assert_equal_weights(tmp_path / "a", tmp_path / "b")
    with pytest.raises(AssertionError):
        assert_equal_weights(tmp_path / "a", tmp_path / "c")


@pytest.mark.parametrize("average", ["0", "0.9"])
def test_a_resumed_run_is_the_run_that_never_stopped(train: Train, tmp_path: Path, average: str) -> None:
    options = ("--training.ema_decay", average, "--corpus.test", "", "--training.schedule", "plateau")
    train(tmp_path / "whole", *options, "--trainer.max_epochs", "3")
    train(tmp_path / "halves", *options, "--trainer.max_epochs", "1")
    train(tmp_path / "halves", *options, "--trainer.max_epochs", "3", resume=True)
    assert Run(tmp_path / "whole").provenance().earlier == {}
    halves = Run(tmp_path / "halves").provenance()
    assert halves.earlier == {"trainer.max_epochs": [1]}
    assert len(halves.commands) == 2
    assert_equal_weights(tmp_path / "whole", tmp_path / "halves")
    assert len(read_metrics(tmp_path / "halves")) == 3


def test_a_resumed_run_keeps_the_epochs_that_it_has(train: Train, tmp_path: Path) -> None:
    train(tmp_path / "run", "--corpus.test", "", "--trainer.max_epochs", "2")
    before = (tmp_path / "run" / "recipe.yaml").read_bytes()
    with pytest.raises(UserError, match=r"trainer\.max_epochs is 1, but 2 are trained already"):
        train(tmp_path / "run", "--corpus.test", "", "--trainer.max_epochs", "1", resume=True)
    assert (tmp_path / "run" / "recipe.yaml").read_bytes() == before
    assert Run(tmp_path / "run").is_finished()


def test_a_run_finds_its_corpus_from_every_folder(
    train: Train, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus.parent)
    relative = ("--corpus.path", corpus.name)
    train(tmp_path / "run", *relative, "--trainer.max_epochs", "1", "--corpus.test", "")
    assert Run(tmp_path / "run").load_recipe().corpus.path == str(corpus)
    train(tmp_path / "run", *relative, "--trainer.max_epochs", "2", "--corpus.test", "", resume=True)
    monkeypatch.chdir(tmp_path)
    assert len(EvaluationSet.from_split(Run(tmp_path / "run").load_recipe().corpus, "test").sources) == 9


def test_a_run_goes_on_with_its_corpus_in_another_folder_but_not_with_another_corpus(
    train: Train, tmp_path: Path, corpus: Path
) -> None:
    once, twice = (("--corpus.test", "", "--trainer.max_epochs", epochs) for epochs in ("1", "2"))
    train(tmp_path / "run", *once)
    moved = tmp_path / "moved"
    shutil.copytree(corpus, moved)
    train(tmp_path / "run", *twice, "--corpus.path", str(moved), resume=True)
    run = Run(tmp_path / "run")
    assert run.load_recipe().corpus.path == str(moved)
    assert run.is_finished()
    lines = (moved / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (moved / "train.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(UserError, match="data changed since the run began"):
        train(tmp_path / "run", *twice[:-1], "3", "--corpus.path", str(moved), resume=True)
    with pytest.raises(UserError, match=r"corpus\.source was 'de', not 'en'"):
        train(tmp_path / "run", *twice, "--corpus.source=en", "--corpus.target=de", resume=True)


def test_a_stream_that_has_moved_cannot_be_compared(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    recipe = Recipe(CorpusOptions("x", streaming=True))
    run.save_recipe(recipe)
    run.save_provenance(Provenance(data={"train": SplitFingerprint(None, None)}))
    check_recipe(run, recipe)
    moved = replace(recipe, corpus=CorpusOptions("y", streaming=True))
    with pytest.raises(UserError, match=r"corpus\.path was 'x', not 'y'"):
        check_recipe(run, moved)


def test_a_run_that_is_being_trained_is_left_alone(train: Train, tmp_path: Path) -> None:
    with lock(Run(tmp_path / "run")):
        for resume, force in ((False, False), (False, True), (True, False)):
            with pytest.raises(UserError, match="is being trained by another process"):
                train(tmp_path / "run", resume=resume, force=force)
    assert not (tmp_path / "run").exists()
    train(tmp_path / "run", "--trainer.max_epochs", "1", "--corpus.test", "")


def test_ctrl_c_keeps_the_best_epoch(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = TranslationModule.training_step

    def interrupted(module: TranslationModule, *arguments: Any) -> torch.Tensor:
        if module.current_epoch == 1:
            raise KeyboardInterrupt
        return step(module, *arguments)

    monkeypatch.setattr(TranslationModule, "training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run")
    run = Run(tmp_path / "run")
    run.load_translator()
    assert not run.is_finished()
    monkeypatch.undo()
    train(tmp_path / "run", resume=True)
    assert run.is_finished()
    assert run.load_evaluation("test", "greedy")


def test_scores_are_kept_as_long_as_their_weights_are(train: Train, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    [greedy, _] = train(run.folder, "--trainer.max_epochs", "1")
    run.save_evaluation(replace(greedy, set_name="mine"))
    train(run.folder, "--trainer.max_epochs", "1", "--corpus.test=test", resume=True)  # nothing is left to do
    assert run.load_evaluation("mine", "greedy")
    moved = run.last_checkpoint.rename(tmp_path / "moved")
    before = run.scores_path.read_bytes()
    with pytest.raises(UserError, match="its checkpoint is gone"):
        train(run.folder, "--trainer.max_epochs", "2", resume=True)
    assert run.scores_path.read_bytes() == before
    moved.rename(run.last_checkpoint)
    model = run.load_translator().model
    with torch.no_grad():
        model.decoder.readout.weight.add_(1.0)
    run.save_weights(model)
    train(run.folder, "--trainer.max_epochs", "1", resume=True)
    assert run.load_evaluation("mine", "greedy") is None  # its weights are not there any more


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_its_checkpoint(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = TranslationModule.training_step

    def poisoned(module: TranslationModule, *arguments: Any) -> torch.Tensor:
        if module.current_epoch == 1:
            with torch.no_grad():
                module.model.decoder.readout.weight.fill_(torch.nan)
        return step(module, *arguments)

    monkeypatch.setattr(TranslationModule, "training_step", poisoned)
    with pytest.raises(UserError, match=r"the loss is nan.*learning_rate"):
        train(tmp_path / "run")
    translator = Run(tmp_path / "run").load_translator()
    assert all(weight.isfinite().all() for weight in translator.model.parameters())


def test_a_run_is_not_overwritten_by_mistake(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    once = ("--trainer.max_epochs", "1", "--corpus.test", "")
    with pytest.raises(UserError, match="no run to resume"):
        train(folder, *once, resume=True)
    train(folder, *once)
    before = last_weights(folder)
    train(folder, *once)  # nothing is left to train
    assert last_weights(folder).keys() == before.keys()
    assert len(Run(folder).provenance().commands) == 1
    for resume in (False, True):
        with pytest.raises(UserError, match=r"another recipe is there: seed was 1, not 2; .*--run.*--force"):
            train(folder, *once, "--seed", "2", resume=resume)
    train(folder, *once, "--seed", "2", force=True)
    assert Run(folder).load_recipe().seed == 2
    stranger = tmp_path / "thesis"
    stranger.mkdir()
    (stranger / "chapter.txt").touch()
    with pytest.raises(UserError, match="not a run's folder"):
        train(stranger, *once, force=True)
    assert (stranger / "chapter.txt").exists()


ONCE = ("--trainer.max_epochs", "1", "--corpus.test", "")
MISTAKES = [
    *("--corpus.path=/no/such/folder", "--corpus.train=trian", "--corpus.source=fr", "--tokenizer.vocab_size=90000"),
    *("--trainer.accelerator=tpu", "--trainer.devices=999", "--trainer.strategy=x", "--trainer.max_epochs=0"),
    *("--trainer.val_check_interval=5000", "--training.batch_tokens=0"),
    *("--trainer.limit_train_batches=0.001", "--trainer.limit_val_batches=0.001", "--trainer.max_time=soon"),
    *("--trainer.precision=16-true", "--model.decoder.context.size=0", "--trainer.deterministic=maybe"),
]


@pytest.mark.parametrize("override", MISTAKES)
def test_a_mistake_deletes_and_writes_nothing(train: Train, tmp_path: Path, override: str) -> None:
    folder = tmp_path / "run"
    Run(folder).save_recipe(Recipe(CorpusOptions("x")))  # a trained run, as far as --force knows
    (folder / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError) as caught:
        train(folder, override, force=True)
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(UserError):
        train(tmp_path / "new", override)
    assert not (tmp_path / "new").exists()


def test_force_deletes_the_run_and_keeps_other_files(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    train(folder, *ONCE)
    old = Run(folder).provenance()
    (folder / "notes.txt").write_text("mine")
    (folder / "hypotheses").mkdir()
    (folder / "hypotheses" / "old.greedy.txt").write_text("old")
    capsys.readouterr()
    train(folder, *ONCE, "--seed", "2", force=True)
    assert "kept what is not a run's: notes.txt" in capsys.readouterr().err
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / "hypotheses").exists()
    assert (old.seed, Run(folder).provenance().seed) == (1, 2)
    assert len(read_metrics(folder)) == 1


def test_a_run_may_lie_behind_a_link_but_its_files_may_not(train: Train, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    folder = tmp_path / "runs" / "run"
    train(folder, *ONCE)
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "run")
    train(tmp_path / "link", *ONCE, force=True)
    outside = tmp_path / "outside"
    for name in (
        *("checkpoints", "tensorboard", "metrics.csv", "learning_curves.png", "tensorboard/hparams.yaml"),
        *("snapshots.jsonl", "training.html"),
    ):
        (folder / name).rename(outside) if (folder / name).exists() else outside.write_text("mine")
        (folder / name).symlink_to(outside)
        content = sorted(outside.iterdir()) if outside.is_dir() else outside.read_bytes()
        for how in ({"resume": True}, {"force": True}):
            with pytest.raises(UserError, match=rf"{name}: is a link"):
                train(folder, *ONCE, **how)
        assert (sorted(outside.iterdir()) if outside.is_dir() else outside.read_bytes()) == content
        (folder / name).unlink()
        outside.rename(folder / name)


def change_checkpoint(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    checkpoint = torch.load(path, weights_only=True)
    change(checkpoint)
    torch.save(checkpoint, path)


def test_a_damaged_checkpoint_is_one_line_and_changes_nothing(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(folder, *ONCE)
    run = Run(folder)
    changes: list[Callable[[dict[str, Any]], object]] = [
        lambda checkpoint: checkpoint.pop("epoch"),
        lambda checkpoint: checkpoint.update(epoch=10**30),
        lambda checkpoint: checkpoint.update(global_step="x"),
        lambda checkpoint: checkpoint.update(loops=3),
        lambda checkpoint: checkpoint.update(optimizer_states=[3]),
        lambda checkpoint: checkpoint.update(callbacks=3),
        lambda checkpoint: checkpoint.update(plateau={"best_bleu": "x"}),
        lambda checkpoint: checkpoint["optimizer_states"][0]["state"][0].update(exp_avg=torch.zeros(7)),
        lambda checkpoint: checkpoint["optimizer_states"][0]["param_groups"][0].update(betas="x"),
        lambda checkpoint: checkpoint["lr_schedulers"][0].update(last_epoch="x"),
        lambda checkpoint: checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]["total"].update(completed="x"),
        lambda checkpoint: checkpoint["state_dict"].popitem(),
        lambda checkpoint: checkpoint["state_dict"]["model.decoder.readout.bias"].fill_(torch.nan),
        lambda checkpoint: checkpoint.update(since_validation={"tokens": "x"}),
        lambda checkpoint: checkpoint.update(random_states=[{"cpu": torch.zeros(3)}]),
        lambda checkpoint: checkpoint.update(TranslationDataModule=3),
    ]
    whole = run.last_checkpoint.read_bytes()
    for change in changes:
        run.last_checkpoint.write_bytes(whole)
        change_checkpoint(run.last_checkpoint, change)
        before = run.metrics_path.read_bytes(), run.weights_path.read_bytes()
        with pytest.raises(UserError, match=r"last\.ckpt: .*--force to start anew$") as caught:
            train(folder, "--trainer.max_epochs=2", "--corpus.test", "", resume=True)
        assert "\n" not in str(caught.value)
        assert (run.metrics_path.read_bytes(), run.weights_path.read_bytes()) == before
    run.last_checkpoint.write_bytes(whole)
    run.earlier_best_checkpoint.write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"best\.ckpt: damaged"):
        train(folder, "--trainer.max_epochs=2", "--corpus.test", "", resume=True)


def test_a_finished_run_needs_no_checkpoint(train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(tmp_path / "run")
    run = Run(tmp_path / "run")
    run.last_checkpoint.write_bytes(b"x")
    assert len(train(run.folder)) == 2
    assert "warning: " in capsys.readouterr().err
    run.last_checkpoint.unlink()
    assert len(train(run.folder)) == 2


def test_damaged_best_weights_are_noticed_before_the_run_goes_on(train: Train, tmp_path: Path) -> None:
    train(tmp_path / "run", *ONCE)
    run = Run(tmp_path / "run")
    change_checkpoint(run.last_checkpoint, lambda checkpoint: checkpoint["plateau"].update(update=1))
    run.weights_path.write_bytes(b"x")
    with pytest.raises(UserError, match=r"model\.safetensors: the best epoch's weights are gone or damaged"):
        train(run.folder, "--trainer.max_epochs=2", "--corpus.test", "")


def test_a_run_of_an_earlier_version_goes_on_with_its_best_weights(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(folder, *ONCE)
    run = Run(folder)
    weights = run.weights_path.read_bytes()
    checkpoint = torch.load(run.last_checkpoint, weights_only=True)
    torch.save(checkpoint, run.earlier_best_checkpoint)
    for name in ("since_validation", "random_states", "TranslationDataModule"):
        del checkpoint[name]
    checkpoint["plateau"]["update"] -= 1  # an epoch before the last one was the best
    torch.save(checkpoint, run.last_checkpoint)
    run.weights_path.unlink()  # it was killed: earlier versions wrote the weights at the end
    train(folder, *ONCE)
    assert run.weights_path.read_bytes() == weights
    assert not run.earlier_best_checkpoint.exists()


def test_code_in_a_checkpoint_is_not_executed_on_resuming(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(folder, *ONCE)
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    checkpoint["extra"] = Code(tmp_path / "executed")
    torch.save(checkpoint, folder / "checkpoints" / "last.ckpt")
    with pytest.raises(UserError, match=r"last\.ckpt: it is damaged, or holds more than numbers"):
        train(folder, "--trainer.max_epochs=2", "--corpus.test", "", resume=True)
    assert not (tmp_path / "executed").exists()


def test_lightning_itself_loads_no_code(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    train(folder, *ONCE)
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    torch.save({**checkpoint, "extra": Code(tmp_path / "executed")}, folder / "checkpoints" / "last.ckpt")
    for name in ("check_checkpoint", "repair"):
        monkeypatch.setattr(f"seq2seq.training.train.{name}", lambda *_: 0)
    with pytest.raises(UserError, match="training cannot go on from it"):
        train(folder, "--trainer.max_epochs=2", "--corpus.test", "", resume=True)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("name", ["metrics.csv", "snapshots.jsonl", "scores.json", "provenance.json"])
def test_a_run_with_a_damaged_file_does_not_go_on(train: Train, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    train(folder, *ONCE)
    (folder / name).write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=rf"{name}: damaged"):
        train(folder, "--trainer.max_epochs=2", "--corpus.test", "", resume=True)


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("--trainer.max_epoch=3", "did you mean trainer.max_epochs"),
        ("--trainer.callbacks=[]", "trainer.callbacks is decided by the run"),
        ("--trainer.precision=7", "precision"),
        ("--tokenizer.vocab_size=90000", "the largest possible is"),
        ("--corpus.validation=dev", "dev"),
        ("--corpus.source=fr", "no column 'fr'"),
        ("--corpus.test=tset", "tset"),
        ("--trainer.val_check_interval=5000", "val_check_interval"),
        ("--trainer.val_check_interval=3 --trainer.accumulate_grad_batches=2", "not a multiple of"),
    ],
)
def test_an_impossible_recipe_is_an_error_of_one_line(
    train: Train, tmp_path: Path, override: str, complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        train(tmp_path / "run", *override.split())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "overrides",
    [
        (
            "--corpus.streaming=true",
            "--trainer.max_steps=4",
            "--trainer.max_epochs=-1",
            "--trainer.val_check_interval=2",
        ),
        ("--training.scheduled_sampling=0.5",),
        ("--tokenizer.sampling=0.2", "--training.schedule=inverse-square-root", "--training.warmup_updates=3"),
        ("--tokenizer.joint=false", "--model.encoder.layers=2", "--model.decoder.layers=2"),
        ("--model.decoder.context=FixedContext", "--training.schedule=cosine", "--training.patience=1"),
        ("--trainer.precision=bf16-mixed", "--trainer.gradient_clip_val=1.0"),
        ("--model.decoder.context=NoContext", "--trainer.accumulate_grad_batches=2", "--trainer.gradient_clip_val=1.0"),
    ],
)
def test_every_kind_of_recipe_trains(train: Train, tmp_path: Path, overrides: tuple[str, ...]) -> None:
    assert len(train(tmp_path / "run", "--trainer.max_epochs=1", *overrides)[0].hypotheses) == 9


def test_two_processes_train_like_a_single_process(recipe_file: Path, tmp_path: Path) -> None:
    """The same global batches, shared by two gloo processes: the same losses, weights and validation BLEU."""
    common = ["--model.encoder.dropout=0", "--model.decoder.dropout=0", "--corpus.test="]
    common += ["--model.encoder.embedding_dropout=0", "--model.decoder.embedding_dropout=0"]
    for name, devices in (("one", 1), ("two", 2)):
        command = [
            sys.executable,
            "-m",
            "seq2seq",
            "train",
            str(recipe_file),
            "--run",
            str(tmp_path / name),
            *common,
        ]
        command += [f"--trainer.devices={devices}", f"--trainer.strategy={'ddp' if devices > 1 else 'auto'}"]
        finished = subprocess.run(
            command, capture_output=True, text=True, timeout=100, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        assert finished.returncode == 0, finished.stderr
    assert [len(Run(tmp_path / name).snapshots()) for name in ("one", "two")] == [2, 2]
    rows = [read_metrics(tmp_path / name) for name in ("one", "two")]
    assert len(rows[0]) == len(rows[1]) == 2
    for one, two in zip(*rows, strict=True):
        for key in ("update", "training_loss", "validation_loss", "validation_bleu"):
            assert float(two[key]) == pytest.approx(float(one[key]), rel=1e-4, abs=1e-3), key
    for (name, weight), shared in zip(
        last_weights(tmp_path / "one").items(), last_weights(tmp_path / "two").values(), strict=True
    ):
        torch.testing.assert_close(shared, weight, rtol=1e-3, atol=1e-4, msg=name)
