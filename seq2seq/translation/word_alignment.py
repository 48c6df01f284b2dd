"""Turn attention over subword tokens into attention over words, and into word alignments."""

import codecs
import re
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.text.pharaoh import WordLinks
from seq2seq.text.special_tokens import EOS, SPECIAL_TOKENS
from seq2seq.text.tokenizer import SPACE

END = SPECIAL_TOKENS[EOS]
BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Alignment(NamedTuple):
    """Attention weights over words. `str.split` defines the words of a text."""

    matrix: Tensor  # (target words, source words)
    source_words: tuple[str, ...]
    target_words: tuple[str, ...]


class Word(NamedTuple):
    """A word, and the indices of its tokens in the sentence."""

    text: str
    tokens: list[int]


def merge_subwords(weights: Tensor, source_tokens: Sequence[str], target_tokens: Sequence[str]) -> Alignment:
    """Return the attention weights over words that follow from attention weights over tokens.

    The weights are summed over the tokens of a source word and averaged over the tokens of a target word, so that a
    distribution over tokens becomes a distribution over words. "</s>" is not a word: its weight is left out, and a row
    sums to the weight of the other tokens.

    Args:
        weights: (target tokens, source tokens).
        source_tokens, target_tokens: as SentencePiece writes them, "</s>" included.
    """
    sources, targets = group_words(source_tokens), group_words(target_tokens)
    from_source = membership(sources, len(source_tokens))
    from_target = membership(targets, len(target_tokens))
    mean = from_target / from_target.sum(dim=1, keepdim=True)
    matrix = mean @ weights.float() @ from_source.T
    return Alignment(matrix, tuple(word.text for word in sources), tuple(word.text for word in targets))


def group_words(tokens: Sequence[str]) -> list[Word]:
    """Return the words of a tokenized sentence.

    Words end at white space only, as in the decoded text, even where white space is spelled in bytes or repeated. A
    token of white space alone belongs to the next word, or to no word.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    words: list[Word] = []
    inside = False
    pending: list[int] = []  # tokens whose character is not complete yet
    for index, token in enumerate(tokens):
        if token != END:
            pending.append(index)
        for character in decoder.decode(token_bytes(token), final=index == len(tokens) - 1):
            if character == SPACE or character.isspace():
                inside, pending = False, [index]
                continue
            text, members = words.pop() if inside else ("", [])
            words.append(Word(text + character, members + pending))
            inside, pending = True, []
    return words


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
