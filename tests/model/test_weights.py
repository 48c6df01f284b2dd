"""The bytes of model.safetensors follow from the weights alone, and tied weights are written once."""

import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick
from torch import Tensor, nn

from seq2seq.errors import UserError
from seq2seq.model.weights import first_names, holds_weights, load_weights, save_state, save_weights

SCRIPT = """
import sys, torch
from pathlib import Path
from torch import nn
from seq2seq.model.weights import save_weights
torch.manual_seed(0)
model = nn.ModuleDict({name: nn.Linear(3, 3) for name in ("c", "a", "d", "b")})
for name in ("b", "d"):
    model[name].weight = model["a"].weight
    model[name].bias = model["c"].bias
save_weights(model, Path(sys.argv[1]))
"""


class Tied(nn.Module):
    """A model whose readout has the weights of its embedding, and with a weight that has no numbers."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.readout = nn.Linear(4, 6)
        self.embedding = nn.Embedding(6, 4)
        self.readout.weight = self.embedding.weight
        self.lstm = nn.LSTM(4, 2, bidirectional=True)
        self.nothing = nn.Parameter(torch.zeros(0, 3))
        self.nothing_else = nn.Parameter(torch.zeros(0, 3))


def assert_equal(one: nn.Module, other: nn.Module) -> None:
    for (name, value), (same_name, same) in zip(one.state_dict().items(), other.state_dict().items(), strict=True):
        assert name == same_name
        assert torch.equal(value, same)


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    path, model, other = tmp_path / "model.safetensors", Tied(0), Tied(1)
    save_weights(model, path)
    load_weights(other, path)
    assert_equal(model, other)
    assert other.readout.weight is other.embedding.weight
    names = safetensors.torch.load_file(path).keys()
    assert "embedding.weight" in names
    assert "readout.weight" not in names
    assert {"nothing", "nothing_else"} <= names


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    contents = set()
    for seed in ("1", "2", "3"):
        path = tmp_path / f"{seed}.safetensors"
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", SCRIPT, path], env=environment, check=True)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_the_order_and_the_layout_of_the_weights_do_not_matter(tmp_path: Path) -> None:
    tied = torch.arange(6.0).reshape(2, 3)
    parts = torch.arange(10.0)
    weights = {"z": tied, "a": tied, "left": parts[:5], "right": parts[5:], "turned": tied.T}
    plain = {"a": tied.clone(), "left": parts[:5].clone(), "right": parts[5:].clone(), "turned": tied.T.contiguous()}
    save_state(plain, tmp_path / "plain")
    for order in permutations(weights):
        save_state({name: weights[name] for name in order}, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == (tmp_path / "plain").read_bytes()


def test_a_checkpoint_s_weights_are_written_as_its_model_s(tmp_path: Path) -> None:
    model = Tied()
    torch.save(model.state_dict(), tmp_path / "checkpoint")
    save_state(torch.load(tmp_path / "checkpoint", weights_only=True), tmp_path / "state")
    save_weights(model, tmp_path / "model")
    assert (tmp_path / "state").read_bytes() == (tmp_path / "model").read_bytes()


@pytest.mark.parametrize("kept", ["embedding.weight", "readout.weight"])
def test_files_of_earlier_versions_are_read(tmp_path: Path, kept: str) -> None:
    path, model, other = tmp_path / "model.safetensors", Tied(0), Tied(1)
    weights = {name: value for name, value in model.state_dict().items() if "weight" not in name or "lstm" in name}
    safetensors.torch.save_file({**weights, kept: model.readout.weight}, path, metadata={"some": "name"})
    assert holds_weights(path, model.state_dict())
    load_weights(other, path)
    assert_equal(model, other)


def test_a_file_holds_the_weights_that_were_saved_and_no_others(tmp_path: Path) -> None:
    path, weights = tmp_path / "model.safetensors", dict(Tied().state_dict())
    assert not holds_weights(path, weights)
    save_state(weights, path)
    assert holds_weights(path, weights)
    bias: Tensor = weights["readout.bias"]
    changed = [{**weights, "readout.bias": bias + 1}, {**weights, "readout.bias": bias.double()}]
    changed += [{**weights, "readout.bias": bias[1:]}, {**weights, "new": bias.clone()}]
    changed += [{name: value for name, value in weights.items() if name != "readout.bias"}]
    for other in changed:
        assert not holds_weights(path, other)
    path.write_bytes(path.read_bytes()[:-1])
    assert not holds_weights(path, weights)


@quick
@given(groups=st.lists(st.sets(st.text("abc", min_size=1, max_size=3), min_size=1), max_size=4))
def test_every_weight_has_one_first_name(groups: list[set[str]]) -> None:
    weights = {}
    for group in groups:
        weights |= dict.fromkeys(group, torch.zeros(2))
    names = first_names(weights)
    assert names.keys() == weights.keys()
    for name, first in names.items():
        assert weights[name] is weights[first]
        assert first == min(other for other in weights if weights[other] is weights[name])


def test_a_new_file_may_be_read_by_those_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        save_weights(Tied(), tmp_path / "file")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("damaged")
    with pytest.raises(UserError, match="file: damaged, or not a safetensors file"):
        load_weights(Tied(), tmp_path / "file")
