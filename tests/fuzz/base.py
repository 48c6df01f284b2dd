"""The sound corpus, recipe and runs that every case damages a copy of."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzz.sandbox import SECRET, Command, Finding, Sandbox

SENTENCES = {"train": 60, "validation": 4, "test": 6}
RECIPE = """\
corpus: {path: CORPUS}
tokenizer: {vocab_size: 330}
model:
  embedding: 8
  encoder: {hidden: 4}
  decoder: {hidden: 8, context: {class_path: AdditiveAttention, init_args: {size: 4}}}
training: {batch_tokens: 200, shown_translations: 1}
trainer: {max_epochs: 1, accelerator: cpu, enable_progress_bar: false}
search: {beam_size: 2, max_length: 20}
"""
RECIPE_NAME, CORPUS, RUNS = "tiny.yaml", "corpus", "runs"
DAMAGED, SOUND = f"{RUNS}/attention-1", f"{RUNS}/bottleneck-1"  # the folders of `compare tiny.yaml --run runs`

Damage = Callable[[Path, Random], str]  # damages a case's folder, and says what it did


@dataclass(frozen=True)
class Case:
    """One damaged thing, with every command on it.

    Args:
        kind: "recipe", "corpus" or "run".
        number: of the case among its kind.
        damage: what is done to a copy of the base.
        commands: each runs in a copy of its own.
    """

    kind: str
    number: int
    damage: Damage
    commands: list[Command]

    def findings(self, sandbox: Sandbox, base: Path, seed: int) -> list[Finding]:
        """Run every command of the case, and return everything that must not happen."""
        found = []
        for command in self.commands:
            folder = sandbox.folder / "case"
            shutil.copytree(base, folder, symlinks=True)
            (folder / "outside").mkdir()
            (folder / "outside" / "secret.txt").write_text(f"{SECRET}\n" * 6, encoding="utf-8")
            done = self.damage(folder, Random(f"{self.kind} {seed} {self.number}"))
            before = {path.name: path.read_bytes() for path in (folder / "outside").iterdir()}
            for finding in sandbox.findings(command, folder):
                found.append(finding._replace(text=f"{done}\n{finding.text}"))
            after = {path.name: path.read_bytes() for path in (folder / "outside").iterdir()}
            if before != after:
                found.append(Finding("write outside", "outside/", " ".join(command.words), done))
            shutil.rmtree(folder)
        return found

    def __str__(self) -> str:
        return f"{self.kind}-{self.number}"


def make_base(sandbox: Sandbox) -> Path:
    """Write the corpus and the recipe, and train the two variants of a comparison."""
    folder = sandbox.folder / "base"
    write_corpus(folder / CORPUS)
    (folder / RECIPE_NAME).write_text(RECIPE.replace("CORPUS", CORPUS), encoding="utf-8")
    for run, context in ((DAMAGED, "AdditiveAttention"), (SOUND, "FixedContext")):
        command = Command(["train", RECIPE_NAME, "--run", run, "--model.decoder.context", context, "--seed", "1"], run)
        answer, _, stderr = sandbox.execute(command, folder)
        assert answer["status"] == 0, stderr.decode()
    (folder / "in.de").write_text("der Hund schläft\neine Katze\n", encoding="utf-8")
    (folder / "in.en").write_text("the dog sleeps\na cat\n", encoding="utf-8")
    return folder


def write_corpus(folder: Path) -> None:
    """Write parallel text: sentences of made-up words."""
    folder.mkdir(parents=True)
    draw = Random(1)
    words = {
        "".join(draw.choices("aeinrstü", k=draw.randint(3, 7))): "".join(draw.choices("aeinrst", k=4))
        for _ in range(80)
    }
    for split, count in SENTENCES.items():
        sentences = [draw.choices(list(words), k=draw.randint(2, 6)) for _ in range(count)]
        for side, translate in (("de", str), ("en", words.get)):
            lines = (" ".join(str(translate(word)) for word in sentence) for sentence in sentences)
            (folder / f"{split}.{side}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def run_commands(run: str, recipe: str = RECIPE_NAME, *options: str) -> list[Command]:
    """Return every command that reads a run's folder.

    Args:
        run: the run.
        recipe: a recipe to plan a comparison of, whose runs lie beside the run.
        options: keys for the commands that take some.
    """
    parent = run.rpartition("/")[0]
    sentences = b"der Hund\n\neine Katze \x1b[31m\n"
    return [
        Command(["translate", run, "--alignments"], run, sentences),
        Command(["translate", run], run, sentences, terminal=True),
        Command(["evaluate", run, *options], run),
        Command(["evaluate", run, "--files", "in.de", "in.en"], run),
        Command(["compare", SOUND, run, "--run", f"{parent}/report", *options], parent),
        Command(["compare", recipe, "--plan", "--run", parent, *options], parent),
        Command(["train", recipe, "--run", run, *options], run),
        Command(["train", "--resume", "--run", run, "--trainer.max_epochs=2", *(f"{x}" for x in options)], run),
    ]
