"""A decoder reads with given weights at one step, whatever attention it has; unchanged weights change nothing."""

from dataclasses import replace

import pytest
import torch
from random_models import each_attention, random_memory, small_model
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.insight.edited_attention import AttentionEdit, EditedContext, edited_translator
from seq2seq.insight.inspection import Inspection, inspect_text
from seq2seq.model.attention import MultiHeadAttention
from seq2seq.model.context import Context, ContextFactory, Sizes
from seq2seq.translation.translator import Translator

TEXT = "der Hund sieht die Katze"


def made(factory: ContextFactory, translator: Translator) -> Translator:
    """Return a translator with large random weights and the given attention."""
    torch.manual_seed(3)
    model = small_model(factory, vocabulary=translator.tokenizer.target_size)
    return Translator(model, translator.tokenizer, replace(translator.options, beam_size=3))


def inspect(translator: Translator, forced: list[int]) -> Inspection:
    [inspection] = inspect_text(translator, TEXT, prefix=forced)
    return inspection


def best_ids(inspection: Inspection) -> list[int]:
    assert inspection.search is not None
    return inspection.search.finished[0].token_ids


@each_attention
@pytest.mark.parametrize("step", [0, 2])
def test_unchanged_weights_change_nothing(factory: ContextFactory, step: int, translator: Translator) -> None:
    translator = made(factory, translator)
    forced = best_ids(inspect(translator, []))[:step]
    plain = inspect(translator, forced)
    assert plain.attention is not None
    edited = inspect(edited_translator(translator, AttentionEdit(step, plain.attention[step])), forced)
    assert plain.search is not None
    assert edited.search is not None
    assert best_ids(edited) == best_ids(plain)
    for ours, theirs in zip(edited.search.finished, plain.search.finished, strict=True):
        assert ours.token_ids == theirs.token_ids
        assert ours.score == pytest.approx(theirs.score, abs=1e-4)
    torch.testing.assert_close(torch.tensor(edited.attention), torch.tensor(plain.attention))
    for ours, theirs in zip(edited.next, plain.next, strict=True):
        assert [token.id for token in ours.tokens] == [token.id for token in theirs.tokens]
        assert [token.probability for token in ours.tokens] == pytest.approx(
            [token.probability for token in theirs.tokens], rel=1e-3
        )
    for layer, other in zip(edited.gates.layers, plain.gates.layers, strict=True):
        for quantity, same in zip(layer.states, other.states, strict=True):
            torch.testing.assert_close(torch.tensor(quantity.means), torch.tensor(same.means))


@each_attention
def test_changed_weights_change_the_step_and_those_after_it(factory: ContextFactory, translator: Translator) -> None:
    translator = made(factory, translator)
    forced = best_ids(inspect(translator, []))[:2]
    plain = inspect(translator, forced)
    assert plain.attention is not None
    weights = [0.0] * len(plain.attention[1])
    weights[2] = 2.0
    edited = inspect(edited_translator(translator, AttentionEdit(1, weights)), forced)
    assert edited.attention is not None
    assert edited.attention[0] == plain.attention[0]
    assert edited.attention[1] == [weight / 2 for weight in weights]
    assert edited.next[0] == plain.next[0]
    assert edited.next[1] != plain.next[1]
    assert edited.next[2] != plain.next[2]
    # Teacher forcing and the search read with the same weights.
    assert edited.search is not None
    assert sum(edited.gates.log_probabilities) == pytest.approx(edited.search.finished[0].log_probability, abs=1e-4)
    assert inspect(translator, forced) == plain  # the model itself is as it was


def read(context: Context, given: list[float], others: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Read once with given weights. Return the vector, the weights, and what `read_alone` reads of each token."""
    torch.manual_seed(others)
    memory = random_memory([4])
    memory = memory._replace(keys=context.prepare(memory))
    query = torch.randn(1, 2, 7)
    token_query = context.token_query(torch.randn(1, 2, 5))
    edited = EditedContext(context, AttentionEdit(0, given))
    edited.prepare(memory)
    vector, weights = edited(query, token_query, memory)
    return vector, weights, edited.read_alone(query, token_query, memory)


@each_attention
@torch.no_grad()
def test_all_weight_on_one_token_gives_its_vector(factory: ContextFactory) -> None:
    context = factory(Sizes(memory=6, query=7, embedding=5))
    vector, weights, alone = read(context, [0, 0, 5, 0])
    assert weights.tolist() == [[[0, 0, 1, 0]] * 2]
    torch.testing.assert_close(vector[0], alone[2])
    torch.manual_seed(0)
    value = random_memory([4]).values[0, 2]
    if isinstance(context, MultiHeadAttention):
        value = torch.cat([matrix @ value for matrix in context.value])
    torch.testing.assert_close(vector, value.expand_as(vector))


@each_attention
@torch.no_grad()
def test_given_weights_give_the_mean_of_the_vectors(factory: ContextFactory) -> None:
    given = [0.1, 0.0, 0.7, 0.2]  # a token without weight: none of the attention's own weights are kept
    vector, weights, alone = read(factory(Sizes(memory=6, query=7, embedding=5)), given)
    torch.testing.assert_close(weights, torch.tensor(given).expand_as(weights))
    torch.testing.assert_close(vector[0], torch.einsum("s,sbv->bv", torch.tensor(given), alone))


@torch.no_grad()
def test_heads_keep_the_share_of_their_weights_that_the_given_weights_hold() -> None:
    torch.manual_seed(0)
    context = MultiHeadAttention(Sizes(memory=6, query=7, embedding=5), heads=2, size=6)
    memory = random_memory([4])
    memory = memory._replace(keys=context.prepare(memory))
    query = torch.randn(1, 1, 7)
    own, weights = context(query, query[..., :0], memory)
    given = 0.25 * weights[0, 0] + 0.75 * torch.tensor([0.0, 1.0, 0.0, 0.0])
    edited = EditedContext(context, AttentionEdit(0, given.tolist()))
    vector, _ = edited(query, query[..., :0], memory)
    alone = edited.read_alone(query, query[..., :0], memory)
    torch.testing.assert_close(vector, 0.25 * own + 0.75 * alone[1])


@pytest.mark.parametrize(
    ("step", "weights", "complaint"),
    [
        (-1, [1.0], "step: must be at least 0"),
        (0, [], "one of them must be more than 0"),
        (0, [0.0, 0.0], "one of them must be more than 0"),
        (0, [1.0, -0.1], "must be numbers of 0 or more"),
        (0, [float("nan")], "must be numbers of 0 or more"),
        (0, [1e308, 1e308], "one of them must be more than 0"),
    ],
)
def test_impossible_edits_are_refused(step: int, weights: list[float], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        AttentionEdit(step, weights)


def test_the_number_of_weights_is_that_of_the_source_tokens(translator: Translator) -> None:
    with pytest.raises(UserError, match=r"weights: 2 for \d+ source tokens; </s> has one, too"):
        inspect_text(edited_translator(translator, AttentionEdit(0, [1.0, 1.0])), TEXT)


def test_a_bottleneck_has_no_attention_to_change(blind_translator: Translator) -> None:
    with pytest.raises(UserError, match="no attention to change"):
        edited_translator(blind_translator, AttentionEdit(0, [1.0]))
