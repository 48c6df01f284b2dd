"""A recipe: the YAML file that describes a run, read into typed options and written back."""

import inspect
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, Literal

import yaml

from seq2seq.class_names import class_fields, is_ours, short_name
from seq2seq.errors import OptionError, UserError, at_most, check_options
from seq2seq.evaluation.options import EvaluationOptions, MetricTokenizer
from seq2seq.files import check_file_name
from seq2seq.model.contract import check_contract
from seq2seq.model.encoder_decoder import EncoderDecoder, ModelOptions, check_model_fits
from seq2seq.options import class_of, class_option_path, load_options, option_path, to_plain
from seq2seq.plain_sections import PLAIN
from seq2seq.search.options import SearchOptions
from seq2seq.seeding import check_seed
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.tokenizer import TokenizerOptions

MOST_WORKERS = 256  # processes that prepare batches


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training. Those of Lightning's Trainer (epochs, clipping, precision, devices) are under `trainer`.

    Args:
        batch_tokens: the largest value of rows × longest side in a batch, over all devices together. More devices make
            an update faster, but do not change it.
        learning_rate: the highest learning rate of Adam (Kingma & Ba 2015).
        schedule: how the learning rate changes after the warm-up. `constant`; `inverse-square-root`; `cosine`: it falls
            to zero at the last update; `plateau`: it is halved whenever a validation is not the best so far (see
            `evaluation.best`).
        warmup_updates: updates in which the learning rate rises from zero.
        beta2: decay of Adam's running mean of the squared gradients.
        label_smoothing: probability taken from the label and spread over the vocabulary (Szegedy et al. 2016).
        scheduled_sampling: fraction of the decoder's input tokens that the model predicts itself (Bengio et al. 2015).
        ema_decay: decay of the exponential moving average of the weights, which is validated and saved. 0: off.
        patience: validations without a better score (see `evaluation.best`) after which training stops. 0: it never
            stops early.
        pool: pairs that are sorted by length together; also the shuffle buffer of a streaming corpus.
        workers: processes that prepare batches; 0 prepares them in the training process.
        shown_translations: validation sentences whose translations are shown after every epoch.

    Raises:
        UserError: a value is out of its range.
    """

    batch_tokens: int = 2500
    learning_rate: float = 1e-3
    schedule: Literal["constant", "inverse-square-root", "cosine", "plateau"] = "cosine"
    warmup_updates: int = 0
    beta2: float = 0.999
    label_smoothing: float = 0.1
    scheduled_sampling: float = 0.0
    ema_decay: float = 0.0
    patience: int = 0
    pool: int = 50_000
    workers: int = 0
    shown_translations: int = 3

    def __post_init__(self) -> None:
        rules = (
            ("batch_tokens", self.batch_tokens >= 1, "must be at least 1"),
            ("learning_rate", 0 < self.learning_rate <= 1000, "must be more than 0 and at most 1,000"),
            ("warmup_updates", self.warmup_updates >= 0, "must be 0 or more"),
            ("beta2", 0 <= self.beta2 < 1, "must be from 0 to less than 1"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "must be from 0 to less than 1"),
            ("scheduled_sampling", 0 <= self.scheduled_sampling <= 1, "must be from 0 to 1"),
            ("ema_decay", 0 <= self.ema_decay < 1, "must be from 0 (off) to less than 1"),
            ("patience", self.patience >= 0, "must be 0 (never) or more"),
            ("pool", self.pool >= 1, "must be at least 1"),
            ("workers", self.workers >= 0, "must be 0 or more"),
            ("shown_translations", self.shown_translations >= 0, "must be 0 or more"),
        )
        check_options(self, rules)
        check_options(self, at_most(self, 10_000_000, "batch_tokens", "pool"))
        check_options(self, at_most(self, 10**9, "warmup_updates", "patience", "shown_translations"))
        check_options(self, at_most(self, MOST_WORKERS, "workers"))


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run.

    Args:
        corpus: where the sentence pairs come from.
        tokenizer: how text is cut into subwords.
        model: the sizes of the model and the choice of attention.
        training: how the model is trained.
        search: how translations are searched for.
        evaluation: how translations are scored, and which score chooses the best epoch.
        trainer: options of lightning.Trainer, passed on unchanged: max_epochs, gradient_clip_val, devices, precision, …
        seed: the seed of everything that is random.
        comparison: the variants that `compare` trains, by name, each with the keys that it sets:
            {shallow: {model.encoder.layers: 1}, deep: {model.encoder.layers: 2}}.

    Raises:
        UserError: the seed is out of its range, or a variant is invalid (see `check_variants`).
    """

    corpus: CorpusOptions
    tokenizer: TokenizerOptions = field(default_factory=TokenizerOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    search: SearchOptions = field(default_factory=SearchOptions)
    evaluation: EvaluationOptions = field(default_factory=EvaluationOptions)
    trainer: dict[str, Any] = field(default_factory=dict, metadata=PLAIN)
    seed: int = 1
    comparison: dict[str, dict[str, Any]] = field(default_factory=dict, metadata=PLAIN)

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_variants(self.comparison)

    @staticmethod
    def load(path: Path, overrides: Sequence[str] = (), old_names: bool = False) -> "Recipe":
        """Read a recipe's file, then overrides as typed on the command line. See `load_options` for the arguments.

        Raises:
            UserError: see `load_options`.
        """
        return load_options(Recipe, path, overrides, old_names)

    def to_dict(self) -> dict[str, Any]:
        """Return every key with its value, as plain data that YAML and JSON can hold."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    def to_yaml(self) -> str:
        """Return the recipe as YAML, every key with its value. `load` reads it back."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    @property
    def metric_tokenizer(self) -> MetricTokenizer:
        """Return sacreBLEU's tokenizer for the target language."""
        return self.evaluation.tokenizer_for(self.corpus.target)

    def build_model(self, source_size: int, target_size: int) -> EncoderDecoder:
        """Return the recipe's model with random weights.

        Args:
            source_size, target_size: entries in each vocabulary.

        Raises:
            UserError: an option of the attention or of a cell is out of its range, where the message names its key; a
                class of a user's own breaks its contract; or this machine's memory cannot hold the model.
        """
        own = [part for part in self.classes() if not is_ours(part)]
        try:
            check_model_fits(self.model, source_size, target_size, self.tokenizer.joint)
            model = EncoderDecoder(self.model, source_size, target_size, self.tokenizer.joint)
            if own and not next(model.parameters()).is_meta:
                check_contract(model)
        except OptionError as error:
            path = class_option_path(self, error.owner) or option_path(Recipe, error.owner)
            raise UserError(f"{path}{error}") from error
        except Exception as error:
            if isinstance(error, UserError) or not own:
                raise
            raise UserError(f"{place_of_error(error, own)}: {type(error).__name__}: {error}") from error
        return model

    def classes(self) -> list[type]:
        """Return the classes that the recipe names: cells and the attention."""
        return [class_of(reduce(getattr, path.split("."), self)) for path in class_fields(Recipe)]


def place_of_error(error: Exception, parts: Sequence[type]) -> str:
    """Return the last line of the parts' files that an error came through, or else the parts' names."""
    files = {inspect.getsourcefile(part) for part in parts}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return f"{frame.filename}, line {frame.lineno}"
    return ", ".join(dict.fromkeys(short_name(part) for part in parts))


def check_variants(comparison: Mapping[str, Any]) -> None:
    """Check the section `comparison` of a recipe. The keys of a variant are checked when it is planned.

    Raises:
        UserError: a variant is not a mapping of keys, or its name cannot be a folder's name.
    """
    example = "{shallow: {model.encoder.layers: 1}, deep: {model.encoder.layers: 2}}"
    for name, keys in comparison.items():
        check_file_name(name, "comparison: variant")
        if not isinstance(keys, dict) or not all(isinstance(key, str) and not key.endswith(".help") for key in keys):
            raise UserError(f"comparison: {name}: a mapping of the recipe's keys, as in {example}; not {keys!r:.80}")


def check_only_corpus(overrides: Sequence[str]) -> None:
    """Check that overrides of a trained run only say where its corpus is.

    Raises:
        UserError: they set another key.
    """
    for argument in overrides:
        if argument.startswith("--") and not argument.startswith("--corpus."):
            raise UserError(f"{argument}: a trained run accepts only --corpus.… here, for a corpus that has moved")
