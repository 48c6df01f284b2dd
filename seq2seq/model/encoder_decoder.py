"""The whole model: an encoder and a decoder, for training (`readouts`), search (`step`) and alignment (`align`)."""

from dataclasses import dataclass, field

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from seq2seq.errors import at_least_1, at_most, check_options
from seq2seq.model.context import Context, Sizes
from seq2seq.model.decoder import DecoderOptions, State
from seq2seq.model.embedding import Embedding
from seq2seq.model.encoder import Encoder, EncoderOptions, Memory
from seq2seq.model.luong import StepThenRead
from seq2seq.model.read_then_step import ReadThenStep
from seq2seq.model.recurrent_layer import cell_class, fused_layer
from seq2seq.model.size import LARGEST_SIZE, check_fits
from seq2seq.text.batch import Batch


@dataclass(frozen=True)
class ModelOptions:
    """Sizes of the model. Sizes that follow from others (vocabulary, memory, context) are computed, never written.

    Args:
        embedding: size of a token's embedding, on either side.
        encoder: its cells, directions and sizes.
        decoder: its cells and sizes, and how it reads the memory.
        tie_embeddings: use the target embedding as the vocabulary projection (Press & Wolf 2017). With a joint
            vocabulary, use it as the source embedding as well.

    Raises:
        UserError: a value is out of its range.
    """

    embedding: int = 256
    encoder: EncoderOptions = field(default_factory=EncoderOptions)
    decoder: DecoderOptions = field(default_factory=DecoderOptions)
    tie_embeddings: bool = True

    def __post_init__(self) -> None:
        check_options(self, at_least_1(self, "embedding"))
        check_options(self, at_most(self, LARGEST_SIZE, "embedding"))


def fewest_parameters(options: ModelOptions, source_size: int, target_size: int, joint: bool) -> int:
    """Return the number of a model's weights before it is built.

    What only a context knows is not counted (its own weights, and those that read its vector), and neither are the
    weights of layer normalisation. See `EncoderDecoder` for the arguments.
    """
    token, encoder, decoder = options.embedding, options.encoder, options.decoder
    sources = 0 if options.tie_embeddings and joint else source_size
    targets = target_size if options.tie_embeddings else 2 * target_size
    memory, encoder_inputs = encoder.memory_size, [token] + [encoder.memory_size] * (encoder.layers - 1)
    decoder_inputs = [token] + [decoder.hidden] * (decoder.layers - 1)
    encoder_cell = fused_layer(encoder.cell) or cell_class(encoder.cell)
    decoder_cell = cell_class(decoder.cell)
    bridge = len(decoder_cell.state_type._fields) * (memory + 1) * decoder.hidden
    return (
        (sources + targets) * token
        + (1 + encoder.bidirectional)
        * sum(encoder_cell.count_parameters(size, encoder.hidden) for size in encoder_inputs)
        + sum(decoder_cell.count_parameters(size, decoder.hidden) + bridge for size in decoder_inputs)
        + decoder.hidden * token  # the readout
        + target_size  # the bias of the vocabulary projection
    )


def check_model_fits(options: ModelOptions, source_size: int, target_size: int, joint: bool, copies: int = 1) -> None:
    """Check, before anything is allocated, that this machine's memory can hold a model.

    Args:
        options, source_size, target_size, joint: see `EncoderDecoder`.
        copies: how many numbers are kept for each weight; in training: its gradient and Adam's means, too.

    Raises:
        UserError: it cannot.
    """
    parameters = fewest_parameters(options, source_size, target_size, joint)
    check_fits(4 * copies * parameters, f"a model of {parameters:,} parameters", "make the sizes in `model` smaller")


class EncoderDecoder(nn.Module):
    """A model of p(target | source).

    Args:
        options: the sizes.
        source_size, target_size: entries in each vocabulary.
        joint: whether both sides have one vocabulary, so that `tie_embeddings` shares the source embedding as well.
    """

    def __init__(self, options: ModelOptions, source_size: int, target_size: int, joint: bool) -> None:
        super().__init__()
        source = Embedding(source_size, options.embedding)
        target = source if joint and options.tie_embeddings else Embedding(target_size, options.embedding)
        self.encoder = Encoder(source, options.encoder)
        memory = self.encoder.size
        context = options.decoder.context(Sizes(memory, query=options.decoder.hidden, embedding=options.embedding))
        self.decoder = decoder_class(context)(target, memory, options.decoder, context, options.tie_embeddings)

    @property
    def attends(self) -> bool:
        """Whether the decoder has attention weights."""
        return self.decoder.context.attends

    def encode(
        self, source: Int[Tensor, "batch source"], source_mask: Bool[Tensor, "batch source"]
    ) -> tuple[Memory, State]:
        """Return the prepared memory of the source, and the decoder's initial state."""
        memory = self.encoder(source, source_mask)
        state = self.decoder.initial_state(memory)
        return self.decoder.prepare(memory), state

    def step(
        self, memory: Memory, state: State, tokens: Int[Tensor, "batch beam"]
    ) -> tuple[Float[Tensor, "batch beam vocabulary"], State]:
        """Return the log-probabilities of the next token, and the state after the step: the search's `Step`.

        See `Decoder.step` for the arguments.
        """
        logits, state = self.decoder.step(memory, state, tokens)
        return logits.float().log_softmax(dim=-1), state

    def log_coverage(self, memory: Memory, state: State) -> Float[Tensor, "batch beam"]:
        """Return how much of the source was attended to: Σ_j log min(Σ_i α_ij, 1) (Wu et al. 2016, equation 14).

        A token's total attention counts as at least 0.001, so that the logarithm is finite.
        """
        attended = state.coverage.clamp(1e-3, 1.0).log()
        return attended.masked_fill(~memory.mask.unsqueeze(1), 0.0).sum(dim=-1)

    def readouts(self, batch: Batch) -> Float[Tensor, "labels embedding"]:
        """Return the readout for each real label, given the tokens before it (teacher forcing).

        The labels are in the order of `batch.labels[batch.target_mask]`: padding is never projected to the vocabulary.
        """
        readouts, _ = self.decoder(*self.encode(batch.source, batch.source_mask), batch.inputs)
        return readouts[batch.target_mask]

    def forward(self, batch: Batch) -> Float[Tensor, "labels vocabulary"]:
        """Return the logits for each real label, in the order of `readouts`."""
        return self.decoder.vocabulary(self.readouts(batch))

    def log_probabilities(self, batch: Batch) -> Float[Tensor, "batch target"]:
        """Return log p of each label, and zero for padding. A row sums to the log-probability of its target."""
        labels = batch.labels[batch.target_mask].unsqueeze(-1)
        log_probabilities = self(batch).float().log_softmax(dim=-1).gather(-1, labels).squeeze(-1)
        zeros = log_probabilities.new_zeros(batch.labels.shape)
        return zeros.masked_scatter(batch.target_mask, log_probabilities)

    def align(self, batch: Batch) -> Float[Tensor, "batch target source"]:
        """Return the attention weights of every target token, under teacher forcing."""
        _, weights = self.decoder(*self.encode(batch.source, batch.source_mask), batch.inputs)
        return weights


def decoder_class(context: Context) -> type[ReadThenStep] | type[StepThenRead]:
    """Return the decoder that reads the memory when a context wants it to."""
    return StepThenRead if context.reads_after_step else ReadThenStep


def count_parameters(model: nn.Module) -> int:
    """Return the number of weights. Tied weights count once."""
    return sum(parameter.numel() for parameter in model.parameters())
