"""A checkpoint is data: no code in it is executed, and damage is one line that names the file."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from executed import Code

from seq2seq.errors import UserError
from seq2seq.training.checkpoints import load_checkpoint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "last.ckpt"


def damage(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith("copy it again, or train with --force to start anew")
    assert len(message.splitlines()) == 1
    return message


def test_code_in_a_checkpoint_is_not_executed(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "executed"
    torch.save({"state_dict": Code(folder)}, path)
    assert "holds more than numbers and plain data" in damage(path)
    torch.save({"state_dict": Code(folder)}, path, _use_new_zipfile_serialization=False)
    damage(path)
    path.write_bytes(pickle.dumps(Code(folder)))
    damage(path)
    assert not folder.exists()
    pickle.loads(path.read_bytes())
    assert folder.exists()  # so the code would have been executed


@pytest.mark.parametrize(
    "value", [None, 3, [1], {}, {"state_dict": 3}, {"state_dict": {"a": 1}}, {"state_dict": {1: 2}}]
)
def test_what_is_no_checkpoint_is_named(path: Path, value: Any) -> None:
    torch.save(value, path)
    damage(path)


def test_damage_is_named(path: Path) -> None:
    torch.save({"state_dict": {"weight": torch.ones(100)}}, path)
    whole = path.read_bytes()
    for content in (
        b"",
        b"x",
        b"\0" * 1000,
        whole[:-3],
        whole[: len(whole) // 2],
        os.urandom(500),
        b"PK\5\6" + b"\0" * 18,
    ):
        path.write_bytes(content)
        damage(path)
    path.unlink()
    path.mkdir()
    damage(path)
