"""Tests check shapes: a wrong one is an error."""

import pytest
import torch
from jaxtyping import TypeCheckError
from random_models import random_memory, small_model

from seq2seq.model.cells.lstm import LSTMState
from seq2seq.model.context import attend
from seq2seq.search.topk import fast_topk


def test_a_function_of_the_model_checks_the_shapes_of_its_arguments() -> None:
    memory = random_memory([3, 2])
    with pytest.raises(TypeCheckError, match="scores"):
        attend(torch.zeros(2, 3), memory)


def test_a_method_of_the_model_checks_the_types_of_its_arguments() -> None:
    model = small_model()
    with pytest.raises(TypeCheckError, match="source_mask"):
        model.encode(torch.tensor([[5, 3]]), torch.tensor([[1, 1]]))


def test_a_record_checks_that_its_leaves_fit_each_other() -> None:
    with pytest.raises(TypeCheckError, match="cell"):
        LSTMState(torch.zeros(2, 3), torch.zeros(2, 4))


def test_search_checks_its_arguments() -> None:
    with pytest.raises(TypeCheckError, match="count"):
        fast_topk(torch.zeros(2, 3), "one")  # type: ignore[arg-type]
