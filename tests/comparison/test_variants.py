"""Plans: every variant with every seed, what each one sets, and decoders widened until their parameters match."""

from pathlib import Path

import pytest

from seq2seq.comparison.variants import BUILT_IN, TOLERANCE, count_recipe_parameters, plan, widening_remarks
from seq2seq.errors import UserError

RECIPES = Path(__file__).parents[2] / "recipes"
QUICKSTART = RECIPES / "quickstart.yaml"


def contexts(path: Path, *names: str) -> dict[str, dict[str, object]]:
    """Return how the decoder of each variant reads the source, as the recipe says it."""
    jobs = plan(path, names, [], [], Path("runs"))
    return {job.variant: job.recipe.to_dict()["model"]["decoder"]["context"] for job in jobs}


def test_by_default_the_bottleneck_comes_first_and_then_bahdanaus_attention_with_the_recipes_seed() -> None:
    jobs = plan(QUICKSTART, [], [], ["--seed", "7"], Path("here"))
    assert [(job.variant, job.seed, job.folder) for job in jobs] == [
        ("bottleneck", 7, Path("here/bottleneck-7")),
        ("bahdanau", 7, Path("here/bahdanau-7")),
    ]


def test_every_variant_is_trained_with_every_seed_once_one_seed_after_another() -> None:
    jobs = plan(QUICKSTART, ["dot", "bahdanau", "dot"], [3, 1, 3], [], Path("here"))
    assert [(job.variant, job.seed) for job in jobs] == [("dot", 3), ("bahdanau", 3), ("dot", 1), ("bahdanau", 1)]
    assert all(job.recipe.seed == job.seed == job.recipe.to_dict()["seed"] for job in jobs)


def test_each_built_in_variant_has_its_own_context_and_keeps_the_recipes_other_options() -> None:
    by_variant = contexts(QUICKSTART, *BUILT_IN)
    assert {name: context["class_path"] for name, context in by_variant.items()} == {
        "initial-state": "NoContext",
        "bottleneck": "FixedContext",
        "luong": "LuongAttention",
        "bahdanau": "AdditiveAttention",
        "bahdanau-last-word": "AdditiveAttention",
        "multi-head": "MultiHeadAttention",
        "dot": "DotAttention",
    }
    assert by_variant["bahdanau"]["init_args"] == {"size": 128, "sees_last_word": False}
    assert by_variant["bahdanau-last-word"]["init_args"] == {"size": 128, "sees_last_word": True}


def test_overrides_hold_for_all_variants_and_only_the_context_differs() -> None:
    first, second = plan(QUICKSTART, [], [], ["--model.embedding", "64", "--search.beam_size", "3"], Path("here"))
    assert first.recipe.model.embedding == second.recipe.model.embedding == 64
    recipes = [job.recipe.to_dict() for job in (first, second)]
    for recipe in recipes:
        recipe["model"]["decoder"].pop("context")
    assert recipes[0] == recipes[1]


def test_a_recipe_can_have_its_own_variants(tmp_path: Path) -> None:
    recipe = tmp_path / "own.yaml"
    block = (
        "comparison: {shallow: {model.encoder.layers: 1},"
        " deep: {model.encoder.layers: 2, model.tie_embeddings: false,"
        " model.decoder.context: {class_path: DotAttention}}}"
    )
    recipe.write_text(f"corpus: {{path: data}}\n{block}\n", encoding="utf-8")
    shallow, deep = plan(recipe, [], [], [], tmp_path)
    assert (shallow.variant, shallow.recipe.model.encoder.layers) == ("shallow", 1)
    assert (deep.variant, deep.recipe.model.encoder.layers, deep.recipe.model.tie_embeddings) == ("deep", 2, False)
    assert contexts(recipe)["deep"]["class_path"] == "DotAttention"
    assert [job.variant for job in plan(recipe, ["deep", "bottleneck"], [], [], tmp_path)] == ["deep", "bottleneck"]


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        UserError,
        match="no variant 'atention'; there are initial-state, bottleneck, luong, bahdanau, bahdanau-last-word",
    ):
        plan(QUICKSTART, ["atention"], [], [], tmp_path)
    with pytest.raises(UserError, match="two variants or more, not only dot"):
        plan(QUICKSTART, ["dot"], [], [], tmp_path)
    with pytest.raises(UserError, match="no_such_key"):
        plan(QUICKSTART, [], [], ["--model.no_such_key", "1"], tmp_path)
    recipe = tmp_path / "own.yaml"
    recipe.write_text("corpus: {path: data}\ncomparison: {a: {model.layers: 1}, b: {}}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"model\.layers"):
        plan(recipe, [], [], [], tmp_path)


def test_variants_that_cannot_be_compared_are_refused_before_training(tmp_path: Path) -> None:
    for word in (["--model.decoder.context", "DotAttention"], ["--model.decoder.context=DotAttention"]):
        with pytest.raises(UserError, match=r"--model\.decoder\.context is what the variants differ in"):
            plan(QUICKSTART, [], [], word, tmp_path)
    with pytest.raises(UserError, match=r"search\.coverage_penalty: bottleneck does not attend"):
        plan(QUICKSTART, [], [], ["--search.coverage_penalty", "0.2"], tmp_path)
    assert plan(QUICKSTART, ["dot", "bahdanau"], [], ["--search.coverage_penalty", "0.2"], tmp_path)
    with pytest.raises(UserError, match=r"search\.sampling: .* at random"):
        plan(QUICKSTART, [], [], ["--search.sampling", "true"], tmp_path)


@pytest.mark.parametrize("path", [QUICKSTART, RECIPES / "multi30k-de-en.yaml"], ids=lambda path: path.stem)
def test_smaller_variants_are_widened_until_all_parameters_match(path: Path) -> None:
    jobs = plan(path, list(BUILT_IN), [1], [], Path("here"), match=True)
    counts = {job.variant: count_recipe_parameters(job.recipe) for job in jobs}
    before = {
        job.variant: count_recipe_parameters(job.recipe) for job in plan(path, list(BUILT_IN), [1], [], Path("here"))
    }
    largest = max(counts.values())
    assert largest <= max(before.values()) * (1 + TOLERANCE)
    assert all(value >= (1 - TOLERANCE) * largest for value in counts.values())
    widened = {job.variant for job in jobs if job.widened}
    assert widened == {name for name, value in before.items() if value < (1 - TOLERANCE) * max(before.values())}
    assert widened
    assert len(widening_remarks(jobs)) == len(widened)
    assert "initial-state" in widening_remarks(jobs)[0]


def test_parameters_that_no_width_can_match_are_refused() -> None:
    huge = ["--tokenizer.vocab_size", "300", "--model.embedding", "1", "--model.encoder.hidden", "1"]
    with pytest.raises(UserError, match=r"no model\.decoder\.hidden gives it"):
        plan(QUICKSTART, [], [], [*huge, "--model.decoder.hidden", "1"], Path("here"), match=True)
