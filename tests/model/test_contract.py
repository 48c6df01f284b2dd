"""A mistake in a class of a user's own is one line that names its place, before a training starts."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seq2seq.allowed_code import allow_code
from seq2seq.errors import UserError
from seq2seq.recipe import Recipe

ATTENTION = """
import torch
from torch import Tensor, nn

from seq2seq.model.context import Context, Sizes, masked_softmax
from seq2seq.model.encoder import Memory


class Own(Context):
    def __init__(self, sizes: Sizes, scale: float = 1.0) -> None:
        super().__init__()
        self.vector_size, self.attends = sizes.memory, True
        self.key = nn.Linear(sizes.memory, sizes.query)
        self.scale = scale

    def prepare(self, memory: Memory) -> Tensor:
        return self.key(memory.values)

    def forward(self, query: Tensor, token_query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        scores = self.scale * query @ memory.keys.transpose(1, 2)
        weights = masked_softmax(scores, memory.mask.unsqueeze(1))
        return weights @ memory.values, weights
"""
CELL = """
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.model.cells.cell import Cell


class OwnState(NamedTuple):
    hidden: Tensor
    count: Tensor


class OwnGates(NamedTuple):
    forget: Tensor


class Own(Cell):
    state_type = OwnState
    matrices = 1

    def step(self, projected: Tensor, state: OwnState) -> tuple[OwnState, OwnGates]:
        forget = torch.sigmoid(projected + self.recurrent(state.hidden))
        return OwnState(forget * torch.tanh(state.count), state.count + 1), OwnGates(forget)
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "recipe.yaml"
    sizes = "model: {embedding: 4, encoder: {hidden: 3}, decoder: {hidden: 5}}"
    path.write_text(f"corpus: {{path: x}}\n{sizes}\n", encoding="utf-8")
    yield path
    sys.modules.pop("own_part", None)


def build(recipe: Path, text: str, *words: str) -> None:
    code = recipe.with_name("own_part.py")
    code.write_text(text, encoding="utf-8")
    allow_code([code])
    Recipe.load(recipe, words).build_model(9, 9)


CONTEXT_KEY = ("--model.decoder.context", "own_part.Own")
CELL_KEYS = ("--model.encoder.cell", "own_part.Own", "--model.decoder.cell", "own_part.Own")
SOFTMAX = "masked_softmax(scores, memory.mask.unsqueeze(1))"
RETURNED = "return weights @ memory.values, weights"


def check_mistake(recipe: Path, text: str, right: str, wrong: str, problem: str, keys: tuple[str, ...]) -> None:
    """Check that a part with a mistake in it is refused in one line."""
    assert right in text
    with pytest.raises(UserError, match=problem) as caught:
        build(recipe, text.replace(right, wrong), *keys)
    assert "\n" not in str(caught.value)


def test_parts_that_keep_their_contract_are_built(recipe: Path) -> None:
    build(recipe, ATTENTION, *CONTEXT_KEY)


def test_a_field_of_a_state_may_be_called_like_a_method_of_tuples(recipe: Path) -> None:
    build(recipe, CELL, *CELL_KEYS)
    build(recipe, CELL, "--model.decoder.cell", "own_part.Own")  # after an LSTM, which has no such field


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("self.vector_size, self.attends = sizes.memory, True", "self.attends = True", "vector_size"),
        ("super().__init__()", "pass", r"own_part\.py, line 1\d: AttributeError"),
        ("return self.key(memory.values)", "return memory.no", r"own_part\.py, line 17: AttributeError: .*no"),
        (RETURNED, "return weights", r"ValueError|TypeError|IndexError|RuntimeError"),
        (RETURNED, f"{RETURNED}[..., :1]", "must be .batch, beam, source"),
        (RETURNED, RETURNED.replace("weights @", "float('nan') * weights @"), "logits are not finite"),
        (SOFTMAX, "scores.softmax(-1)", "padding must get a weight of 0"),
        (SOFTMAX, f"-{SOFTMAX}", "must be 0 or more"),
        (SOFTMAX, f"2 * {SOFTMAX}", "must sum to 1"),
        (SOFTMAX, "scores * float('nan')", "not finite"),
        ("scale: float = 1.0", "scale=1.0", r"own_part\.Own\.__init__: give scale a type"),
        ("sizes: Sizes,", "sizes,", r"own_part\.Own\.__init__: give sizes a type"),
    ],
)
def test_a_mistake_in_an_attention_is_one_line(recipe: Path, right: str, wrong: str, problem: str) -> None:
    check_mistake(recipe, ATTENTION, right, wrong, problem, CONTEXT_KEY)


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("    matrices = 1\n", "", "matrices"),
        ("    state_type = OwnState\n", "", "state_type"),
        ("hidden: Tensor", "memory: Tensor", "hidden"),
        ("1), OwnGates(forget)", "1)", r"AttributeError"),
        ("OwnGates(forget)", "None", r"TypeError|AttributeError"),
        ("torch.sigmoid(", "torch.sigmod(", r"own_part\.py, line 24: AttributeError"),
    ],
)
def test_a_mistake_in_a_cell_is_one_line(recipe: Path, right: str, wrong: str, problem: str) -> None:
    check_mistake(recipe, CELL, right, wrong, problem, CELL_KEYS)


def test_gates_that_cannot_be_shown_are_found_in_the_decoder_too(recipe: Path) -> None:
    with pytest.raises(UserError, match=r"TypeError|AttributeError"):
        build(recipe, CELL.replace("OwnGates(forget)", "None"), "--model.decoder.cell", "own_part.Own")


def test_a_class_that_is_allowed_but_no_part_is_told_so(recipe: Path) -> None:
    with pytest.raises(
        UserError, match=r"own_part\.Other is no Cell: derive it from seq2seq\.model\.cells\.cell\.Cell"
    ):
        build(recipe, "class Other: ...", "--model.encoder.cell", "own_part.Other")


@pytest.mark.parametrize(("typed", "meant"), [("GRU", "gru"), ("Lstm", "lstm"), ("peephole-lstm", "peephole_lstm")])
def test_capitals_do_not_hide_what_was_meant(recipe: Path, typed: str, meant: str) -> None:
    with pytest.raises(UserError, match=f"did you mean {meant}"):
        Recipe.load(recipe, ["--model.encoder.cell", typed])
