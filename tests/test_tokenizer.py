"""The tokenizer loses nothing but what `normalise` says, and tells the user what a corpus can carry."""

import multiprocessing
import random
import re
from pathlib import Path
from typing import Any, Literal

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.errors import UserError
from seq2seq.tokenizer import JOINT, SOURCE, TARGET, Tokenizer, TokenizerOptions, normalise, seed_sampling
from seq2seq.vocabulary import BOS, EOS, PAD, SPECIAL, UNK

Kind = Literal["unigram", "bpe"]
KINDS: tuple[Kind, ...] = ("unigram", "bpe")


def corpus(seed: int, sentences: int = 10_000, forms: int = 350) -> list[str]:
    """Sentences of 4 to 10 made-up words, out of few word forms: as small a language as a grammar corpus."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyzäöü", k=draw.randint(2, 9))) for _ in range(forms)]
    return [" ".join(draw.choices(words, k=draw.randint(4, 10))) for _ in range(sentences)]


SOURCES, TARGETS = corpus(1), corpus(2)
SMALL = {kind: TokenizerOptions(vocab_size=600, kind=kind) for kind in KINDS}
TOKENIZERS = {kind: Tokenizer.train(SOURCES, TARGETS, SMALL[kind]) for kind in KINDS}
SEPARATE = Tokenizer.train(SOURCES, TARGETS, TokenizerOptions(vocab_size=400, joint=False))


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(text=st.text())
def test_any_text_round_trips(kind: Kind, text: str) -> None:
    tokenizer = TOKENIZERS[kind]
    [ids] = tokenizer.encode_target([text])
    assert tokenizer.decode_target([ids]) == [normalise(text)]
    assert UNK not in ids


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁")))
def test_normalise_touches_white_space_alone(text: str) -> None:
    assert normalise(text) == " ".join(text.split())
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "日本語",
        "👩‍👩‍👧 😀",
        "e\u0301 é ﬁ Ⅷ",
        "\ufeffa\u200bb",
        "a\x00b\x07",
        "</s> <pad> <0x41>",
        "⁇ �",
        "نص עברית",
        "“a” «b»",
    ],
)
def test_text_that_is_kept_as_it_is(text: str) -> None:
    assert normalise(text) == text
    for tokenizer in (*TOKENIZERS.values(), SEPARATE):
        assert tokenizer.decode_target(tokenizer.encode_target([text])) == [text]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("  a \t b\n", "a b"), ("a\u00a0b\u3000c", "a b c"), ("a▁b", "a b"), ("a\ud800b", "a?b"), ("\u2028\x85\x1c", "")],
)
def test_all_that_is_lost(text: str, kept: str) -> None:
    for tokenizer in TOKENIZERS.values():
        assert tokenizer.decode_target(tokenizer.encode_target([text])) == [kept]


def test_ids_end_with_eos_and_hold_no_other_special_id() -> None:
    for encode in (SEPARATE.encode_source, SEPARATE.encode_target):
        for row in encode(["", *SOURCES[:100]]):
            assert row[-1] == EOS
            assert not {PAD, UNK, BOS, EOS} & set(row[:-1])
    assert SEPARATE.encode_source([""]) == [[EOS]]
    assert SEPARATE.encode_source([]) == []


def test_decoding_drops_padding_and_ends() -> None:
    tokenizer = TOKENIZERS["unigram"]
    [ids] = tokenizer.encode_target([TARGETS[0]])
    assert tokenizer.decode_target([[BOS, *ids, PAD, PAD], [], [EOS]]) == [TARGETS[0], "", ""]


@settings(deadline=None)
@given(ids=st.lists(st.integers(0, 599), max_size=30))
def test_whatever_a_model_emits_is_one_line_of_text(ids: list[int]) -> None:
    [text] = TOKENIZERS["unigram"].decode_target([ids])
    assert text == normalise(text)
    text.encode("utf-8")


def test_pieces_spell_the_text_and_name_the_special_ids() -> None:
    tokenizer = TOKENIZERS["unigram"]
    [ids] = tokenizer.encode_source([SOURCES[0]])
    pieces = tokenizer.source_pieces(ids)
    assert "".join(pieces[:-1]).replace("▁", " ").strip() == SOURCES[0]
    assert pieces[-1] == "</s>"
    assert tokenizer.target_pieces(SPECIAL) == tuple(SPECIAL.values())


def test_sides_are_separate_or_one() -> None:
    assert TOKENIZERS["bpe"].source_size == TOKENIZERS["bpe"].target_size == 600
    assert (SEPARATE.source_size, SEPARATE.target_size) == (400, 400)
    text = [SOURCES[0]]
    assert TOKENIZERS["bpe"].encode_source(text) == TOKENIZERS["bpe"].encode_target(text)
    assert SEPARATE.encode_source(text) != SEPARATE.encode_target(text)
    assert len(SEPARATE.encode_source(text)[0]) < len(SEPARATE.encode_target(text)[0])  # each knows its own words


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_deterministic(kind: Kind) -> None:
    again = Tokenizer.train(iter(SOURCES), iter(TARGETS), SMALL[kind])
    assert again.fingerprint == TOKENIZERS[kind].fingerprint
    assert Tokenizer.train(TARGETS, SOURCES[:-50], SMALL[kind]).fingerprint != again.fingerprint


def test_the_fingerprint_is_of_both_sides() -> None:
    options = TokenizerOptions(vocab_size=400, joint=False)
    sides = [(SOURCES, TARGETS), (SOURCES, SOURCES), (TARGETS, SOURCES)]
    assert len({Tokenizer.train(*side, options).fingerprint for side in sides}) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_sampling_varies_the_cut_and_keeps_the_text(kind: Kind) -> None:
    tokenizer, texts = TOKENIZERS[kind], TARGETS[:50]
    assert tokenizer.encode_target(texts) == tokenizer.encode_target(texts)
    seed_sampling(1)
    first, second = tokenizer.encode_target(texts, 0.2), tokenizer.encode_target(texts, 0.2)
    assert first != second  # the generator goes on from call to call
    assert tokenizer.decode_target(first) == tokenizer.decode_target(second) == texts
    seed_sampling(1)
    assert [tokenizer.encode_target(texts, 0.2), tokenizer.encode_target(texts, 0.2)] == [first, second]
    seed_sampling(2)
    assert tokenizer.encode_target(texts, 0.2) != first


def test_sampling_is_the_share_of_merges_dropped_or_the_tameness() -> None:
    def length(kind: Kind, sampling: float) -> int:
        return sum(map(len, TOKENIZERS[kind].encode_target(TARGETS[:200], sampling)))

    assert length("bpe", 0) < length("bpe", 0.1) < length("bpe", 0.9)
    assert length("unigram", 0) <= length("unigram", 1.0) < length("unigram", 0.05)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize(("asked", "message"), [(60_000, r"too large .* is (\d+)"), (100, r"too small .* need (\d+)")])
def test_a_vocabulary_that_does_not_fit_names_the_bound(kind: Kind, joint: bool, asked: int, message: str) -> None:
    lines = SOURCES[:500]
    with pytest.raises(UserError) as error:
        Tokenizer.train(lines, lines, TokenizerOptions(asked, joint, kind))
    assert joint or "source side" in str(error.value)
    found = re.search(message, str(error.value))
    assert found
    bound = int(found.group(1))
    assert Tokenizer.train(lines, lines, TokenizerOptions(bound, joint, kind)).source_size == bound
    beyond = bound + 1 if asked > bound else bound - 1
    with pytest.raises(UserError):
        Tokenizer.train(lines, lines, TokenizerOptions(beyond, joint, kind))


@pytest.mark.parametrize("lines", [[], [""], [" \t", "▁"]])
def test_a_corpus_without_text_is_the_users_to_mend(lines: list[str]) -> None:
    with pytest.raises(UserError, match="no text"):
        Tokenizer.train(lines, lines, TokenizerOptions())


@pytest.mark.parametrize("options", [{"sampling": -0.1}, {"sampling": 1.5}, {"character_coverage": 0.0}])
def test_options_out_of_range_name_their_key(options: dict[str, float]) -> None:
    with pytest.raises(UserError, match=next(iter(options))):
        TokenizerOptions(**options)  # type: ignore[arg-type]


def test_long_lines_are_encoded() -> None:
    line = " ".join(SOURCES[:2_000])
    assert len(line.split()) > 10_000
    for tokenizer in TOKENIZERS.values():
        assert tokenizer.decode_target(tokenizer.encode_target([line])) == [line]


def test_long_lines_are_learned_from() -> None:
    line = "wort " * 1_000  # longer than SentencePiece takes unless it is told to
    tokenizer = Tokenizer.train([line], ["a"], TokenizerOptions(269, kind="bpe"))
    assert "ort" in tokenizer.source_pieces(range(tokenizer.source_size))


@pytest.mark.parametrize("tokenizer", [*TOKENIZERS.values(), SEPARATE])
def test_save_then_load_changes_nothing(tokenizer: Tokenizer, tmp_path: Path) -> None:
    for earlier in (SEPARATE, TOKENIZERS["bpe"], tokenizer):  # a folder used before
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


def test_a_truncated_file_is_refused_or_harmless(tmp_path: Path) -> None:
    tokenizer = TOKENIZERS["unigram"]
    tokenizer.save(tmp_path)
    whole = (tmp_path / JOINT).read_bytes()
    kept = []
    for size in (*range(0, len(whole), 97), *range(len(whole) - 60, len(whole))):
        (tmp_path / JOINT).write_bytes(whole[:size])
        try:
            loaded = Tokenizer.load(tmp_path)
        except UserError:
            continue
        kept.append(size)
        assert loaded.encode_source(SOURCES[:200]) == tokenizer.encode_source(SOURCES[:200])
    assert len(kept) <= 1  # where only the last field is gone, which holds SentencePiece's defaults


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


def test_a_spawned_process_can_have_it() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as workers:
        rows = workers.apply(SEPARATE.encode_target, (TARGETS[:20],))
    assert rows == SEPARATE.encode_target(TARGETS[:20])
