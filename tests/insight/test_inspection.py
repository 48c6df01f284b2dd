"""An inspection shows the translation that `translate` gives, with its search, its gates and its attention."""

import pytest

from seq2seq.errors import UserError
from seq2seq.insight.forced_reading import read_translation
from seq2seq.insight.gates import measure_gates
from seq2seq.insight.inspection import MOST_TOKENS, inspect_pair, inspect_text
from seq2seq.insight.next_tokens import next_tokens
from seq2seq.insight.search_trace import translate_traced
from seq2seq.search.observation import SearchEvent
from seq2seq.translation.translator import Translator

TEXT = "Der Hund sieht die Katze. Wir lesen ein Buch."


@pytest.mark.parametrize("prefix", ["", "the"])
def test_each_part_of_a_text_is_inspected(translator: Translator, prefix: str) -> None:
    first, second = inspect_text(translator, TEXT, prefix=prefix, units=[1])
    translation = translator.translate(TEXT, prefix=prefix)
    for inspection, part, begins in zip((first, second), translation.parts, (prefix, ""), strict=True):
        reading = read_translation(translator, part)
        assert inspection.gates == measure_gates(translator.model, reading, [1])
        assert inspection.search == translate_traced(translator, inspection.source, prefix=begins)[1]
        assert inspection.search is not None
        assert inspection.search.finished[0].score == part.score
        assert inspection.attention == translator.sentences.attention(part).tolist()
        assert inspection.next == next_tokens(translator.tokenizer, reading)
    assert (first.source, second.source) == ("Der Hund sieht die Katze.", "Wir lesen ein Buch.")


def test_forced_tokens_give_what_their_text_gives_as_a_prefix(translator: Translator) -> None:
    ids = translator.sentences.prefix_ids("the cat")
    forced = inspect_text(translator, TEXT, prefix=ids)
    assert forced == inspect_text(translator, TEXT, prefix="the cat")
    search = forced[0].search
    assert search is not None
    assert search.finished[0].token_ids[: len(ids)] == ids


def test_an_observer_can_end_the_search(translator: Translator) -> None:
    def end(event: SearchEvent) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        inspect_text(translator, TEXT, observe=end)
    with pytest.raises(TimeoutError):
        translator.n_best([TEXT], observe=end)


def test_a_given_translation_has_no_search(translator: Translator) -> None:
    inspection = inspect_pair(translator, "wir", "we")
    assert inspection.search is None
    assert inspection.gates.text == "we"


def test_a_model_without_attention_has_no_weights(blind_translator: Translator) -> None:
    [inspection] = inspect_text(blind_translator, "wir")
    assert inspection.attention is None
    assert len(inspection.gates.layers) == 3


def test_a_blank_text_has_nothing_to_show(translator: Translator) -> None:
    [inspection] = inspect_text(translator, " \t ")
    assert inspection.gates.layers == []
    assert inspection.next == []
    assert inspection.attention == []


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (" ", "we", "the sentence is blank"),
        ("wir", "", "the target is blank"),
        ("ä ö" * MOST_TOKENS, "we", "at most 1,000"),
    ],
)
def test_pairs_that_cannot_be_read_are_refused(source: str, target: str, message: str, translator: Translator) -> None:
    with pytest.raises(UserError, match=message):
        inspect_pair(translator, source, target)
