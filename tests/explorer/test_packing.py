"""Lists of objects become tables, and a browser's script makes the objects again."""

import json
import shutil
import subprocess
from typing import Any

import pytest
from explorer.unpacked import unpack

from seq2seq.explorer.packing import UNPACK, pack

VALUES: list[Any] = [
    [{"id": 1, "token": "a"}, {"id": 2, "token": "b"}],
    [{"id": 1, "in": [{"a": None}, {"a": [{"b": True}, {"b": False}]}]}, {"id": 2, "in": []}],
    [{"id": 1}, {"other": 2}],
    [{"id": 1, "token": "a"}, {"token": "b", "id": 2}],
    [{"id": 1}],
    [{}, {}],
    [1, [2, [3]], {"a": 0.5}],
    {"a": {"b": [[{"c": 1}, {"c": 2}]]}},
    None,
    "text",
]


def test_lists_of_similar_objects_become_tables() -> None:
    assert pack(VALUES[0]) == {"columns": ["id", "token"], "rows": [[1, "a"], [2, "b"]]}
    assert pack(VALUES[2]) == VALUES[2]
    assert pack(VALUES[4]) == VALUES[4]


@pytest.mark.parametrize("value", VALUES)
def test_tables_can_be_read_again(value: Any) -> None:
    assert unpack(pack(value)) == value


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")
def test_the_pages_script_reads_them() -> None:
    element = f"const element = {{ textContent: {json.dumps(json.dumps(pack(VALUES)))} }};"
    document = "const document = { getElementById: () => element };"
    program = f"{element}{document}{UNPACK}console.log(element.textContent);"
    shown = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout) == VALUES
