"""The ways to read the memory: what holds for all of them, and how they differ."""

import pytest
import torch
from hypothesis import given
from random_models import CONTEXTS, each_attention, each_context, lengths, quick, random_memory, seeds
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.model.attention import AdditiveAttention, MultiHeadAttention
from seq2seq.model.context import Context, ContextFactory, Sizes
from seq2seq.model.encoder import Memory
from seq2seq.search.step import select_sentences

MEMORY, QUERY, EMBEDDING = 6, 7, 5


def make_context(factory: ContextFactory) -> Context:
    return factory(Sizes(MEMORY, QUERY, EMBEDDING))


def read_memory(context: Context, memory: Memory, query: Tensor, embedded: Tensor) -> tuple[Tensor, Tensor]:
    """Prepare and read the memory. query: (batch, beam, query); embedded: (batch, beam, embedding)."""
    prepared = memory._replace(keys=context.prepare(memory))
    vector, weights = context(query, context.token_query(embedded), prepared)
    return vector, weights


def random_queries(sentences: int, beam: int) -> tuple[Tensor, Tensor]:
    return torch.randn(sentences, beam, QUERY), torch.randn(sentences, beam, EMBEDDING)


@each_context
@quick
@given(lengths, seeds)
def test_weights_sum_to_1_over_real_tokens_or_are_zero(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    context, memory = make_context(factory), random_memory(sizes)
    vector, weights = read_memory(context, memory, *random_queries(len(sizes), 3))
    assert vector.shape == (len(sizes), 3, context.vector_size)
    assert weights.shape == (len(sizes), 3, max(sizes))
    assert (weights.masked_select(~memory.mask.unsqueeze(1)) == 0).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.full((len(sizes), 3), float(context.attends)))
    assert (weights >= 0).all()


@each_context
@quick
@given(lengths, seeds)
def test_a_sentence_alone_is_read_as_in_a_batch(factory: ContextFactory, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    context, memory = make_context(factory), random_memory(sizes)
    query, embedded = random_queries(len(sizes), 2)
    vector, weights = read_memory(context, memory, query, embedded)
    for row, size in enumerate(sizes):
        alone = select_sentences(memory, torch.tensor([row]))
        alone = alone._replace(values=alone.values[:, :size], mask=alone.mask[:, :size], keys=alone.keys[:, :size])
        actual = read_memory(context, alone, query[row : row + 1], embedded[row : row + 1])
        torch.testing.assert_close(actual, (vector[row : row + 1], weights[row : row + 1, :, :size]))


@each_context
def test_hypotheses_read_the_memory_independently(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    context, memory = make_context(factory), random_memory([3, 5])
    query, embedded = random_queries(2, 3)
    together = read_memory(context, memory, query, embedded)
    apart = [read_memory(context, memory, query[:, i : i + 1], embedded[:, i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, tuple(torch.cat(parts, dim=1) for parts in zip(*apart, strict=True)))


@pytest.mark.parametrize("name", ["additive", "sees-last-word"])
def test_additive_attention_is_its_equation(name: str) -> None:
    torch.manual_seed(0)
    context, memory = make_context(CONTEXTS[name]), random_memory([4, 2])
    query, embedded = random_queries(2, 3)
    vector, weights = read_memory(context, memory, query, embedded)
    parameters = dict(context.named_parameters())
    for row, size in enumerate([4, 2]):
        for i in range(3):
            projected = parameters["query.weight"] @ query[row, i] + parameters["query.bias"]
            if name == "sees-last-word":
                projected = projected + parameters["word.weight"] @ embedded[row, i]
            scores = [
                parameters["score.weight"][0] @ torch.tanh(projected + parameters["key.weight"] @ memory.values[row, j])
                for j in range(size)
            ]
            expected = torch.stack(scores).softmax(dim=0)
            torch.testing.assert_close(weights[row, i, :size], expected)
            torch.testing.assert_close(vector[row, i], expected @ memory.values[row, :size])


def test_dot_attention_is_its_equation() -> None:
    torch.manual_seed(0)
    context, memory = make_context(CONTEXTS["dot"]), random_memory([4, 2])
    query, embedded = random_queries(2, 3)
    vector, weights = read_memory(context, memory, query, embedded)
    weight = dict(context.named_parameters())["key.weight"]
    for row, size in enumerate([4, 2]):
        for i in range(3):
            expected = torch.stack([query[row, i] @ weight @ memory.values[row, j] for j in range(size)]).softmax(dim=0)
            torch.testing.assert_close(weights[row, i, :size], expected)
            torch.testing.assert_close(vector[row, i], expected @ memory.values[row, :size])


def test_multi_head_attention_is_its_equation() -> None:
    torch.manual_seed(0)
    context, memory = make_context(CONTEXTS["multi-head"]), random_memory([4, 2])
    query, embedded = random_queries(2, 3)
    vector, weights = read_memory(context, memory, query, embedded)
    parameters = dict(context.named_parameters())
    score, value = parameters["score"], parameters["value"]
    for row, size in enumerate([4, 2]):
        for i in range(3):
            projected = parameters["query.weight"] @ query[row, i] + parameters["query.bias"]
            units = [torch.tanh(projected + parameters["key.weight"] @ memory.values[row, j]) for j in range(size)]
            heads = []
            for head in range(2):
                scores = torch.stack([score[head] @ unit.chunk(2)[head] for unit in units])
                heads.append(scores.softmax(dim=0))
                expected = value[head] @ (heads[-1] @ memory.values[row, :size])
                torch.testing.assert_close(vector[row, i].chunk(2)[head], expected)
            torch.testing.assert_close(weights[row, i, :size], (heads[0] + heads[1]) / 2)


@pytest.mark.parametrize(("heads", "size"), [(0, 6), (-1, 6), (4, 8), (3, 8), (7, 6), (10**30, 6)])
def test_heads_must_divide_the_sizes(heads: int, size: int) -> None:
    with pytest.raises(UserError, match=rf"^heads: must divide size \({size}\) .* \({MEMORY}\), not {heads}$"):
        MultiHeadAttention(Sizes(MEMORY, QUERY, EMBEDDING), heads, size)


@each_attention
def test_attention_weights_depend_on_the_query(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    context, memory = make_context(factory), random_memory([5])
    query, embedded = random_queries(1, 2)
    _, weights = read_memory(context, memory, query, embedded[:, :1].expand(-1, 2, -1))
    assert not torch.allclose(weights[:, 0], weights[:, 1])


@pytest.mark.parametrize("name", CONTEXTS)
def test_attention_weights_depend_on_the_last_token_only_with_the_option(name: str) -> None:
    torch.manual_seed(0)
    context, memory = make_context(CONTEXTS[name]), random_memory([5])
    query, embedded = random_queries(1, 2)
    _, weights = read_memory(context, memory, query[:, :1].expand(-1, 2, -1), embedded)
    assert torch.allclose(weights[:, 0], weights[:, 1]) == (name != "sees-last-word")


def test_the_fixed_context_is_the_summary_for_every_query() -> None:
    torch.manual_seed(0)
    context, memory = make_context(CONTEXTS["fixed"]), random_memory([5, 3])
    vector, _ = read_memory(context, memory, *random_queries(2, 3))
    assert torch.equal(vector, memory.summary.unsqueeze(1).expand(-1, 3, -1))
    other, _ = read_memory(context, memory._replace(values=torch.randn_like(memory.values)), *random_queries(2, 3))
    assert torch.equal(vector, other)


def test_no_context_has_no_vector_and_no_parameters() -> None:
    context = make_context(CONTEXTS["none"])
    assert context.vector_size == 0
    assert sum(parameter.numel() for parameter in context.parameters()) == 0


def test_the_scoring_network_needs_a_unit() -> None:
    with pytest.raises(UserError, match=r"^size: must be at least 1, not 0$") as caught:
        AdditiveAttention(Sizes(MEMORY, QUERY, EMBEDDING), size=0)
    assert caught.value.owner is AdditiveAttention  # type: ignore[attr-defined]
