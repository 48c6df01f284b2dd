"""Snapshots of a training are read back as they were, thinned out when there are many, and survive a kill."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.insight.gate_statistics import GateStatistics, LayerStatistics
from seq2seq.run_snapshots import Sample, Snapshot, append_snapshot, read_snapshots, write_snapshots

SNAPSHOT = Snapshot(
    epoch=0.5,
    update=3,
    gates=[
        LayerStatistics("encoder.1.forward", {"forget": GateStatistics(0.75, 0.25)}),
        LayerStatistics("decoder.1", {}),
    ],
    gradients={"encoder.1": 0.125, "decoder.1": math.inf},
    samples=[Sample(7, "ein\u2028Hund\n", "a dog", "狗 \udcff")],
)


def at(update: int) -> Snapshot:
    return replace(SNAPSHOT, update=update, samples=[])


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "snapshots.jsonl"
    assert read_snapshots(path) == []
    append_snapshot(path, SNAPSHOT)
    append_snapshot(path, replace(SNAPSHOT, update=4, epoch=1.0))
    assert read_snapshots(path) == [SNAPSHOT, replace(SNAPSHOT, update=4, epoch=1.0)]
    assert len(path.read_bytes().split(b"\n")) == 3


def test_a_validation_that_is_repeated_replaces_its_line(tmp_path: Path) -> None:
    path = tmp_path / "snapshots.jsonl"
    for update in (1, 2, 3, 2):
        append_snapshot(path, at(update))
    assert [snapshot.update for snapshot in read_snapshots(path)] == [1, 2]


@pytest.mark.parametrize("kill", [None, 19, 20, 21, 25, 26])
def test_the_beginning_is_kept_and_a_kill_changes_nothing(
    kill: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seq2seq.run_snapshots.MOST", 20)
    path = tmp_path / "snapshots.jsonl"
    for update in range(1, 30):
        append_snapshot(path, at(update))
        if update == kill:  # after the line, and before the checkpoint
            write_snapshots(path, [snapshot for snapshot in read_snapshots(path) if snapshot.update < update])
            append_snapshot(path, at(update))
        assert len(read_snapshots(path)) <= 20
    kept = [*range(1, 11), 11, 15, 19, 22, 24, *range(26, 30)]  # thinned out when 21 came, and when 26 came
    assert [snapshot.update for snapshot in read_snapshots(path)] == kept


PLAIN = asdict(SNAPSHOT)


@pytest.mark.parametrize(
    "line",
    [
        *("{", "[]", "3", "null", "{}", '"x"', "[" * 100_000, "\0", "\xff"),
        json.dumps(PLAIN | {"update": "x"}),
        json.dumps(PLAIN | {"update": math.nan}),
        json.dumps(PLAIN | {"epoch": 10**400}),
        json.dumps(PLAIN | {"epoch": -1}),
        json.dumps(PLAIN | {"gates": {"x": 3}}),
        json.dumps(PLAIN | {"gates": [{"layer": "x", "gates": {"forget": {}}}]}),
        json.dumps(PLAIN | {"gradients": [1]}),
        json.dumps(PLAIN | {"samples": [{"row": 1}]}),
    ],
    ids=lambda line: line[:40],
)
def test_a_damaged_line_is_one_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "snapshots.jsonl"
    path.write_bytes(json.dumps(PLAIN).encode() + b"\n" + line.encode("latin-1") + b"\n")
    with pytest.raises(UserError, match=r"snapshots\.jsonl: damaged .*; delete it") as caught:
        read_snapshots(path)
    assert "\n" not in str(caught.value)
