"""The runs that a page shows: their models, and what the page says of them."""

from contextlib import suppress
from dataclasses import dataclass

from seq2seq.errors import UserError
from seq2seq.evaluation.options import MetricTokenizer
from seq2seq.explorer.limits import BEAM_SIZE
from seq2seq.model.encoder_decoder import count_parameters
from seq2seq.model.recurrent_layer import cell_class
from seq2seq.run import Run
from seq2seq.training.best_validation import BestValidation, ValidationScores
from seq2seq.translation.translator import Translator


@dataclass(frozen=True)
class Cells:
    """The class names of a model's cells."""

    encoder: str
    decoder: str


@dataclass(frozen=True)
class Search:
    """How a run searches unless a request says otherwise. See `SearchOptions`."""

    beam_size: int
    length_penalty: float
    coverage_penalty: float


@dataclass(frozen=True)
class RunSummary:
    """What the page says of a run.

    Args:
        name: unique among the runs.
        path: its folder, as it was given.
        attends: whether its model has attention.
        source, target: the languages, as the recipe calls them.
        epoch: of the weights: the epochs until the best validation so far. None: the run has no record of it.
        finished: whether the training has reached its end.
        cell: its cells.
        parameters: the number of weights.
        units: of its largest layer.
        search: how it searches.
    """

    name: str
    path: str
    attends: bool
    source: str
    target: str
    epoch: float | None
    finished: bool
    cell: Cells
    parameters: int
    units: int
    search: Search


class ShownRun:
    """A run whose weights are loaded, and loaded again when its training has saved better ones.

    Args:
        name: unique among the runs; see run_names.py.
        run: the run's folder.
        device: where to compute.

    Raises:
        UserError: see `Run.load_translator`.
    """

    def __init__(self, name: str, run: Run, device: str) -> None:
        self.name = name
        self.run = run
        self.device = device
        self.recipe = run.load_recipe()
        self._version = self.version()
        self._translator = run.load_translator(device)

    def version(self) -> tuple[int, int, int]:
        """Return what differs between two files of weights: every file of a training is a new one."""
        try:
            status = self.run.weights_path.stat()
        except OSError:  # the folder is gone; the weights that are loaded stay
            return (0, 0, 0)
        return status.st_mtime_ns, status.st_size, status.st_ino

    def translator(self) -> Translator:
        """Return the translator with the last weights that the run has saved."""
        version = self.version()
        if version not in (self._version, (0, 0, 0)):
            self._translator, self._version = self.run.load_translator(self.device), version
        return self._translator

    @property
    def metric_tokenizer(self) -> MetricTokenizer:
        """What cuts the target language into the words that BLEU compares."""
        return self.recipe.evaluation.tokenizer_for(self.recipe.corpus.target)

    @property
    def units(self) -> int:
        """Return the units of the largest layer."""
        model = self.recipe.model
        return max(model.encoder.hidden, model.decoder.hidden)

    def summary(self) -> RunSummary:
        """Return what the page says of the run."""
        translator, model = self.translator(), self.recipe.model
        options = translator.options
        return RunSummary(
            name=self.name,
            path=str(self.run),
            attends=translator.attends,
            source=self.recipe.corpus.source,
            target=self.recipe.corpus.target,
            epoch=self.epoch(),
            finished=self.run.is_finished(),
            cell=Cells(cell_class(model.encoder.cell).__name__, cell_class(model.decoder.cell).__name__),
            parameters=count_parameters(translator.model),
            units=self.units,
            search=Search(min(options.beam_size, BEAM_SIZE), options.length_penalty, options.coverage_penalty),
        )

    def epoch(self) -> float | None:
        """Return the epochs until the best validation so far, whose weights are saved."""
        best, epoch = BestValidation(self.recipe.evaluation.best), None
        with suppress(UserError, TypeError):  # the metrics are damaged, or lack the score that chooses
            for row in self.run.metrics():
                before = best.improvements
                scores = ValidationScores(row.validation_loss, row.validation_bleu, row.validation_chrf)
                best.add(scores, int(row.update))
                if best.improvements > before:
                    epoch = row.epoch
        return epoch
