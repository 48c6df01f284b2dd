"""Recipes: what is wrong with one is said in one line that names the key, and what is right is kept in full."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from seq2seq.context import AdditiveAttention, Context, ContextFactory, DotAttention, FixedContext, NoContext, Sizes
from seq2seq.errors import UserError
from seq2seq.recipe import Recipe, Trained, read
from seq2seq.search import SearchOptions

CORPUS = "corpus: {path: somewhere}\n"
RECIPES = sorted((Path(__file__).parent.parent / "recipes").glob("*.yaml"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipe.yaml"


def read_text(path: Path, text: str, *overrides: str) -> tuple[Recipe, str]:
    path.write_text(text, encoding="utf-8")
    return read(Recipe, path, overrides)


def mistake(path: Path, text: str, *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        read_text(path, text, *overrides)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def context(factory: ContextFactory) -> Context:
    return factory(Sizes(6, 7, 5))


def same(first: Any, second: Any) -> bool:
    """Equal sections; contexts, which are factories, by what they make."""
    if is_dataclass(first):
        return type(first) is type(second) and all(
            same(getattr(first, field.name), getattr(second, field.name)) for field in fields(first)
        )
    if callable(first):
        return repr(context(first)) == repr(context(second))
    return bool(first == second)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("seed: 1", "corpus.path"),
        ("corpus: {source: de}", "corpus.path"),
        (CORPUS + "modle: {embedding: 3}", "modle"),
        (CORPUS + "modle: {}", "modle"),
        (CORPUS + "modle:", "modle"),
        (CORPUS + "1: 2", "1"),
        (CORPUS + "model: {encoder: {layer: 2}}", "model.encoder.layer"),
        (CORPUS + "model: {encodr: {}}", "model.encodr"),
        (CORPUS + "model: {encoder: {layers: two}}", "model.encoder.layers"),
        (CORPUS + "model: {encoder: {layers: 1.5}}", "model.encoder.layers"),
        (CORPUS + "model: {encoder: 3}", "model.encoder"),
        (CORPUS + "model: {encoder: }", "model.encoder"),
        (CORPUS + "model: [1]", "model"),
        (CORPUS + "model: 3", "model"),
        (CORPUS + "model: {tied: maybe}", "model.tied"),
        (CORPUS + "model: {decoder: {context: }}", "model.decoder.context"),
        (CORPUS + "model: {decoder: {context: Atention}}", "model.decoder.context"),
        (CORPUS + "model: {decoder: {context: torch.nn.Linear}}", "model.decoder.context"),
        (CORPUS + "model: {decoder: {context: {class_path: AdditiveAttention, init_args: {siz: 3}}}}", "siz"),
        (CORPUS + "model: {decoder: {context: {class_path: AdditiveAttention, init_args: {size: x}}}}", "size"),
        (CORPUS + "training: {schedule: linear}", "training.schedule"),
        (CORPUS + "training: {batch_tokens: 0}", "training.batch_tokens"),
        (CORPUS + "training: {learning_rate: fast}", "training.learning_rate"),
        (CORPUS + "search: {n_best: 9}", "search.n_best"),
        (CORPUS + "tokenizer: {sampling: 2}", "tokenizer.sampling"),
        (CORPUS + "trainer: 3", "trainer"),
        (CORPUS + "seed: 2020-01-01", "seed"),
        ("corpus: somewhere", "corpus"),
        ("corpus: {path: 3}", "corpus.path"),
    ],
)
def test_a_mistake_in_the_file_names_the_key(path: Path, text: str, key: str) -> None:
    said = mistake(path, text).replace(str(path), "")
    assert key in re.findall(r"[\w.]+\w|\w", said)


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (["--model.encoder.layer", "2"], "--model.encoder.layer"),
        (["--modle.encoder.layers", "2"], "--modle.encoder.layers"),
        (["--see", "3"], "--see"),
        (["stray"], "stray"),
        (["--seed"], "--seed"),
        (["--seed", "one"], '"seed"'),
        (["--model.encoder.layers", "null"], '"model.encoder.layers"'),
        (["--model.encoder", "3"], '"model.encoder"'),
        (["--model.decoder.context", "Atention"], '"model.decoder.context"'),
        (["--model.decoder.context", "FixedContext", "--model.decoder.context.size", "4"], "'size'"),
        (["--training.patience", "-1"], "training.patience"),
    ],
)
def test_a_mistake_on_the_command_line_names_the_key(path: Path, overrides: list[str], key: str) -> None:
    assert key in mistake(path, CORPUS, *overrides)


@pytest.mark.parametrize("text", ["corpus: [", "corpus:\n\tpath: x", "a: b: c", '"'])
def test_what_is_not_yaml_is_said_with_its_line(path: Path, text: str) -> None:
    said = mistake(path, text)
    assert str(path) in said
    assert "not YAML" in said
    assert "line" in said


@pytest.mark.parametrize("text", ["", "# nothing yet", "- corpus", "corpus", "3"])
def test_what_is_no_mapping_is_no_recipe(path: Path, text: str) -> None:
    assert "a recipe is a YAML mapping" in mistake(path, text)


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    with pytest.raises(UserError, match=r"recipe\.yaml: cannot be read: No such file"):
        read(Recipe, path)
    path.write_bytes("corpus: {path: Übung}".encode("latin-1"))
    with pytest.raises(UserError, match=r"recipe\.yaml: cannot be read: .*utf-8"):
        read(Recipe, path)


def test_what_is_left_out_has_its_default(path: Path) -> None:
    recipe, _ = read_text(path, CORPUS)
    assert recipe.corpus.path == "somewhere"
    assert recipe.search == SearchOptions()
    assert recipe.trainer == {}
    assert isinstance(context(recipe.model.decoder.context), AdditiveAttention)


def test_the_command_line_has_the_last_word(path: Path) -> None:
    text = CORPUS + "model: {encoder: {layers: 2, hidden: 8}}\ntrainer: {max_epochs: 1, precision: 32}\nseed: 5"
    recipe, resolved = read_text(path, text, "--model.encoder.layers", "3", "--trainer.max_epochs=4", "--corpus.path=x")
    assert (recipe.model.encoder.layers, recipe.model.encoder.hidden, recipe.seed) == (3, 8, 5)
    assert recipe.trainer == {"max_epochs": 4, "precision": 32}
    assert recipe.corpus.path == "x"
    assert same(read_text(path, resolved)[0], recipe)


@pytest.mark.parametrize("kind", [AdditiveAttention, DotAttention, FixedContext, NoContext])
@pytest.mark.parametrize("given", ["file", "command line", "command line over a file"])
def test_the_context_is_a_switch(path: Path, kind: type[Context], given: str) -> None:
    attention = "model: {decoder: {context: {class_path: AdditiveAttention, init_args: {size: 9}}}}"
    name = kind.__name__
    if given == "file":
        recipe, resolved = read_text(path, CORPUS + f"model: {{decoder: {{context: {name}}}}}")
    else:
        text = CORPUS + (attention if given != "command line" else "")
        recipe, resolved = read_text(path, text, "--model.decoder.context", name)
    assert type(context(recipe.model.decoder.context)) is kind
    assert type(context(read_text(path, resolved)[0].model.decoder.context)) is kind


def test_a_contexts_own_options_are_given_to_it(path: Path) -> None:
    text = CORPUS + "model: {decoder: {context: {class_path: AdditiveAttention, init_args: {size: 9}}}}"
    for overrides, size in (([], 9), (["--model.decoder.context.size", "4"], 4)):
        recipe, resolved = read_text(path, text, *overrides)
        for each in (recipe, read_text(path, resolved)[0]):
            assert context(each.model.decoder.context).query.out_features == size  # type: ignore[union-attr]


FULL = """\
corpus: {path: a/b, source: en, target: fr, configuration: en-fr, test: "", streaming: true, max_ratio: 3}
tokenizer: {vocab_size: 99, joint: false, kind: bpe, sampling: 0.1, character_coverage: 0.9995}
model:
  embedding: 8
  encoder: {hidden: 4, layers: 2, dropout: 0.0}
  decoder: {state_dropout: 0.1, context: {class_path: AdditiveAttention, init_args: {sees_last_word: true}}}
  tied: false
training: {learning_rate: 1e-3, schedule: plateau, patience: 3}
search: {width: 2, n_best: 2, coverage_penalty: 0.2}
trainer: {max_epochs: 3, precision: bf16-mixed, gradient_clip_val: 1.0, devices: [0, 1], logger: null}
seed: 7
"""


def test_the_resolved_recipe_is_the_recipe(path: Path) -> None:
    recipe, resolved = read_text(path, FULL)
    assert recipe.training.learning_rate == 1e-3
    assert recipe.trainer["devices"] == [0, 1]
    again, same_resolved = read_text(path, resolved)
    assert same(again, recipe)
    assert same_resolved == resolved
    for field in fields(Recipe):
        assert f"{field.name}:" in resolved


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_the_recipes_that_come_with_the_project_are_right(path: Path, tmp_path: Path) -> None:
    recipe, resolved = read(Recipe, path)
    assert same(read_text(tmp_path / path.name, resolved)[0], recipe)


def test_a_finished_run_needs_only_the_model_and_the_search(path: Path) -> None:
    recipe, resolved = read_text(path, FULL)
    path.write_text(resolved, encoding="utf-8")
    trained, _ = read(Trained, path)
    assert same(trained.model, recipe.model)
    assert trained.search == recipe.search
    path.write_text(resolved + "from_another_version: 3\n", encoding="utf-8")
    assert same(read(Trained, path)[0], trained)
