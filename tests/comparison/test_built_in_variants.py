"""The built-in variants: what each one is, whatever the recipe's own attention is."""

from functools import partial
from pathlib import Path

import pytest

from seq2seq.comparison.built_in_variants import BUILT_IN, DEFAULT, describe_context
from seq2seq.comparison.compare import describe_model
from seq2seq.comparison.variants import plan
from seq2seq.model.attention import AdditiveAttention
from seq2seq.options import class_of, options_of

QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.yaml"


@pytest.mark.parametrize("own", ["AdditiveAttention", "DotAttention", "NoContext", "LuongAttention"])
def test_a_built_in_variant_is_the_same_whatever_the_recipe_has(tmp_path: Path, own: str) -> None:
    recipe = tmp_path / "own.yaml"
    recipe.write_text(f"corpus: {{path: data}}\nmodel: {{decoder: {{context: {own}}}}}\n", encoding="utf-8")
    for job in plan(recipe, list(BUILT_IN), [], [], tmp_path):
        variant = BUILT_IN[job.variant]
        context = job.recipe.model.decoder.context
        assert class_of(context) is variant.context
        assert variant.options.items() <= options_of(context).items()
        assert describe_context(variant.context, options_of(context)) == variant.description


def test_bahdanaus_query_is_the_state_alone_and_the_label_says_when_it_is_not() -> None:
    bottleneck, bahdanau = plan(QUICKSTART, [], [], [], Path("here"))
    assert (bottleneck.variant, bahdanau.variant) == DEFAULT
    assert options_of(bahdanau.recipe.model.decoder.context)["sees_last_word"] is False
    assert "whose query is the decoder's state s_{i−1} alone" in describe_model(bahdanau.recipe)
    [last_word, _] = plan(QUICKSTART, ["bahdanau-last-word", "bottleneck"], [], [], Path("here"))
    assert "has also seen the last word, which is not in Bahdanau et al. 2015" in describe_model(last_word.recipe)


def test_the_recipes_own_attention_is_described_by_its_options_and_not_by_its_name() -> None:
    assert "not in Bahdanau" in (describe_context(AdditiveAttention, {"size": 5, "sees_last_word": True}) or "")
    assert options_of(partial(AdditiveAttention, size=5)) == {"size": 5, "sees_last_word": False}
