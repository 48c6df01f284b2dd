"""Luong's attention and its decoder are their equations."""

import pytest
import torch
from random_models import CONTEXTS, random_batch, random_memory, small_model

from seq2seq.errors import OptionError
from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.context import Sizes
from seq2seq.model.luong import SCORES, LuongAttention, StepThenRead
from seq2seq.model.read_then_step import ReadThenStep


@pytest.mark.parametrize("score", SCORES)
def test_each_score_is_its_equation(score: str) -> None:
    torch.manual_seed(0)
    context, memory, query = LuongAttention(Sizes(6, 6, 5), score), random_memory([4, 2]), torch.randn(2, 3, 6)  # type: ignore[arg-type]
    prepared = memory._replace(keys=context.prepare(memory))
    vector, weights = context(query, context.token_query(torch.zeros(2, 3, 5)), prepared)
    parameters = {name: parameter.detach() for name, parameter in context.score.named_parameters()}

    def compare(s: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        if score == "dot":
            return s @ h
        if score == "general":
            return s @ parameters["weight.weight"] @ h
        whole = torch.cat([parameters["query.weight"], parameters["key.weight"]], dim=1)  # W
        return parameters["score.weight"][0] @ torch.tanh(whole @ torch.cat([s, h]))

    for row, size in enumerate([4, 2]):
        for i in range(3):
            scores = torch.stack([compare(query[row, i], memory.values[row, j]) for j in range(size)])
            torch.testing.assert_close(weights[row, i, :size], scores.softmax(dim=0))
            torch.testing.assert_close(vector[row, i], scores.softmax(dim=0) @ memory.values[row, :size])


def test_dot_needs_equal_sizes_and_says_how_to_get_them() -> None:
    with pytest.raises(OptionError, match=r"^score: dot .* 7 units .* 6; set model\.decoder\.hidden to 6, .*general$"):
        LuongAttention(Sizes(6, 7, 5), "dot")
    for score in ("general", "concat"):
        LuongAttention(Sizes(6, 7, 5), score)  # type: ignore[arg-type]


def test_the_context_decides_which_decoder_is_built() -> None:
    for name, factory in CONTEXTS.items():
        expected = StepThenRead if name.startswith("luong") else ReadThenStep
        assert type(small_model(factory).decoder) is expected


def test_the_decoder_steps_then_reads_and_feeds_the_attentional_vector() -> None:
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS["luong"], cells=(GRUCell, GRUCell)), random_batch([4])
    decoder = model.decoder
    assert isinstance(decoder, StepThenRead)
    memory, state = model.encode(batch.source, batch.source_mask)
    [cell], [layer], [fed] = decoder.cells, state.layers, state.fed
    assert not fed.any()
    for token in batch.inputs[0]:
        projected = cell.project(decoder.embedding(token)) + decoder.fed_gates.weight @ fed[0, 0]
        layer, _ = cell.step(projected.view(1, 1, -1), layer)
        vector, weights = decoder.context(layer.hidden, torch.zeros(1, 1, 0), memory)
        fed = torch.tanh(decoder.attentional.weight @ torch.cat([vector, layer.hidden], dim=-1)[0, 0]).view(1, 1, -1)
        logits, after = decoder.step(memory, state, token.view(1, 1))
        torch.testing.assert_close(after.fed, (fed,))
        torch.testing.assert_close(logits, decoder.vocabulary(fed))
        torch.testing.assert_close(after.coverage - state.coverage, weights)
        state = after
