"""A run: one training and its folder. Everything that reads or writes the folder's files goes through `Run`.

runs/NAME/
    recipe.yaml          everything that decided the run, every key with its value
    tokenizer.model      SentencePiece's model (two files if it is not joint)
    model.safetensors    the weights of the best epoch: no pickle
    checkpoints/         Lightning's, for resuming
    metrics.csv          one row for each validation; learning_curves.png shows it, tensorboard/ has more
    provenance.json      what was done, with what: seed, data, versions, hardware, commands, time
    scores.json          scores with their signatures; hypotheses/ has the translations
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seq2seq.errors import UserError
from seq2seq.files import read_json, read_lines, write, write_json
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.weights import holds_weights, load_weights, save_weights
from seq2seq.provenance import Provenance, differences, flatten
from seq2seq.recipe import Recipe
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.translation.quantization import Weights, quantize
from seq2seq.translation.translator import Translator

if TYPE_CHECKING:
    from seq2seq.evaluation.evaluate import Evaluation


@dataclass(frozen=True)
class EpochMetrics:
    """The results of one validation: a row of metrics.csv.

    Args:
        epoch: epochs so far, a fraction if the validation was inside an epoch.
        update: updates so far.
        training_loss: the mean loss of each label since the last validation, in nats.
        validation_loss: the mean loss of each label of the validation split, in nats, without label smoothing.
        validation_bleu: BLEU of greedy translations of the validation split.
        learning_rate: of the next update.
        tokens_per_second: target tokens trained on in a second.
    """

    epoch: float
    update: float
    training_loss: float
    validation_loss: float
    validation_bleu: float
    learning_rate: float
    tokens_per_second: float


class Run:
    """A run's folder.

    Args:
        folder: the folder, which need not exist yet.
        writes: whether methods that write do so. In a training of several processes, only one writes.
    """

    def __init__(self, folder: Path, writes: bool = True) -> None:
        self.folder = folder
        self.writes = writes
        self.recipe_path = folder / "recipe.yaml"
        self.weights_path = folder / "model.safetensors"
        self.metrics_path = folder / "metrics.csv"
        self.provenance_path = folder / "provenance.json"
        self.scores_path = folder / "scores.json"
        self.checkpoints = folder / "checkpoints"
        self.best_checkpoint = self.checkpoints / "best.ckpt"
        self.last_checkpoint = self.checkpoints / "last.ckpt"

    def __str__(self) -> str:
        return str(self.folder)

    # The folder as a whole

    def exists(self) -> bool:
        """Return whether the folder is a run's."""
        return self.recipe_path.is_file()

    def check_exists(self) -> None:
        """Raise UserError if the folder is not a run's."""
        if not self.exists():
            name = self.recipe_path.name
            raise UserError(f"{self}: no run there (it has no {name}); train one with: seq2seq train RECIPE")

    def is_finished(self) -> bool:
        """Return whether the run has been trained to its end."""
        files = (self.recipe_path, self.weights_path, self.metrics_path)
        return all(path.is_file() for path in files) and self.provenance().finished

    # Recipe and tokenizer

    def load_recipe(self, overrides: Sequence[str] = ()) -> Recipe:
        """Return the run's recipe. Runs of earlier versions are read, too.

        Raises:
            UserError: there is no recipe, or it is invalid.
        """
        return Recipe.load(self.recipe_path, overrides, old_names=True)

    def save_recipe(self, recipe: Recipe) -> None:
        """Write recipe.yaml."""
        if self.writes:
            write(self.recipe_path, recipe.to_yaml())

    def changed_key(self, recipe: Recipe, ignore: Sequence[str]) -> str | None:
        """Return a message about the first key that has another value in the run's recipe, or None.

        Args:
            recipe: what to compare with.
            ignore: the sections that may differ.
        """
        before, after = (
            flatten({key: value for key, value in side.to_dict().items() if key not in ignore})
            for side in (self.load_recipe(), recipe)
        )
        changed = differences({"was": before, "is": after})
        return next((f"{key} was {sides['was']!r}, not {sides['is']!r}" for key, sides in changed.items()), None)

    def load_tokenizer(self) -> Tokenizer:
        """Return the run's tokenizer.

        Raises:
            UserError: a file is missing or damaged.
        """
        return Tokenizer.load(self.folder)

    def save_tokenizer(self, tokenizer: Tokenizer) -> None:
        """Write the tokenizer's model, or its two models."""
        if self.writes:
            tokenizer.save(self.folder)

    # Weights

    def load_translator(self, device: str = "cpu", weights: Weights = "float32") -> Translator:
        """Return the run's translator, which searches as its recipe says. This needs neither pickle nor Lightning.

        Args:
            device: where to compute: cpu, cuda, cuda:1, mps.
            weights: the precision of the weights.

        Raises:
            UserError: there is no such run, it has no weights yet, a file is damaged or belongs to another model, or
                this machine does not have the device or the precision.
        """
        self.check_exists()
        recipe = self.load_recipe()
        tokenizer = self.load_tokenizer()
        model = recipe.build_model(tokenizer.source_size, tokenizer.target_size)
        self.load_weights(model)
        try:
            model = model.to(device)
        except (RuntimeError, AssertionError) as error:
            message = str(error).splitlines()[0]
            raise UserError(f"--device {device}: not available here ({message}); try cpu") from error
        return Translator(quantize(model, weights), tokenizer, recipe.search)

    def save_weights(self, model: EncoderDecoder) -> None:
        """Write a model's weights to model.safetensors, tied weights once."""
        if self.writes:
            save_weights(model, self.weights_path)

    def has_weights(self, model: EncoderDecoder) -> bool:
        """Return whether model.safetensors holds exactly the weights of a model."""
        return holds_weights(self.weights_path, model)

    def load_weights(self, model: EncoderDecoder) -> None:
        """Read model.safetensors into a model.

        Raises:
            UserError: there is no such file yet, it is damaged, or it belongs to another model.
        """
        if not self.weights_path.is_file():
            raise UserError(
                f"{self.weights_path}: not there yet: the run has not finished an epoch; go on with: "
                f"seq2seq train --resume --run {self}"
            )
        load_weights(model, self.weights_path)

    # Metrics, provenance and scores

    def metrics(self) -> list[EpochMetrics]:
        """Return the rows of metrics.csv, one for each validation. Before the first validation, the list is empty.

        A run that was resumed inside an epoch may have measured one update twice. The last row counts.

        Raises:
            UserError: the file is damaged.
        """
        if not self.metrics_path.exists():
            return []
        try:
            with self.metrics_path.open(encoding="utf-8", newline="") as file:
                names = [field.name for field in fields(EpochMetrics)]
                reader = csv.DictReader(file)
                if missing := [name for name in names if name not in (reader.fieldnames or ())]:
                    raise ValueError(f"it has no column {missing[0]}")
                rows = [EpochMetrics(*(float(row[name]) for name in names)) for row in reader]
        except (OSError, TypeError, ValueError, csv.Error) as error:
            raise UserError(f"{self.metrics_path}: damaged: {error}; train the run anew") from error
        return list({row.update: row for row in rows}.values())

    def add_metrics(self, row: EpochMetrics) -> None:
        """Append a row to metrics.csv."""
        if self.writes:
            with self.metrics_path.open("a", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, [field.name for field in fields(EpochMetrics)])
                if file.tell() == 0:
                    writer.writeheader()
                writer.writerow(asdict(row))

    def provenance(self) -> Provenance:
        """Return how the run was made. Earlier versions recorded this in scores.json.

        Raises:
            UserError: the file is damaged.
        """
        path = self.provenance_path if self.provenance_path.exists() else self.scores_path
        try:
            return Provenance.from_dict(read_json(path))
        except (TypeError, ValueError, AttributeError) as error:
            raise UserError(f"{path}: damaged: {error}; train the run anew") from error

    def save_provenance(self, provenance: Provenance) -> None:
        """Write provenance.json."""
        if self.writes:
            write_json(self.provenance_path, provenance.to_dict())

    def load_evaluation(self, set_name: str, search_name: str) -> "Evaluation | None":
        """Return an evaluation that was saved, or None if it is not there or incomplete."""
        from seq2seq.evaluation.evaluate import Evaluation  # slow to import, and `translate` does not need it
        from seq2seq.evaluation.metrics import Score, Scores
        from seq2seq.search.options import SearchOptions

        saved = self._scores().get(set_name, {}).get(search_name)
        path = self._hypotheses_path(set_name, search_name)
        if saved is None or not path.is_file():
            return None
        try:
            return Evaluation(
                set_name=set_name,
                search_name=search_name,
                search=SearchOptions(**saved["search"]),
                scores=Scores(*(Score(**saved[name]) for name in Scores._fields)),
                fingerprint=saved["text"],
                sentences_per_second=saved["sentences_per_second"],
                hypotheses=list(read_lines(path)),
            )
        except (KeyError, TypeError):  # an earlier version wrote it
            return None

    def save_evaluation(self, evaluation: "Evaluation") -> None:
        """Write the translations to hypotheses/, and add the scores to scores.json."""
        if not self.writes:
            return
        path = self._hypotheses_path(evaluation.set_name, evaluation.search_name)
        write(path, "".join(f"{text}\n" for text in evaluation.hypotheses))
        result = {
            **{name: score._asdict() for name, score in evaluation.scores._asdict().items()},
            "search": asdict(evaluation.search),
            "text": evaluation.fingerprint,
            "sentences": len(evaluation.hypotheses),
            "sentences_per_second": evaluation.sentences_per_second,
            "hypotheses": path.relative_to(self.folder).as_posix(),
        }
        scores = self._scores()
        scores[evaluation.set_name] = scores.get(evaluation.set_name, {}) | {evaluation.search_name: result}
        write_json(self.scores_path, {"scores": scores})

    def clear_scores(self) -> None:
        """Remove the scores: they belong to weights that are about to be replaced."""
        if self.writes and self.scores_path.exists():
            write_json(self.scores_path, {"scores": {}})

    def _scores(self) -> dict[str, dict[str, Any]]:
        scores = read_json(self.scores_path).get("scores", {})
        if not isinstance(scores, dict) or not all(isinstance(searches, dict) for searches in scores.values()):
            raise UserError(f"{self.scores_path}: damaged; delete it and evaluate again")
        return scores

    def _hypotheses_path(self, set_name: str, search_name: str) -> Path:
        return self.folder / "hypotheses" / f"{set_name}.{search_name.replace(' ', '-')}.txt"
