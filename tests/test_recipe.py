"""A mistake in a recipe gives one line that names the key. A valid recipe is read, and written back, in full."""

import json
import re
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from random_models import CELLS

from seq2seq.errors import UserError
from seq2seq.model.attention import AdditiveAttention, DotAttention, FixedContext, MultiHeadAttention, NoContext
from seq2seq.model.cells.cell import Cell
from seq2seq.model.context import Context, ContextFactory, Sizes
from seq2seq.model.decoder import DecoderOptions
from seq2seq.model.encoder_decoder import ModelOptions
from seq2seq.model.luong import LuongAttention
from seq2seq.model.recurrent_layer import FusedGRU, LoopedLayer
from seq2seq.old_names import KEYS
from seq2seq.options import class_of
from seq2seq.recipe import Recipe, TrainingOptions
from seq2seq.search.options import SearchOptions
from seq2seq.text.corpus import CorpusOptions

CORPUS = "corpus: {path: somewhere}\n"
RECIPES = sorted((Path(__file__).parent.parent / "recipes").glob("*.yaml"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipe.yaml"


def load(path: Path, text: str, *overrides: str) -> Recipe:
    path.write_text(text, encoding="utf-8")
    return Recipe.load(path, overrides)


def mistake(path: Path, text: str, *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        load(path, text, *overrides)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def context(factory: ContextFactory) -> Context:
    return factory(Sizes(8, 7, 5))


def same(first: Any, second: Any) -> bool:
    """Return whether two groups of options are equal. Contexts and cells are equal if they build equal modules."""
    if is_dataclass(first):
        return type(first) is type(second) and all(
            same(getattr(first, field.name), getattr(second, field.name)) for field in fields(first)
        )
    if callable(first):
        sizes: tuple[Any, ...] = (2, 3) if issubclass(class_of(first), Cell) else (Sizes(6, 7, 5),)
        return repr(first(*sizes)) == repr(second(*sizes))
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
        (CORPUS + "model: {tie_embeddings: maybe}", "model.tie_embeddings"),
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
    message = mistake(path, text).replace(str(path), "")
    assert key in re.findall(r"[\w.]+\w|\w", message)


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
        (["--model.encoder", "3"], "model.encoder"),
        (["--model.decoder.context", "Atention"], "--model.decoder.context: 'Atention' is none of the classes"),
        (["--model.decoder.context", "FixedContext", "--model.decoder.context.size", "4"], "'size'"),
        (["--training.patience", "-1"], "training.patience"),
    ],
)
def test_a_mistake_on_the_command_line_names_the_key(path: Path, overrides: list[str], key: str) -> None:
    assert key in mistake(path, CORPUS, *overrides)


@pytest.mark.parametrize("text", ["corpus: [", "corpus:\n\tpath: x", "a: b: c", '"'])
def test_invalid_yaml_is_reported_with_its_line(path: Path, text: str) -> None:
    message = mistake(path, text)
    assert str(path) in message
    assert "not YAML" in message
    assert "line" in message


@pytest.mark.parametrize("text", ["", "# nothing yet", "- corpus", "corpus", "3"])
def test_a_recipe_must_be_a_mapping(path: Path, text: str) -> None:
    assert "a recipe is a YAML mapping" in mistake(path, text)


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    with pytest.raises(UserError, match=r"recipe\.yaml: cannot be read: No such file"):
        Recipe.load(path)
    path.write_bytes("corpus: {path: Übung}".encode("latin-1"))
    with pytest.raises(UserError, match=r"recipe\.yaml: cannot be read: .*utf-8"):
        Recipe.load(path)


def test_a_missing_key_has_its_default(path: Path) -> None:
    recipe = load(path, CORPUS)
    assert recipe.corpus.path == "somewhere"
    assert recipe.search == SearchOptions()
    assert recipe.trainer == {}
    assert isinstance(context(recipe.model.decoder.context), AdditiveAttention)


def test_the_command_line_overrides_the_file(path: Path) -> None:
    text = CORPUS + "model: {encoder: {layers: 2, hidden: 8}}\ntrainer: {max_epochs: 1, precision: 32}\nseed: 5"
    recipe = load(path, text, "--model.encoder.layers", "3", "--trainer.max_epochs=4", "--corpus.path=x")
    assert (recipe.model.encoder.layers, recipe.model.encoder.hidden, recipe.seed) == (3, 8, 5)
    assert recipe.trainer == {"max_epochs": 4, "precision": 32}
    assert recipe.corpus.path == "x"
    assert same(load(path, recipe.to_yaml()), recipe)


@pytest.mark.parametrize(
    "kind", [AdditiveAttention, DotAttention, MultiHeadAttention, LuongAttention, FixedContext, NoContext]
)
@pytest.mark.parametrize("given", ["file", "command line", "command line over a file"])
def test_the_context_is_a_switch(path: Path, kind: type[Context], given: str) -> None:
    attention = "model: {decoder: {context: {class_path: AdditiveAttention, init_args: {size: 8}}}}"
    name = kind.__name__
    if given == "file":
        recipe = load(path, CORPUS + f"model: {{decoder: {{context: {name}}}}}")
    else:
        text = CORPUS + (attention if given != "command line" else "")
        recipe = load(path, text, "--model.decoder.context", name)
    assert type(context(recipe.model.decoder.context)) is kind
    assert type(context(load(path, recipe.to_yaml()).model.decoder.context)) is kind


def test_a_contexts_own_options_are_given_to_it(path: Path) -> None:
    text = CORPUS + "model: {decoder: {context: {class_path: AdditiveAttention, init_args: {size: 9}}}}"
    for overrides, size in (([], 9), (["--model.decoder.context.size", "4"], 4)):
        recipe = load(path, text, *overrides)
        for same_recipe in (recipe, load(path, recipe.to_yaml())):
            assert context(same_recipe.model.decoder.context).query.out_features == size  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "kind"), [*CELLS.items(), *((kind.__name__, kind) for kind in CELLS.values())])
@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_the_cell_is_a_switch_by_its_short_name_or_its_own(path: Path, name: str, kind: type[Cell], side: str) -> None:
    for recipe in (
        load(path, CORPUS + f"model: {{{side}: {{cell: {name}}}}}"),
        load(path, CORPUS, f"--model.{side}.cell", name),
        load(path, CORPUS + f"model: {{{side}: {{cell: rnn}}}}", f"--model.{side}.cell={name}"),
    ):
        plain = recipe.to_dict()["model"][side]["cell"]
        assert CELLS[plain["class_path"]] is kind
        assert plain["init_args"] == {"layer_norm": False}
        for same_recipe in (recipe, load(path, recipe.to_yaml())):
            assert class_of(getattr(same_recipe.model, side).cell) is kind


def test_a_cells_own_options_are_given_to_it(path: Path) -> None:
    text = CORPUS + "model: {encoder: {hidden: 4, cell: {class_path: gru, init_args: {layer_norm: true}}}}"
    for overrides, layer in (([], LoopedLayer), (["--model.encoder.cell.layer_norm", "false"], FusedGRU)):
        recipe = load(path, text, *overrides)
        assert type(recipe.build_model(20, 20).encoder.layers[0]) is layer


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["--model.encoder.cell", "gruu"], r"--model\.encoder\.cell: 'gruu' is none .*; did you mean gru\?$"),
        (["--model.decoder.cell", "FixedContext"], r"--model\.decoder\.cell: .* \(gru, lstm, peephole_lstm, rnn"),
        (["--model.decoder.context", "gru"], r"--model\.decoder\.context: 'gru' is none of the classes"),
        (["--model.encoder.cell", "gru", "--model.encoder.cell.layer_norm", "3"], "layer_norm"),
        (["--model.encoder.cell", "gru", "--model.encoder.cell.hidden", "3"], "hidden"),
        (["--model.decoder.context", "LuongAttention", "--model.decoder.context.score", "cosine"], "score"),
        (["--model.encoder.reversed", "true"], r"^model\.encoder\.reversed: .* set bidirectional to false"),
        (["--model.encoder.residual", "true"], r"^model\.encoder\.residual: .* set layers to 2"),
        (["--model.decoder.residual", "true"], r"^model\.decoder\.residual: .* set layers to 2"),
    ],
)
def test_a_mistake_in_the_recurrent_parts_names_the_key(path: Path, overrides: list[str], message: str) -> None:
    assert re.search(message, mistake(path, CORPUS, *overrides))


def test_a_context_that_does_not_fit_names_its_key_when_the_model_is_built(path: Path) -> None:
    options = ["--model.decoder.context", "LuongAttention", "--model.decoder.context.score", "dot"]
    with pytest.raises(UserError, match=r"^model\.decoder\.context\.score: dot .* set model\.decoder\.hidden to 512"):
        load(path, CORPUS, *options, "--model.decoder.hidden", "300").build_model(20, 20)
    with pytest.raises(UserError, match=r"^model\.decoder\.context\.heads: must divide size"):
        load(path, CORPUS, options[0], "MultiHeadAttention", "--model.decoder.context.heads=3").build_model(20, 20)


FULL = """\
corpus: {path: a/b, source: en, target: fr, configuration: en-fr, test: "", streaming: true, max_ratio: 3}
tokenizer: {vocab_size: 99, joint: false, model_type: bpe, sampling: 0.1, character_coverage: 0.9995}
model:
  embedding: 8
  encoder: {hidden: 4, layers: 2, dropout: 0.0, cell: gru, bidirectional: false, reversed: true, residual: true}
  decoder: {state_dropout: 0.1, context: {class_path: AdditiveAttention, init_args: {sees_last_word: true}}}
  tie_embeddings: false
training: {learning_rate: 1e-3, schedule: plateau, patience: 3}
search: {beam_size: 2, n_best: 2, coverage_penalty: 0.2}
trainer: {max_epochs: 3, precision: bf16-mixed, gradient_clip_val: 1.0, devices: [0, 1], logger: null}
seed: 7
"""


def test_the_resolved_recipe_is_the_recipe(path: Path) -> None:
    recipe = load(path, FULL)
    assert recipe.training.learning_rate == 1e-3
    assert recipe.trainer["devices"] == [0, 1]
    again = load(path, recipe.to_yaml())
    assert same(again, recipe)
    assert again.to_yaml() == recipe.to_yaml()
    assert list(recipe.to_dict()) == [field.name for field in fields(Recipe)]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_the_recipes_that_come_with_the_project_are_right(path: Path, tmp_path: Path) -> None:
    recipe = Recipe.load(path)
    assert same(load(tmp_path / path.name, recipe.to_yaml()), recipe)


def test_classes_are_written_by_their_short_names(path: Path) -> None:
    context = load(path, FULL).to_dict()["model"]["decoder"]["context"]
    assert context == {"class_path": "AdditiveAttention", "init_args": {"size": 256, "sees_last_word": True}}
    assert load(path, CORPUS, "--model.decoder.context=NoContext").to_dict()["model"]["decoder"]["context"] == {
        "class_path": "NoContext"
    }


def test_a_recipe_made_in_python_is_written_and_read_back(path: Path) -> None:
    decoder = DecoderOptions(context=partial(AdditiveAttention, size=3))
    recipe = Recipe(CorpusOptions("somewhere"), model=ModelOptions(decoder=decoder), trainer={"max_epochs": 2})
    assert same(load(path, recipe.to_yaml()), recipe)


@pytest.mark.parametrize(("old", "new"), KEYS.items())
def test_an_old_key_gives_the_new_one(path: Path, old: str, new: str) -> None:
    section, _, name = old.partition(".")
    text = f"corpus: {{path: x}}\n{section}: {{{name}: 1}}\n"
    assert mistake(path, text).endswith(f"{old} is now called {new}")
    assert mistake(path, CORPUS, f"--{old}", "1").endswith(f"it is now called --{new}")
    assert mistake(path, CORPUS, f"--{old}=1").endswith(f"it is now called --{new}")


OLD = """\
corpus: {path: a/b}
tokenizer: {kind: bpe}
model: {tied: false, decoder: {context: {class_path: seq2seq.context.DotAttention}}}
training: {average: 0.5, warm_up: 7, samples: 1}
search: {width: 3}
comparison: {small: {model.tied: true, model.decoder.context: seq2seq.context.FixedContext}}
"""


def test_the_recipe_of_an_old_run_is_read_with_todays_names(path: Path) -> None:
    path.write_text(OLD, encoding="utf-8")
    recipe = Recipe.load(path, old_names=True)
    assert (recipe.tokenizer.model_type, recipe.model.tie_embeddings, recipe.search.beam_size) == ("bpe", False, 3)
    training = recipe.training
    assert (training.ema_decay, training.warmup_updates, training.shown_translations) == (0.5, 7, 1)
    assert isinstance(context(recipe.model.decoder.context), DotAttention)
    assert recipe.comparison == {"small": {"model.tie_embeddings": True, "model.decoder.context": "FixedContext"}}
    with pytest.raises(UserError, match="is now called"):
        Recipe.load(path)


def test_an_option_of_the_attention_that_is_out_of_range_is_named_with_its_path(path: Path) -> None:
    text = "model: {decoder: {context: {class_path: AdditiveAttention, init_args: {size: 0}}}}"
    recipe = load(path, CORPUS + text)
    with pytest.raises(UserError, match=r"^model\.decoder\.context\.size: must be at least 1, not 0$"):
        recipe.build_model(10, 10)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("batch_tokens", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("warmup_updates", -1),
        ("beta2", 1.0),
        ("label_smoothing", 1.0),
        ("label_smoothing", -0.1),
        ("scheduled_sampling", 1.1),
        ("ema_decay", 1.0),
        ("patience", -1),
        ("pool", 0),
        ("workers", -1),
    ],
)
def test_a_training_option_out_of_range_is_named(key: str, value: Any) -> None:
    with pytest.raises(UserError, match=rf"^{key}: .*not {value}$"):
        TrainingOptions(**{key: value})


def test_a_mapping_that_names_a_class_stays_a_mapping(path: Path) -> None:
    part = {"class_path": "DotAttention", "init_args": {"x": [{"class_path": "y"}]}}
    trainer, comparison = {"overfit_batches": part}, {"a": {"model.decoder.context": part}}
    text = CORPUS + f"trainer: {json.dumps(trainer)}\ncomparison: {json.dumps(comparison)}"
    recipe = load(path, text)
    assert recipe.trainer == trainer
    assert recipe.comparison == comparison
    assert json.loads(json.dumps(recipe.to_dict()))["trainer"] == recipe.trainer


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{row}: &a{row} [{', '.join([f'*a{row - 1}'] * 9)}]\n" for row in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (LAUGHS, "values, with every alias replaced by a copy"),
        ("seed: " + "[" * 5000, "collections inside each other"),
        ("seed: 1\nseed: 2", "the key seed is there twice"),
        ("corpus: 2020-13-45", "a value is not possible"),
        ("model: {encoder: {layers: 99999999999999999999}}", "model.encoder.layers: must be at most 64"),
        ("model: {encoder: {hidden: 100000}}", "model.encoder.hidden: must be at most 65,536"),
        ("model: {embedding: null}", "model.embedding has no value"),
        ("search: {beam_size: 100000}", "search.beam_size: must be at most 10,000"),
        ("search: {beam_size: true}", "search.beam_size"),
        ("training: {learning_rate: .nan}", "training.learning_rate: must be more than 0"),
        ("training: {learning_rate: .inf}", "training.learning_rate: must be more than 0"),
        ("training: {learning_rate: 1e400}", "training.learning_rate: must be more than 0"),
        ("training: {learning_rate: 1" + "0" * 400 + "}", "too large"),
        ("training: {workers: 100000}", "training.workers: must be at most 256"),
        ("training: {batch_tokens: 99999999999}", "training.batch_tokens: must be at most"),
        ("tokenizer: {vocab_size: 99999999999}", "tokenizer.vocab_size: must be at most"),
        ("seed: -1", "seed: must be from 0"),
        ("seed: 99999999999999999999999", "seed: must be from 0"),
        ("seed: .inf", "seed"),
    ],
)
def test_an_absurd_recipe_is_one_short_line(path: Path, text: str, problem: str) -> None:
    message = mistake(path, text if text.startswith(("corpus", "a0")) else CORPUS + text)
    assert problem in message
    assert len(message) < 900


@pytest.mark.parametrize("name", ["../../outside", "a/b", ".hidden", "'a\\b'", '"a\\nb"', "''", "1", "null", "x" * 200])
def test_a_variants_name_can_be_a_folders(path: Path, name: str) -> None:
    message = mistake(path, CORPUS + f"comparison: {{? {name} : {{seed: 2}}}}")
    assert message.startswith("comparison: variant ")
    assert message.endswith("choose another name")


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("[shallow, deep]", "comparison is a section: give it keys, or leave it out; not ['shallow'"),
        ("{shallow: {model.encoder.cell.help: gru}}", "comparison: shallow: a mapping of the recipe's keys"),
        ("{shallow: 1}", "comparison: shallow: a mapping of the recipe's keys, as in "),
        ("{shallow: [model.encoder.layers]}", "comparison: shallow: a mapping of the recipe's keys"),
        ("{shallow: {1: 2}}", "comparison: shallow: a mapping of the recipe's keys"),
    ],
)
def test_variants_are_mappings_of_keys(path: Path, section: str, problem: str) -> None:
    assert problem in mistake(path, CORPUS + f"comparison: {section}")


def test_a_model_that_no_machine_holds_is_one_line(path: Path) -> None:
    recipe = load(path, CORPUS + "model: {encoder: {hidden: 65536, layers: 64}}")
    with pytest.raises(UserError, match="GB of memory"):
        recipe.build_model(100, 100)
