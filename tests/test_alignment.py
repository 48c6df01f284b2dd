"""Attention over pieces becomes attention over the text's own words, whatever the pieces spell."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from torch import Tensor

from seq2seq.alignment import Alignment, clip, links, merge, printable, render, spans, written
from seq2seq.tokenizer import normalise
from seq2seq.translator import Translator
from seq2seq.vocabulary import EOS

quick = settings(max_examples=60, deadline=None, derandomize=True)
words = st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=40)


def random_weights(targets: int, sources: int) -> Tensor:
    return torch.rand(targets, sources, generator=torch.Generator().manual_seed(targets * 1000 + sources)).softmax(
        dim=1
    )


@quick
@given(
    text=st.text(st.characters(), max_size=60)
    | st.sampled_from(["ein Hund", "日本 語", "👩‍👩‍👧 e\u0301", "a\x00 b\x85c"])
)
def test_source_words_are_the_texts(translator: Translator, text: str) -> None:
    [ids] = translator.tokenizer.encode_source([text])
    found = spans(translator.tokenizer.source_pieces(ids))
    assert [word for word, _ in found] == normalise(text).split()
    assert [index for _, pieces in found for index in pieces] == list(range(len(ids) - 1))


@quick
@given(data=st.data())
def test_target_words_are_the_translations(translator: Translator, data: st.DataObject) -> None:
    """Also where a model writes broken UTF-8, spaces in a row, or line ends spelled in bytes."""
    tokenizer = translator.tokenizer
    byte = {piece: index for index, piece in enumerate(tokenizer.target_pieces(range(tokenizer.target_size)))}
    nasty = [
        byte[piece]
        for piece in ("▁", "<0x0A>", "<0xE2>", "<0x80>", "<0xA8>", "<0xC2>", "<0x85>", "<0xFF>", "<0x96>", "<0x81>")
    ]
    pieces = st.sampled_from(nasty) | st.integers(EOS + 1, tokenizer.target_size - 1)
    ids = [*data.draw(st.lists(pieces, max_size=25)), EOS]
    found = spans(tokenizer.target_pieces(ids))
    [text] = tokenizer.decode_target([ids])
    assert [word.replace("\ufffd", "") for word, _ in found] == [word.replace("\ufffd", "") for word in text.split()]
    assert all(pieces for _, pieces in found)


def test_merge_sums_source_pieces_and_averages_target_pieces() -> None:
    weights = torch.tensor([[0.1, 0.2, 0.6, 0.1], [0.3, 0.3, 0.2, 0.2], [0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.0, 1.0]])
    sources, targets = ["▁Hü", "nd", "▁!", "</s>"], ["▁do", "g", "▁!", "</s>"]
    matrix, source_words, target_words = merge(weights, sources, targets)
    assert (source_words, target_words) == (("Hünd", "!"), ("dog", "!"))
    torch.testing.assert_close(matrix, torch.tensor([[0.45, 0.4], [0.0, 0.5]]))


@quick
@given(source=st.text(max_size=30), target=st.text(max_size=30))
def test_words_share_out_what_pieces_did(translator: Translator, source: str, target: str) -> None:
    tokenizer = translator.tokenizer
    [sources], [targets] = tokenizer.encode_source([source]), tokenizer.encode_target([target])
    weights = random_weights(len(targets), len(sources))
    weights[:, -1] = 0.0  # </s>'s, which is no word
    weights /= weights.sum(dim=1, keepdim=True).clamp(min=1e-9)
    matrix, source_words, target_words = merge(
        weights, tokenizer.source_pieces(sources), tokenizer.target_pieces(targets)
    )
    assert matrix.shape == (len(target_words), len(source_words))
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(len(target_words)) * (len(source_words) > 0))


def test_nothing_merges_to_nothing() -> None:
    assert merge(torch.zeros(0, 0), (), ()).matrix.shape == (0, 0)
    assert merge(torch.ones(1, 2), ("▁a", "</s>"), ("</s>",)).matrix.shape == (0, 1)


def test_links_go_to_the_most_attended_source_word() -> None:
    matrix = torch.tensor([[0.1, 0.9, 0.0], [0.4, 0.2, 0.4], [0.0, 0.0, 0.0], [0.0, 0.1, 0.2]])
    assert links(matrix) == [(1, 0), (0, 1), (2, 3)]  # leftmost of equals; none where there is no attention
    assert written(links(matrix)) == "1-0 0-1 2-3"
    assert written(links(torch.zeros(0, 3))) == written(links(torch.zeros(3, 0))) == ""


@quick
@given(sources=words, targets=words, columns=st.integers(50, 100))
def test_rendering_fits_or_says_that_it_is_cut(sources: list[str], targets: list[str], columns: int) -> None:
    weights = random_weights(len(targets), len(sources))
    lines = render(Alignment(weights, tuple(sources), tuple(targets)), columns).plain.split("\n")
    assert all(cell_len(line) <= columns for line in lines)
    assert all(line == printable(line) for line in lines)
    cut = lines[-1].startswith("(cut: ")
    assert cut == (len(lines) - cut < len(sources) + 1 + len(targets))


def test_rendering_shades_each_cell_under_its_word() -> None:
    words = ("我们", "x", "e\u0301t")
    lines = render(Alignment(torch.eye(3), words, words)).plain.split("\n")
    *stairs, _, first, second, third = lines
    assert len(stairs) == 3
    for stair, row in zip(stairs, (first, second, third), strict=True):
        word = stair.split()[-1]
        assert cell_len(stair[: stair.rindex(word)]) == cell_len(row[: row.index("█")])
        assert row.startswith(word)
        assert row.count("█") == 2


def test_long_sentences_are_cut_with_a_word_on_it() -> None:
    many = tuple(f"w{index}" for index in range(200))
    text = render(Alignment(torch.eye(200), many, many)).plain
    assert "of 200 source and 60 of 200 target words" in text.split("\n")[-1]
    assert "(cut" not in render(Alignment(torch.eye(5), many[:5], many[:5])).plain


@quick
@given(text=st.text(st.characters(), max_size=30), width=st.integers(1, 20))
def test_clip_fits(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert cell_len(clipped) <= width
    assert clipped == printable(text) or clipped.endswith("…")


def test_printable_disarms_a_terminal() -> None:
    assert printable("a\x1b[31mb\n\udc80\x9b\uffff") == "a�[31mb����"
    assert printable("é 👩‍👩‍👧 ש") == "é 👩‍👩‍👧 ש"
