"""Probing a model end to end: the records are plain, repeatable, and independent of batches."""

import json
from copy import deepcopy
from dataclasses import asdict
from itertools import product

import pytest
import torch

from seq2seq.errors import UserError
from seq2seq.insight import sentence_vectors
from seq2seq.insight.probe_records import SIDES, VECTORS, ProbeReport
from seq2seq.insight.probes import MINIMUM, probe_memory
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.translation.translator import Translator

NOUNS = ["der Hund", "die Katze", "ein Schüler", "das Buch", "ein Haus"]
VERBS = ["sieht", "liest", "schläft im Haus mit"]
TEXTS = [" ".join(words) + "." for words in product(NOUNS, VERBS, NOUNS)] * 2
SPLITS = TEXTS, TEXTS[: 2 * MINIMUM], TEXTS[MINIMUM : 3 * MINIMUM]


@pytest.fixture(scope="module")
def report(translator: Translator) -> ProbeReport:
    return probe_memory(translator, *SPLITS, untrained=another_model(translator))


def another_model(translator: Translator) -> EncoderDecoder:
    """Return the same model with other random weights."""
    torch.manual_seed(1)
    model = deepcopy(translator.model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model


def test_every_vector_side_and_group_has_its_curve_and_total(report: ProbeReport) -> None:
    groups = [None, *report.groups]
    for vector, group, trained in product(VECTORS, groups, (True, False)):
        assert 0 <= report.total(vector, group, trained).accuracy <= 1
        for side in SIDES:
            points = report.curve(vector, side, group, trained).points
            assert all(point.sentences >= report.minimum for point in points)
            assert all(point.low <= point.accuracy <= point.high for point in points)
    assert len(report.curves) == 2 * 2 * 2 * len(groups)
    assert len(report.totals) == 2 * 2 * len(groups)
    assert sum(group.sentences for group in report.groups) == report.test == len(SPLITS[2])
    assert report.has_control


def test_the_report_is_plain_values(report: ProbeReport) -> None:
    assert json.loads(json.dumps(asdict(report))) == asdict(report)


def test_what_was_not_measured_is_a_key_error(translator: Translator) -> None:
    report = probe_memory(translator, *SPLITS)
    assert not report.has_control
    with pytest.raises(KeyError):
        report.curve("summary", "start", trained=False)
    with pytest.raises(KeyError):
        report.total("memory", trained=False)


def test_a_model_knows_its_own_token_and_the_sentence_in_part(report: ProbeReport) -> None:
    memory, summary = report.total("memory"), report.total("summary")
    assert memory.accuracy > 0.95
    assert memory.accuracy >= summary.accuracy > summary.baseline


@pytest.mark.parametrize("batch_tokens", [1, 50])
def test_the_same_sentences_give_the_same_report_whatever_the_batches_are(
    report: ProbeReport, translator: Translator, batch_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_vectors, "BATCH_TOKENS", batch_tokens)
    assert probe_memory(translator, *SPLITS, untrained=another_model(translator)) == report


def test_a_model_without_attention_has_a_memory_too(blind_translator: Translator) -> None:
    report = probe_memory(blind_translator, *SPLITS)
    assert not report.attends
    assert report.total("memory").accuracy > 0.9


def test_progress_counts_every_probe(translator: Translator) -> None:
    calls: list[tuple[int, int]] = []
    report = probe_memory(translator, *SPLITS, progress=lambda done, count: calls.append((done, count)))
    assert calls == [(done, len(report.fits)) for done in range(1, len(report.fits) + 1)]


@pytest.mark.parametrize("short", [0, 1, 2])
def test_a_split_with_too_few_sentences_is_an_error(translator: Translator, short: int) -> None:
    splits = [TEXTS[: MINIMUM - 1] + [""] * 9 if index == short else TEXTS for index in range(3)]
    with pytest.raises(UserError, match=f"{('training', 'validation', 'test')[short]} split has 29"):
        probe_memory(translator, *splits)
