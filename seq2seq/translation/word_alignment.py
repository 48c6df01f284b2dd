"""Turn attention over subword tokens into attention over words, and into word alignments."""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.text.normalisation import SPACE
from seq2seq.text.pharaoh import WordLinks
from seq2seq.text.special_tokens import EOS, SPECIAL_TOKENS
from seq2seq.text.words import in_unspaced_script

END = SPECIAL_TOKENS[EOS]
BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Alignment(NamedTuple):
    """Attention weights over words.

    Words stand between white space. In scripts without spaces, tokens take the place of words (see `group_words`).
    """

    matrix: Tensor  # (target words, source words)
    source_words: tuple[str, ...]
    target_words: tuple[str, ...]


class Word(NamedTuple):
    """A word, and the indices of its tokens in the sentence."""

    text: str
    tokens: list[int]


def merge_subwords(
    weights: Tensor, source_tokens: Sequence[str], target_tokens: Sequence[str], spaces_only: bool = False
) -> Alignment:
    """Return the attention weights over words that follow from attention weights over tokens.

    The weights are summed over the tokens of a source word and averaged over the tokens of a target word, so that a
    distribution over tokens becomes a distribution over words. "</s>" is not a word: its weight is left out, and a row
    sums to the weight of the other tokens.

    Args:
        weights: (target tokens, source tokens).
        source_tokens, target_tokens: as SentencePiece writes them, "</s>" included.
        spaces_only: see `group_words`.
    """
    sources, targets = group_words(source_tokens, spaces_only), group_words(target_tokens, spaces_only)
    from_source = membership(sources, len(source_tokens))
    from_target = membership(targets, len(target_tokens))
    mean = from_target / from_target.sum(dim=1, keepdim=True)
    matrix = mean @ weights.float() @ from_source.T
    return Alignment(matrix, tuple(word.text for word in sources), tuple(word.text for word in targets))


def group_words(tokens: Sequence[str], spaces_only: bool = False) -> list[Word]:
    """Return the words of a tokenized sentence.

    Words end at white space, as in the decoded text, even where white space is spelled in bytes or repeated. A token
    of white space alone belongs to the next word, or to no word. In scripts without spaces between words, a word also
    ends where a token ends, but not inside a character or before a combining mark.

    Args:
        tokens: as SentencePiece writes them.
        spaces_only: words end at white space only, in all scripts: for gold alignments, whose words are numbered so.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    words: list[Word] = []
    inside = False
    unspaced = False  # whether the word's last character belongs to a script without spaces
    pending: list[int] = []  # tokens whose character is not complete yet
    for index, token in enumerate(tokens):
        if token != END:
            pending.append(index)
        for character in decoder.decode(token_bytes(token), final=index == len(tokens) - 1):
            if character == SPACE or character.isspace():
                inside, pending = False, [index]
                continue
            if not is_combining(character):
                before, unspaced = unspaced, in_unspaced_script(character) and not spaces_only
                if pending and (before or unspaced):  # the first character of a token
                    inside = False
            text, members = words.pop() if inside else ("", [])
            words.append(Word(text + character, members + pending))
            inside, pending = True, []
    return words


def is_combining(character: str) -> bool:
    """Return whether a character is a mark on the character before it."""
    return unicodedata.category(character).startswith("M")


def token_bytes(token: str) -> bytes:
    """Return a token's text in UTF-8. "<0xE2>" is one byte; "</s>" has no text."""
    if byte := BYTE.fullmatch(token):
        return bytes.fromhex(byte.group(1))
    return b"" if token == END else token.encode()


def membership(words: Sequence[Word], tokens: int) -> Tensor:
    """Return a matrix of shape (words, tokens): 1 where the token belongs to the word, otherwise 0."""
    matrix = torch.zeros(len(words), tokens)
    for row, word in zip(matrix, words, strict=True):
        row[word.tokens] = 1.0
    return matrix


def strongest_links(matrix: Tensor) -> WordLinks:
    """Return one link (source word, target word) for each target word: to the source word with the most attention.

    The first of several equal weights counts. A target word without attention has no link.

    Args:
        matrix: (target words, source words), as in `Alignment`.
    """
    if not matrix.numel():
        return []
    weights, sources = matrix.max(dim=1)
    strongest = zip(sources.tolist(), weights.tolist(), strict=True)
    return [(source, target) for target, (source, weight) in enumerate(strongest) if weight > 0]
