"""Measure how far back a trained model's gradients reach, through its decoder and through its encoder.

Two definitions are needed, because only the decoder has a loss at each step. decoder_gradients.py and
encoder_gradients.py give them. In both, c_t has an influence on h_t, and the gradient with respect to c_t includes it.

Why gradients decay: Hochreiter 1991; Bengio, Simard & Frasconi 1994; Hochreiter & Schmidhuber 1997.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seq2seq.errors import UserError
from seq2seq.insight.decay import DecaySamples, LayerDecay
from seq2seq.insight.decoder_gradients import decoder_gradients
from seq2seq.insight.encoder_gradients import encoder_gradients
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.text.batch import Batch
from seq2seq.text.special_tokens import EOS
from seq2seq.translation.translator import Translator

FURTHEST = 100  # steps back
MOST_STEPS = 16  # target tokens of a sentence whose losses are differentiated
BATCH_SIZE = 32  # sentences that are computed together


@dataclass(frozen=True)
class GradientReport:
    """How far back a model's gradients reach."""

    sentences: int
    source_tokens: int
    target_tokens: int
    encoder_cell: str  # the class's name
    decoder_cell: str
    layers: list[LayerDecay]  # the encoder's, then the decoder's, the lowest first


def measure_gradients(
    translator: Translator, pairs: Sequence[tuple[str, str]], furthest: int = FURTHEST, most_steps: int = MOST_STEPS
) -> GradientReport:
    """Measure how far back the gradients of a model reach, on given sentence pairs.

    Args:
        translator: has the model.
        pairs: source sentences and their translations. Pairs with a blank side are left out.
        furthest: the largest distance k, in steps.
        most_steps: the number of target tokens of a sentence whose losses are differentiated, evenly spaced. All
            tokens of shorter sentences are.

    Raises:
        UserError: every pair has a blank side.
    """
    rows = encode_pairs(translator, pairs)
    batches = (zip(*rows[start : start + BATCH_SIZE], strict=True) for start in range(0, len(rows), BATCH_SIZE))
    layers = layer_decays(translator.model, (Batch.from_ids(*batch) for batch in batches), furthest, most_steps)
    return GradientReport(
        sentences=len(rows),
        source_tokens=sum(len(source) for source, _ in rows),
        target_tokens=sum(len(target) for _, target in rows),
        encoder_cell=type(translator.model.encoder.layers[0].looped().cells[0]).__name__,
        decoder_cell=type(translator.model.decoder.cells[0]).__name__,
        layers=layers,
    )


def layer_decays(model: EncoderDecoder, batches: Iterable[Batch], furthest: int, most_steps: int) -> list[LayerDecay]:
    """Return the curves of each layer and direction of a model. See `measure_gradients`.

    An encoder's curve has one sample for each sentence, and a decoder's one for each loss.
    """
    device = next(model.parameters()).device
    encoder = [[DecaySamples() for _ in layer.looped().cells] for layer in model.encoder.layers]
    decoder = [DecaySamples() for _ in model.decoder.cells]
    for batch in batches:
        batch = Batch(*(tensor.to(device) for tensor in batch))
        for layer_samples, directions in zip(encoder, encoder_gradients(model, batch, furthest), strict=True):
            for samples, backwards in zip(layer_samples, directions, strict=True):
                samples.add(backwards, batch.source_mask[:, : furthest + 1])
        for reached, layers in decoder_gradients(model, batch, furthest, most_steps):
            for samples, backwards in zip(decoder, layers, strict=True):
                samples.add(backwards, reached)
    return [
        LayerDecay("encoder", height, name, samples.curves())
        for height, layer_samples in enumerate(encoder, start=1)
        for name, samples in zip(model.encoder.directions, layer_samples, strict=True)
    ] + [LayerDecay("decoder", height, "forward", samples.curves()) for height, samples in enumerate(decoder, start=1)]


def encode_pairs(translator: Translator, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    """Return the ids of each pair that has text on both sides, short targets first, for batches with little padding.

    Raises:
        UserError: no pair has.
    """
    sources = translator.tokenizer.encode_source([source for source, _ in pairs])
    targets = translator.tokenizer.encode_target([target for _, target in pairs])
    rows = [row for row in zip(sources, targets, strict=True) if [EOS] not in row]
    if not rows:
        raise UserError("no sentence pair has text on both sides, so there are no gradients to measure")
    return sorted(rows, key=lambda row: len(row[1]))
