"""An encoder's vectors stand beside their tokens, whatever padding the batches had."""

import pytest
import torch
from hypothesis import given
from random_models import lengths as random_lengths
from random_models import quick, seeds, sentences, small_model

from seq2seq.insight import sentence_vectors
from seq2seq.insight.sentence_vectors import TokenizedSentences, occurrences, read_sentences, tokenize
from seq2seq.text.special_tokens import EOS
from seq2seq.translation.long_text import PART_TOKENS
from seq2seq.translation.translator import Translator

LENGTHS = [3, 1, 5, 2, 5]


def from_rows(rows: list[list[int]]) -> TokenizedSentences:
    lengths = torch.tensor([len(row) - 1 for row in rows])
    tokens = torch.tensor([token for row in rows for token in row[:-1]])
    return TokenizedSentences(rows, tokens, lengths, lengths.cumsum(dim=0) - lengths)


@quick
@given(seeds, random_lengths)
def test_padding_never_changes_a_vector(seed: int, lengths: list[int]) -> None:
    torch.manual_seed(seed)
    encoder, tokenized = small_model().encoder, from_rows(sentences(lengths))
    vectors = read_sentences(encoder, tokenized)
    for index, row in enumerate(tokenized.rows):
        with torch.inference_mode():
            alone = encoder(torch.tensor([row]), torch.ones(1, len(row), dtype=torch.bool))
        start, length = int(tokenized.starts[index]), int(tokenized.lengths[index])
        torch.testing.assert_close(vectors.summary[index], alone.summary[0])
        torch.testing.assert_close(vectors.memory[start : start + length], alone.values[0, :-1])


@pytest.mark.parametrize("batch_tokens", [1, 12, 10_000])
def test_the_size_of_batches_never_changes_a_vector(batch_tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    encoder, tokenized = small_model(bidirectional=False, reversed=True).encoder, from_rows(sentences(LENGTHS))
    expected = read_sentences(encoder, tokenized)
    monkeypatch.setattr(sentence_vectors, "BATCH_TOKENS", batch_tokens)
    torch.testing.assert_close(read_sentences(encoder, tokenized), expected)


def test_a_position_is_counted_from_either_side() -> None:
    tokenized = from_rows(sentences(LENGTHS))
    for position in range(max(LENGTHS)):
        for from_end in (False, True):
            places = occurrences(tokenized, position, from_end)
            rows = [(index, row[:-1]) for index, row in enumerate(tokenized.rows) if len(row) - 1 > position]
            assert places.sentences.tolist() == [index for index, _ in rows]
            expected = [row[::-1][position] if from_end else row[position] for _, row in rows]
            assert tokenized.tokens[places.tokens].tolist() == expected


def test_a_vector_is_taken_for_each_occurrence() -> None:
    torch.manual_seed(0)
    tokenized = from_rows(sentences(LENGTHS))
    vectors = read_sentences(small_model().encoder, tokenized)
    places = occurrences(tokenized, 2, from_end=False)
    assert torch.equal(vectors.at(places, summary=True), vectors.summary[[0, 2, 4]])
    assert torch.equal(vectors.at(places, summary=False), vectors.memory[[2, 6, 13]])


def test_blank_and_overlong_sentences_are_left_out(translator: Translator) -> None:
    texts = ["der Hund", " ", "", "ein Buch", "x" * 4 * PART_TOKENS]
    tokenized = tokenize(translator.tokenizer, texts, 10, 1000)
    assert tokenized.rows == translator.tokenizer.encode_source(["der Hund", "ein Buch"])
    assert EOS not in tokenized.tokens
    assert tokenize(translator.tokenizer, [""], 10, 1000).rows == []


def test_evenly_spaced_sentences_are_taken_of_too_many(translator: Translator) -> None:
    texts = ["der", "Hund", "die", "Katze", "das", "Buch"]
    rows = translator.tokenizer.encode_source(texts)
    assert tokenize(translator.tokenizer, texts, 3, 1000).rows == rows[::2]
    limited = tokenize(translator.tokenizer, texts, 10, (sum(map(len, rows)) + 1) // 2)
    assert limited.rows == rows[::2]
