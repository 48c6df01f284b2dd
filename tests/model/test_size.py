"""Sizes that nobody means are refused before anything is allocated."""

from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest
from absurd import NUMBERS
from random_models import CELLS, NORMALISED

from seq2seq.errors import OptionError, UserError
from seq2seq.model import size
from seq2seq.model.attention import AdditiveAttention, NoContext
from seq2seq.model.cells.cell import CellFactory
from seq2seq.model.context import ContextFactory, Sizes
from seq2seq.model.decoder import DecoderOptions
from seq2seq.model.encoder import EncoderOptions
from seq2seq.model.encoder_decoder import (
    EncoderDecoder,
    ModelOptions,
    check_model_fits,
    count_parameters,
    fewest_parameters,
)
from seq2seq.model.luong import LuongAttention
from seq2seq.model.size import check_fits, main_memory

GROUPS = (EncoderOptions, DecoderOptions, ModelOptions)
OPTIONS = [(group, field) for group in GROUPS for field in fields(group) if field.type in (int, float)]


@pytest.mark.parametrize(("group", "field"), OPTIONS, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("value", NUMBERS)
def test_a_number_that_nobody_means_is_named(group: Any, field: Field[Any], value: Any) -> None:
    if field.type is int and isinstance(value, float):
        return  # the recipe's reader refuses it
    with pytest.raises(OptionError, match=rf"^{field.name}: must be "):
        group(**{field.name: value})


@pytest.mark.parametrize("value", [0, 10**25])
def test_the_size_of_attention_has_bounds(value: int) -> None:
    with pytest.raises(OptionError, match=f"^size: must be at .*, not {value}$"):
        AdditiveAttention(Sizes(4, 4, 4), size=value)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("context", [NoContext, LuongAttention])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_parameters_are_counted_exactly_except_those_for_the_context(
    cell: CellFactory, context: ContextFactory, bidirectional: bool, layers: int, joint: bool, tied: bool
) -> None:
    options = ModelOptions(
        32,
        EncoderOptions(hidden=24, layers=layers, cell=cell, bidirectional=bidirectional),
        DecoderOptions(hidden=40, layers=layers, cell=cell, context=context),
        tie_embeddings=tied,
    )
    model = EncoderDecoder(options, 80, 80 if joint else 90, joint)
    decoder = model.decoder
    uncounted = sum(
        parameter.numel()
        for name, parameter in decoder.named_parameters()
        if name.startswith(("context", "readout.", "attentional.", "fed_gates."))
    )
    for_state = 40 * 32  # of the readout
    counted = fewest_parameters(options, 80, 80 if joint else 90, joint)
    assert counted == count_parameters(model) - uncounted + for_state


@pytest.mark.parametrize("cell", NORMALISED.values(), ids=NORMALISED)
def test_the_count_is_a_lower_bound_with_layer_normalisation(cell: CellFactory) -> None:
    options = ModelOptions(32, EncoderOptions(24, cell=cell), DecoderOptions(40, context=NoContext, cell=cell))
    parameters = count_parameters(EncoderDecoder(options, 80, 80, joint=True))
    assert 0.5 * parameters < fewest_parameters(options, 80, 80, joint=True) <= parameters


def test_a_model_that_is_larger_than_the_memory_is_one_line() -> None:
    if main_memory() is None:
        pytest.skip("this system does not tell its memory")
    options = ModelOptions(encoder=EncoderOptions(hidden=65_536, layers=64))
    with pytest.raises(
        UserError, match=r"a model of [\d,]+ parameters needs at least [\d,.]+ GB of memory, .*smaller$"
    ):
        check_model_fits(options, 100, 100, joint=True)
    check_model_fits(ModelOptions(), 6000, 6000, joint=True, copies=4)


def test_a_containers_limit_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(size, "CONTAINER_LIMIT", limit)
    physical = main_memory()
    limit.write_text("max\n")
    assert main_memory() == physical
    limit.write_text("1000\n")
    if physical is not None:
        assert main_memory() == 1000
        with pytest.raises(UserError, match=r"^it needs .*; buy more$"):
            check_fits(1001, "it", "buy more")
