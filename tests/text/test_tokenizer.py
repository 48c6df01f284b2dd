"""Encoding and decoding lose only what `normalise` loses, and files that cannot be used are named."""

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from corpora import made_up_sentences
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.errors import UserError
from seq2seq.text.normalisation import normalise, on_one_line
from seq2seq.text.special_tokens import BOS, EOS, PAD, SPECIAL_TOKENS, UNK
from seq2seq.text.tokenizer import JOINT, SOURCE, TARGET, Tokenizer, TokenizerOptions, seed_sampling
from seq2seq.text.tokenizer_training import ModelType

MODEL_TYPES: tuple[ModelType, ...] = ("unigram", "bpe")


SOURCES, TARGETS = made_up_sentences(1), made_up_sentences(2)
TOKENIZERS = {
    model_type: Tokenizer.train(SOURCES, TARGETS, TokenizerOptions(600, model_type=model_type))
    for model_type in MODEL_TYPES
}
SEPARATE = Tokenizer.train(SOURCES, TARGETS, TokenizerOptions(vocab_size=400, joint=False))


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@settings(deadline=None)
@given(text=st.text())
def test_any_text_round_trips(model_type: ModelType, text: str) -> None:
    tokenizer = TOKENIZERS[model_type]
    [ids] = tokenizer.encode_target([text])
    assert tokenizer.decode_target([ids]) == [normalise(text)]
    assert UNK not in ids


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "日本語",
        "👩‍👩‍👧 😀",
        "q\u0301 é ﬁ Ⅷ",
        "می\u200cخواهم",
        "a\x00b\x07",
        "</s> <pad> <0x41>",
        "⁇ �",
        "نص עברית",
        "“a” «b»",
    ],
)
def test_text_that_encoding_keeps(text: str) -> None:
    assert normalise(text) == text
    for tokenizer in (*TOKENIZERS.values(), SEPARATE):
        assert tokenizer.decode_target(tokenizer.encode_target([text])) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a \t b\n", "a b"),
        ("a\u00a0b\u3000c", "a b c"),
        ("a▁b", "a b"),
        ("a\ud800b", "a?b"),
        ("\u2028\x85\x1c", ""),
        ("e\u0301", "é"),
        ("\ufeffa\u200bb", "ab"),
        ("&lt;a&gt;", "<a>"),
    ],
)
def test_text_that_encoding_changes(text: str, expected: str) -> None:
    for tokenizer in TOKENIZERS.values():
        assert tokenizer.decode_target(tokenizer.encode_target([text])) == [expected]


def test_equal_looking_texts_have_equal_ids() -> None:
    for tokenizer in (*TOKENIZERS.values(), SEPARATE):
        for encode in (tokenizer.encode_source, tokenizer.encode_target):
            first, *others = encode(["Mädchen", "Ma\u0308dchen", "Mäd\u00adchen", "\u202aMädchen\u202c\ufeff"])
            assert others == [first] * 3


def test_ids_end_with_eos_and_hold_no_other_special_id() -> None:
    for encode in (SEPARATE.encode_source, SEPARATE.encode_target):
        for row in encode(["", *SOURCES[:100]]):
            assert row[-1] == EOS
            assert not {PAD, UNK, BOS, EOS} & set(row[:-1])
    assert SEPARATE.encode_source([""]) == [[EOS]]
    assert SEPARATE.encode_source([]) == []


def test_decoding_leaves_out_special_tokens() -> None:
    tokenizer = TOKENIZERS["unigram"]
    [ids] = tokenizer.encode_target([TARGETS[0]])
    assert tokenizer.decode_target([[BOS, *ids, PAD, PAD], [], [EOS]]) == [TARGETS[0], "", ""]


@settings(deadline=None)
@given(ids=st.lists(st.integers(0, 599), max_size=30))
def test_any_predicted_ids_decode_to_one_line_of_text(ids: list[int]) -> None:
    [text] = TOKENIZERS["unigram"].decode_target([ids])
    assert text == on_one_line(text)
    text.encode("utf-8")


def test_tokens_spell_the_text_and_name_the_special_ids() -> None:
    tokenizer = TOKENIZERS["unigram"]
    [ids] = tokenizer.encode_source([SOURCES[0]])
    tokens = tokenizer.source_tokens(ids)
    assert "".join(tokens[:-1]).replace("▁", " ").strip() == SOURCES[0]
    assert tokens[-1] == "</s>"
    assert tokenizer.target_tokens(SPECIAL_TOKENS) == tuple(SPECIAL_TOKENS.values())


def test_both_sides_have_one_model_or_each_its_own() -> None:
    assert TOKENIZERS["bpe"].source_size == TOKENIZERS["bpe"].target_size == 600
    assert (SEPARATE.source_size, SEPARATE.target_size) == (400, 400)
    text = [SOURCES[0]]
    assert TOKENIZERS["bpe"].encode_source(text) == TOKENIZERS["bpe"].encode_target(text)
    assert SEPARATE.encode_source(text) != SEPARATE.encode_target(text)
    assert len(SEPARATE.encode_source(text)[0]) < len(
        SEPARATE.encode_target(text)[0]
    )  # each model has the words of its own side


def test_the_fingerprint_depends_on_both_sides() -> None:
    options = TokenizerOptions(vocab_size=400, joint=False)
    sides = [(SOURCES, TARGETS), (SOURCES, SOURCES), (TARGETS, SOURCES)]
    assert len({Tokenizer.train(*side, options).fingerprint for side in sides}) == 3


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_sampling_varies_the_cut_and_keeps_the_text(model_type: ModelType) -> None:
    # A unigram model cuts only about one text in twenty otherwise: of few texts, all may be cut alike by chance.
    tokenizer, texts = TOKENIZERS[model_type], TARGETS
    assert tokenizer.encode_target(texts) == tokenizer.encode_target(texts)
    seed_sampling(1)
    first, second = tokenizer.encode_target(texts, 0.2), tokenizer.encode_target(texts, 0.2)
    assert first != second  # one generator serves both calls
    assert tokenizer.decode_target(first) == tokenizer.decode_target(second) == texts
    seed_sampling(1)
    assert [tokenizer.encode_target(texts, 0.2), tokenizer.encode_target(texts, 0.2)] == [first, second]
    seed_sampling(2)
    assert tokenizer.encode_target(texts, 0.2) != first


def test_sampling_drops_merges_in_bpe_and_is_an_exponent_in_unigram() -> None:
    def length(model_type: ModelType, sampling: float) -> int:
        return sum(map(len, TOKENIZERS[model_type].encode_target(TARGETS[:200], sampling)))

    assert length("bpe", 0) < length("bpe", 0.1) < length("bpe", 0.9)
    assert length("unigram", 0) <= length("unigram", 1.0) < length("unigram", 0.05)


@pytest.mark.parametrize("options", [{"sampling": -0.1}, {"sampling": 1.5}, {"character_coverage": 0.0}])
def test_options_out_of_range_name_their_key(options: dict[str, float]) -> None:
    with pytest.raises(UserError, match=next(iter(options))):
        TokenizerOptions(**options)  # type: ignore[arg-type]


def test_long_lines_are_encoded() -> None:
    line = " ".join(SOURCES[:2_000])
    assert len(line.split()) > 10_000
    for tokenizer in TOKENIZERS.values():
        assert tokenizer.decode_target(tokenizer.encode_target([line])) == [line]


@pytest.mark.parametrize("tokenizer", [*TOKENIZERS.values(), SEPARATE])
def test_save_then_load_changes_nothing(tokenizer: Tokenizer, tmp_path: Path) -> None:
    for earlier in (SEPARATE, TOKENIZERS["bpe"], tokenizer):  # the folder holds an earlier tokenizer
        earlier.save(tmp_path)
    loaded = Tokenizer.load(tmp_path)
    assert loaded.fingerprint == tokenizer.fingerprint
    assert loaded.encode_source(TARGETS[:20]) == tokenizer.encode_source(TARGETS[:20])
    assert loaded.encode_target(TARGETS[:20]) == tokenizer.encode_target(TARGETS[:20])
    assert {path.name for path in tmp_path.iterdir()} == ({JOINT} if tokenizer.joint else {SOURCE, TARGET})


def test_the_file_is_a_plain_sentencepiece_model(tmp_path: Path) -> None:
    TOKENIZERS["bpe"].save(tmp_path)
    plain = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / JOINT))
    assert [*plain.encode(SOURCES[0]), EOS] == TOKENIZERS["bpe"].encode_source([SOURCES[0]])[0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=JOINT):
        Tokenizer.load(tmp_path)
    SEPARATE.save(tmp_path)
    (tmp_path / TARGET).unlink()
    with pytest.raises(UserError, match=TARGET):
        Tokenizer.load(tmp_path)


def test_a_truncated_file_is_an_error_or_harmless(tmp_path: Path) -> None:
    tokenizer = TOKENIZERS["unigram"]
    tokenizer.save(tmp_path)
    whole = (tmp_path / JOINT).read_bytes()
    loaded_sizes = []
    for size in (*range(0, len(whole), 97), *range(len(whole) - 60, len(whole))):
        (tmp_path / JOINT).write_bytes(whole[:size])
        try:
            loaded = Tokenizer.load(tmp_path)
        except UserError:
            continue
        loaded_sizes.append(size)
        assert loaded.encode_source(SOURCES[:200]) == tokenizer.encode_source(SOURCES[:200])
    assert len(loaded_sizes) <= 1  # without the last field, which holds SentencePiece's defaults


@pytest.mark.parametrize(
    "foreign",
    [
        {"byte_fallback": True, "normalization_rule_name": "identity"},  # SentencePiece's own special ids
        {"pad_id": PAD, "unk_id": UNK, "bos_id": BOS, "eos_id": EOS},  # no byte fallback
        {"pad_id": PAD, "unk_id": UNK, "bos_id": BOS, "eos_id": EOS, "byte_fallback": True},  # NFKC
    ],
)
def test_a_foreign_file_is_named(foreign: dict[str, Any], tmp_path: Path) -> None:
    prefix = str(tmp_path / "tokenizer")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SOURCES[:300]),
        model_prefix=prefix,
        vocab_size=320,
        hard_vocab_limit=False,
        minloglevel=3,
        **foreign,
    )
    with pytest.raises(UserError, match=JOINT):
        Tokenizer.load(tmp_path)
    (tmp_path / JOINT).write_bytes(b"no model at all " * 50)
    with pytest.raises(UserError, match=JOINT):
        Tokenizer.load(tmp_path)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tokenizer = Tokenizer.train(SOURCES[:300], TARGETS[:300], TokenizerOptions(350))
    tokenizer.decode_target(tokenizer.encode_target(["日本語"], 0.5))
    with pytest.raises(UserError):
        Tokenizer.train(SOURCES[:300], TARGETS[:300], TokenizerOptions(50_000))
    for damaged, fault in ((b"", "empty"), (b"damaged", "damaged")):
        (tmp_path / JOINT).write_bytes(damaged)
        with pytest.raises(UserError, match=f"it is {fault}"):
            Tokenizer.load(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_spawned_process_can_unpickle_a_tokenizer() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as workers:
        rows = workers.apply(SEPARATE.encode_target, (TARGETS[:20],))
    assert rows == SEPARATE.encode_target(TARGETS[:20])
