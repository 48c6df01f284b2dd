"""The LightningModule: the loss of a batch, the scores of a validation, the optimizer."""

import math
from typing import Any

import datasets
import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR

from seq2seq.errors import UserError
from seq2seq.evaluation.metrics import bleu, chrf
from seq2seq.evaluation.options import EvaluationOptions
from seq2seq.insight.layer_gradients import gradient_norms
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.loss import total_loss
from seq2seq.recipe import TrainingOptions
from seq2seq.search.options import SearchOptions
from seq2seq.seeding import mix_seeds
from seq2seq.text.batch import Batch
from seq2seq.text.data_loaders import NumberedBatch
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.training.best_validation import BestValidation, ValidationScores
from seq2seq.training.processes import gather
from seq2seq.training.random_state import RandomState, random_state, set_random_state
from seq2seq.training.schedule import learning_rate_factor
from seq2seq.training.scheduled_sampling import with_own_predictions
from seq2seq.translation.decoding import search_model

GREEDY = SearchOptions(beam_size=1)
DEFAULT_EVALUATION = EvaluationOptions()
IMPROVEMENTS = "improvements"  # what callbacks monitor, see `BestValidation`
NO_END = (
    "training.schedule cosine needs an end: set trainer.max_steps (trainer.max_epochs is enough unless the corpus is a "
    "stream)"
)


def settle_progress(loop: dict[str, Any]) -> None:
    """Set Lightning's counts in a checkpoint between two batches, or between two epochs, wherever it was saved.

    Without this, Lightning takes an epoch for two if a training with `max_steps` goes on after it.
    """
    epochs, batches = loop["epoch_progress"], loop["epoch_loop.batch_progress"]
    is_between_epochs = epochs["current"]["processed"] == epochs["current"]["ready"]
    for counts in ("total", "current"):
        # A batch that had begun, but not ended, counts as not begun; an epoch without a batch left as ended.
        batches[counts] |= dict.fromkeys(("ready", "started", "processed"), batches[counts]["completed"])
        if is_between_epochs:
            epochs[counts]["completed"] = epochs[counts]["processed"]
    if is_between_epochs:
        batches["current"] = dict.fromkeys(batches["current"], 0)
        batches["is_last_batch"] = False


class DivergedError(Exception):
    """The loss is infinite or not a number."""


class TranslationModule(lightning.LightningModule):
    """A model that learns by teacher forcing, and that is validated by the BLEU of its own greedy translations.

    Args:
        model: the model.
        tokenizer: turns the model's translations into text.
        options: how the model is trained.
        validation: the rows of the validation split, with their texts.
        seed: of dropout and of scheduled sampling.
        language: the code of the target language, for the tokenizer of BLEU.
        evaluation: the tokenizer of BLEU, and the score that chooses the best epoch.

    Attributes:
        best: the best validation so far.
        translations: the text of each row's translation at the last validation, by row, from all processes.
        tokens: the number of labels trained on since the last validation, in all processes.
        nats: the sum of their losses.
        gradient_norms: the norm of each layer's gradients in the last update before the last validation, after
            clipping, by the layer's name.
    """

    def __init__(
        self,
        model: EncoderDecoder,
        tokenizer: Tokenizer,
        options: TrainingOptions,
        validation: datasets.Dataset,
        seed: int,
        language: str = "",
        evaluation: EvaluationOptions = DEFAULT_EVALUATION,
    ) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        self.validation = validation
        self.seed = seed
        self.metric_tokenizer = evaluation.tokenizer_for(language)
        self.best = BestValidation(evaluation.best)
        self.translations: dict[int, str] = {}
        self.tokens = 0
        self.nats = 0.0
        self.gradient_norms: dict[str, float] = {}
        self._translated_ids: dict[int, tuple[int, ...]] = {}  # of this process, during a validation
        self._halvings = 0  # how often `plateau` has halved the learning rate
        self._random_states: list[RandomState] = []  # of a checkpoint, one for each process

    def on_train_start(self) -> None:
        """Go on with the checkpoint's random numbers, for a run that stopped inside an epoch."""
        if len(self._random_states) == self.trainer.world_size:
            set_random_state(self._random_states[self.global_rank], self.device)

    def on_train_epoch_start(self) -> None:
        """Seed dropout from the seed and the epoch, so that a resumed run equals one that never stopped."""
        torch.manual_seed(mix_seeds(self.seed, self.current_epoch, self.global_rank))

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Return the mean loss of the labels of a batch, over all processes."""
        if self.options.scheduled_sampling:
            batch = with_own_predictions(self.model, batch, self.options.scheduled_sampling)
        total = total_loss(self.model, batch, self.options.label_smoothing)
        sums = torch.stack([total.detach(), batch.target_mask.sum().float()])
        nats, labels = self.trainer.strategy.reduce(sums, reduce_op="sum").tolist()  # over all processes
        # All processes see the same sum, so that they stop together instead of waiting for each other.
        if not math.isfinite(nats):
            raise DivergedError(f"the loss is {nats} at update {self.trainer.global_step}")
        self.tokens += int(labels)
        self.nats += nats
        self.log("training_loss", nats / labels, prog_bar=True)
        # DistributedDataParallel averages the gradients of the processes. Multiplied by their number, it sums them.
        loss: Tensor = total * self.trainer.world_size / labels
        return loss

    def on_validation_model_zero_grad(self) -> None:
        """Measure the gradients before Lightning releases them for a validation. Other updates cost nothing."""
        self.gradient_norms = gradient_norms(self.model)
        super().on_validation_model_zero_grad()

    def validation_step(self, numbered: NumberedBatch, index: int) -> None:
        """Log the loss without label smoothing, and translate the batch."""
        rows, batch = numbered
        labels = int(batch.target_mask.sum())
        self.log("validation_loss", total_loss(self.model, batch) / labels, batch_size=labels, sync_dist=True)
        hypotheses = search_model(self.model, batch.source, batch.source_mask, GREEDY)
        for row, (best,) in zip(rows.tolist(), hypotheses, strict=True):
            self._translated_ids[row] = best.tokens

    def on_validation_epoch_end(self) -> None:
        """Log the scores of the sentences of all processes, and whether they are the best so far."""
        parts = gather(self._translated_ids, self.trainer.world_size)
        self._translated_ids = {}
        ids = dict(sorted(pair for part in parts for pair in part.items()))
        self.translations = dict(zip(ids, self.tokenizer.decode_target(list(ids.values())), strict=True))
        hypotheses = list(self.translations.values())
        references = [self.validation[row]["target"] for row in self.translations]
        scores = ValidationScores(
            loss=float(self.trainer.callback_metrics["validation_loss"]),  # over all processes
            bleu=bleu(hypotheses, references, tokenizer=self.metric_tokenizer).value,
            chrf=chrf(hypotheses, references).value if self.best.by == "chrf" else None,
        )
        self.log("validation_bleu", scores.bleu, sync_dist=True)
        if scores.chrf is not None:
            self.log("validation_chrf", scores.chrf, sync_dist=True)
        if not self.trainer.sanity_checking:
            self.best.add(scores, self.trainer.global_step)
        self.log(IMPROVEMENTS, float(self.best.improvements), logger=False, sync_dist=True)
        if self.best.update != self.trainer.global_step and self.options.schedule == "plateau":
            self._halvings += 1

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam and the learning rate's schedule.

        Raises:
            UserError: the cosine schedule needs the number of updates, which is not known.
        """
        options = self.options
        # Lightning cannot clip the gradients of a fused optimizer in mixed precision.
        fused = "mixed" not in str(self.trainer.precision) or None
        optimizer = Adam(self.parameters(), lr=options.learning_rate, betas=(0.9, options.beta2), fused=fused)
        updates = self.trainer.estimated_stepping_batches if options.schedule == "cosine" else 0
        if updates < 0 or math.isinf(updates):  # the length of a stream is not known
            raise UserError(NO_END)
        factor = learning_rate_factor(options, int(updates))
        scheduler = LambdaLR(optimizer, lambda update: factor(update) * 0.5**self._halvings)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what decides how a run goes on: the best scores, the halvings of `plateau`, sums, random numbers."""
        checkpoint["plateau"] = {**self.best.state(), "halvings": self._halvings}
        checkpoint["since_validation"] = {"tokens": self.tokens, "nats": self.nats}
        checkpoint["random_states"] = gather(random_state(self.device), self.trainer.world_size)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what `on_save_checkpoint` kept."""
        settle_progress(checkpoint["loops"]["fit_loop"])
        self.best.restore(checkpoint["plateau"])
        self._halvings = checkpoint["plateau"]["halvings"]
        since_validation = checkpoint.get("since_validation", {})  # earlier versions did not keep the rest
        self.tokens, self.nats = since_validation.get("tokens", 0), since_validation.get("nats", 0.0)
        self._random_states = checkpoint.get("random_states", [])

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clip the gradients (Pascanu et al. 2013), and log their norm before the clipping."""
        norm = torch.nn.utils.get_total_norm(p.grad for p in self.parameters() if p.grad is not None)
        self.log("gradient_norm", norm)
        self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
