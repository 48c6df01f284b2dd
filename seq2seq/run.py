"""A run: one training and its folder. Everything that reads or writes the folder's files goes through `Run`.

runs/NAME/
    recipe.yaml          everything that decided the run, every key with its value
    tokenizer.model      SentencePiece's model (two files if it is not joint)
    model.safetensors    the weights of the best epoch so far: no pickle
    checkpoints/         Lightning's, to go on from
    metrics.csv          one row for each validation; learning_curves.png shows it, tensorboard/ has more
    snapshots.jsonl      gates, gradients and translations at each validation; training.html shows all of it
    provenance.json      what was done, with what: seed, data, versions, hardware, commands, time
    scores.json          scores with their signatures; hypotheses/ has the translations
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.files import check_file_name, check_no_links, read_json, read_lines, write, write_json
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.weights import holds_weights, load_weights, save_state, save_weights
from seq2seq.provenance import Provenance, differences, flatten
from seq2seq.recipe import Recipe
from seq2seq.run_files import (
    CHECKPOINTS,
    HYPOTHESES,
    METRICS,
    PROVENANCE,
    RECIPE,
    SCORES,
    SNAPSHOTS,
    TRAINING_PAGE,
    WEIGHTS,
    check_run_links,
)
from seq2seq.run_metrics import EpochMetrics, append_metrics, read_metrics, write_metrics
from seq2seq.run_snapshots import Snapshot, append_snapshot, read_snapshots, write_snapshots
from seq2seq.text.sentence_splitter import RARELY
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.translation.quantization import Weights, quantize
from seq2seq.translation.translator import Translator

if TYPE_CHECKING:
    from seq2seq.evaluation.evaluate import Evaluation


class Run:
    """A run's folder.

    Args:
        folder: the folder, which need not exist yet.
        writes: whether methods that write do so. In a training of several processes, only one writes.
    """

    def __init__(self, folder: Path, writes: bool = True) -> None:
        self.folder = folder
        self.writes = writes
        self.recipe_path = folder / RECIPE
        self.weights_path = folder / WEIGHTS
        self.metrics_path = folder / METRICS
        self.snapshots_path = folder / SNAPSHOTS
        self.training_page_path = folder / TRAINING_PAGE
        self.provenance_path = folder / PROVENANCE
        self.scores_path = folder / SCORES
        self.checkpoints = folder / CHECKPOINTS
        self.last_checkpoint = self.checkpoints / "last.ckpt"
        self.earlier_best_checkpoint = self.checkpoints / "best.ckpt"  # of earlier versions

    def __str__(self) -> str:
        return str(self.folder)

    # The folder as a whole

    def exists(self) -> bool:
        """Return whether the folder is a run's."""
        return self.recipe_path.is_file()

    def check_exists(self) -> None:
        """Raise UserError if the folder is not a run's, or a file in it is a link."""
        if self.folder.is_dir():
            self.check_links()
        if not self.exists():
            name = self.recipe_path.name
            raise UserError(f"{self}: no run there (it has no {name}); train one with: seq2seq train RECIPE")

    def check_links(self) -> None:
        """Check that no file of the run is a link. The run's folder itself may be one.

        Raises:
            UserError: a file or a folder is; the message names it.
        """
        check_run_links(self.folder)

    def is_finished(self) -> bool:
        """Return whether the run has been trained to its end. Without a record of its training, it has not."""
        files = (self.recipe_path, self.weights_path, self.metrics_path)
        provenance = self.provenance()
        return all(path.is_file() for path in files) and provenance.finished and provenance != Provenance()

    # Recipe and tokenizer

    def load_recipe(self, overrides: Sequence[str] = ()) -> Recipe:
        """Return the run's recipe. Runs of earlier versions are read, too.

        Raises:
            UserError: there is no recipe, or it is invalid.
        """
        self.check_links()
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
            flatten({key: value for key, value in each.to_dict().items() if key not in ignore})
            for each in (replace(each, corpus=each.corpus.absolute()) for each in (self.load_recipe(), recipe))
        )
        changed = differences({"was": before, "is": after})
        return next((f"{key} was {sides['was']!r}, not {sides['is']!r}" for key, sides in changed.items()), None)

    def load_tokenizer(self) -> Tokenizer:
        """Return the run's tokenizer.

        Raises:
            UserError: a file is missing or damaged.
        """
        self.check_links()
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
        share = self.provenance().several_sentences
        cut_at_sentence_ends = share is None or share < RARELY  # earlier versions did not record it
        return Translator(quantize(model, weights), tokenizer, recipe.search, cut_at_sentence_ends)

    def save_weights(self, model: EncoderDecoder) -> None:
        """Write a model's weights to model.safetensors, tied weights once."""
        if self.writes:
            save_weights(model, self.weights_path)

    def replace_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Write other weights to model.safetensors. The scores of the weights before are removed.

        Args:
            weights: the state of a model. If they are there already, nothing is changed.
        """
        if self.writes and not holds_weights(self.weights_path, weights):
            self.clear_scores()
            save_state(weights, self.weights_path)

    def load_weights(self, model: EncoderDecoder) -> None:
        """Read model.safetensors into a model.

        Raises:
            UserError: there is no such file yet, it is damaged, or it belongs to another model.
        """
        self.check_links()
        if not self.weights_path.is_file():
            raise UserError(
                f"{self.weights_path}: not there yet: the run has not finished an epoch; go on with: "
                f"seq2seq train --run {self}"
            )
        load_weights(model, self.weights_path)

    # Metrics, provenance and scores

    def metrics(self) -> list[EpochMetrics]:
        """Return the rows of metrics.csv, one for each validation. Before the first validation, the list is empty.

        Raises:
            UserError: the file is damaged.
        """
        self.check_links()
        return read_metrics(self.metrics_path)

    def add_metrics(self, row: EpochMetrics) -> None:
        """Append a row to metrics.csv.

        Raises:
            UserError: the file cannot be written, or is a link.
        """
        if self.writes:
            check_no_links(self.folder, self.metrics_path)
            append_metrics(self.metrics_path, row)

    def snapshots(self) -> list[Snapshot]:
        """Return the lines of snapshots.jsonl, one for each validation. Runs of earlier versions have none.

        Raises:
            UserError: the file is damaged.
        """
        self.check_links()
        return read_snapshots(self.snapshots_path)

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Add a line to snapshots.jsonl.

        Raises:
            UserError: the file cannot be read or written, or is a link.
        """
        if self.writes:
            check_no_links(self.folder, self.snapshots_path)
            append_snapshot(self.snapshots_path, snapshot)

    def save_training_page(self, page: str) -> None:
        """Write training.html."""
        if self.writes:
            write(self.training_page_path, page)

    def drop_validations_after(self, update: int) -> None:
        """Remove what was measured after later updates from metrics.csv and snapshots.jsonl: it is measured again."""
        rows, snapshots = self.metrics(), self.snapshots()
        if self.writes and any(row.update > update for row in rows):
            write_metrics(self.metrics_path, [row for row in rows if row.update <= update])
        if self.writes and any(snapshot.update > update for snapshot in snapshots):
            write_snapshots(self.snapshots_path, [each for each in snapshots if each.update <= update])

    def provenance(self) -> Provenance:
        """Return how the run was made. Earlier versions recorded this in scores.json.

        Raises:
            UserError: the file is damaged.
        """
        self.check_links()
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
        """Return an evaluation that was saved, or None if it is not there, incomplete or damaged.

        The translations are read from the run's own file, whatever scores.json says of it.

        Raises:
            UserError: scores.json is damaged as a whole, or a file is a link or cannot be read.
        """
        from seq2seq.evaluation.saved import from_saved  # slow to import, and `translate` does not need it

        saved = self._scores().get(set_name, {}).get(search_name)
        path = self._hypotheses_path(set_name, search_name)
        if saved is None or not path.is_file():
            return None
        return from_saved(saved, set_name, search_name, list(read_lines(path)))

    def save_evaluation(self, evaluation: "Evaluation") -> None:
        """Write the translations to hypotheses/, and add the scores to scores.json."""
        from seq2seq.evaluation.saved import to_saved  # slow to import, and `translate` does not need it

        if not self.writes:
            return
        path = self._hypotheses_path(evaluation.set_name, evaluation.search_name)
        write(path, "".join(f"{text}\n" for text in evaluation.hypotheses))
        saved = to_saved(evaluation, path.relative_to(self.folder).as_posix())
        self._keep_provenance()
        scores = self._scores()
        scores[evaluation.set_name] = scores.get(evaluation.set_name, {}) | {evaluation.search_name: saved}
        write_json(self.scores_path, {"scores": scores})

    def check_scores(self) -> None:
        """Check that scores can be added to the run, before hours of translating.

        Raises:
            UserError: scores.json is damaged, or a file is a link.
        """
        self._scores()

    def clear_scores(self) -> None:
        """Remove the scores: they belong to weights that are about to be replaced."""
        if self.writes and self.scores_path.exists():
            self._keep_provenance()
            write_json(self.scores_path, {"scores": {}})

    def _keep_provenance(self) -> None:
        """Write provenance.json before scores.json is replaced: earlier versions kept both in scores.json."""
        if self.scores_path.exists() and not self.provenance_path.exists():
            self.save_provenance(self.provenance())

    def _scores(self) -> dict[str, dict[str, Any]]:
        self.check_links()
        scores = read_json(self.scores_path).get("scores", {})
        if not isinstance(scores, dict) or not all(isinstance(searches, dict) for searches in scores.values()):
            raise UserError(f"{self.scores_path}: damaged; delete it and evaluate again")
        return scores

    def _hypotheses_path(self, set_name: str, search_name: str) -> Path:
        check_file_name(set_name, "set of sentences")
        path = self.folder / HYPOTHESES / f"{set_name}.{search_name.replace(' ', '-')}.txt"
        check_no_links(self.folder, path)
        return path
