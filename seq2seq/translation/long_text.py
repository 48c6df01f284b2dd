"""Cut text into parts that the model can translate, and join the translations of the parts."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.text.normalisation import normalise
from seq2seq.text.pharaoh import WordLinks
from seq2seq.text.sentence_splitter import sentence_starts, split_sentences
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.translation.sentences import SentenceTranslation
from seq2seq.translation.word_alignment import Alignment, strongest_links

PART_TOKENS = 150  # A part's translation may be a third longer: by default, it may have 200 tokens.
SHOWN_WORDS = 500  # the most words on either side of an alignment that is shown

PAUSE = re.compile(r"[,;:،؛](?= )|(?<= )[–—-](?= )|[、，；：・。！？」』）]")
SPACE = re.compile(" ")
MOST_MARKS = 30  # on one character, in text that is not hostile (UAX #15, section 13)
SKIN_TONES = [chr(code) for code in range(0x1F3FB, 0x1F400)]
FLAG_LETTERS = [chr(code) for code in range(0x1F1E6, 0x1F200)]
VIRAMA = 9  # the combining class of the marks that join two consonants of an Indian script


@dataclass(frozen=True)
class Translation:
    """One translation of a text.

    Args:
        text: the translation.
        score: what the search ranks by: the log-probability, normalised by length. The mean over the parts.
        log_probability: of all target tokens, natural logarithm. The sum over the parts.
        parts: the translations of the parts. There is one part, unless the text had several sentences or was too long.
        sentences: how many sentences the text was cut into; a sentence that is too long has several parts.
        alignment: the attention over words. `Translator.translate` adds it; None without attention or without words.
    """

    text: str
    score: float
    log_probability: float
    parts: tuple[SentenceTranslation, ...] = field(repr=False)
    sentences: int = 1
    alignment: Alignment | None = field(default=None, repr=False, compare=False)

    @property
    def remarks(self) -> dict[str, str]:
        """What the user should know about the parts, by the kind of remark."""
        remarks = {}
        if self.sentences > 1:
            remarks["sentences"] = f"{self.sentences} sentences, so each of them is translated alone"
        if len(self.parts) > self.sentences:
            remarks["long"] = f"too long, so it is cut and translated in {len(self.parts)} parts"
        return remarks

    @property
    def tokens(self) -> tuple[str, ...]:
        """The subword tokens of the translation, as SentencePiece writes them, without "</s>"."""
        return tuple(token for part in self.parts for token in part.target_tokens[:-1])


class TextParts(NamedTuple):
    """What of a text is translated at a time."""

    parts: list[str]  # normalised; together they hold all of the text
    sentences: int  # how many of them the text was cut into, before those that are too long were cut again


def cut(text: str, tokenizer: Tokenizer, at_sentence_ends: bool, part_tokens: int = PART_TOKENS) -> TextParts:
    """Cut a text into parts of at most `part_tokens` tokens.

    Args:
        text: raw text of any length.
        tokenizer: counts the tokens.
        at_sentence_ends: whether each sentence becomes a part. Otherwise, a text that is short enough is one part.
        part_tokens: the most tokens in a part.
    """
    text = normalise(text)
    sentences = split_sentences(text) if at_sentence_ends else [text]
    parts = [part for sentence in sentences for part in cut_to_length(sentence, tokenizer, part_tokens)]
    return TextParts(parts, len(sentences))


def cut_to_length(text: str, tokenizer: Tokenizer, part_tokens: int) -> list[str]:
    """Halve a normalised text, at the best place near its middle, until no part has more than `part_tokens` tokens.

    A part can be longer if it is one character with up to `MOST_MARKS` marks.
    """
    # A token has a byte or more. The space that SentencePiece puts before a text can be one more token.
    if len(text.encode()) < part_tokens or len(tokenizer.encode_source([text])[0]) - 1 <= part_tokens:
        return [text]
    position = best_cut(text)
    if position is None:
        return [text]
    halves = text[:position].strip(), text[position:].strip()
    return [part for half in halves for part in cut_to_length(half, tokenizer, part_tokens)]


def best_cut(text: str) -> int | None:
    """Return the best place to cut a normalised text in two; None if there is none.

    The best place is the one nearest to the middle, in the text's middle half, of the first kind that occurs there: the
    end of a sentence; a comma, colon, semicolon or dash; a space; a place between two characters.
    """
    least, most = len(text) // 4, len(text) - len(text) // 4
    sentences = [start for start in sentence_starts(text) if start and least <= start <= most]
    pauses = sentences or [pause.end() for pause in PAUSE.finditer(text, least, most)]
    places = pauses or [space.end() for space in SPACE.finditer(text, least, most)]
    if not places:
        return cut_between_characters(text)
    return min(places, key=lambda place: abs(2 * place - len(text)))


def cut_between_characters(text: str) -> int | None:
    """Return the place nearest to the middle that is not inside a character as readers see it; None if there is none.

    A sequence of more than `MOST_MARKS` marks is cut anywhere, because somebody made it to be too long.
    """
    middle = len(text) // 2
    for distance in range(min(middle, MOST_MARKS + 1) + 1):
        for position in (middle - distance, middle + distance):
            if 0 < position < len(text) and not is_inside_a_character(text, position):
                return position
    return middle if len(text) > MOST_MARKS + 1 else None


def is_inside_a_character(text: str, position: int) -> bool:
    """Return whether a place is before a mark, beside a joiner, or inside an emoji, after Unicode's UAX #29."""
    before, after = text[position - 1], text[position]
    return (
        unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf")
        or after in SKIN_TONES
        or unicodedata.category(before) == "Cf"
        or unicodedata.combining(before) == VIRAMA
        or (before in FLAG_LETTERS and after in FLAG_LETTERS)
    )


def join_translations(parts: Sequence[Sequence[SentenceTranslation]], sentences: int = 1) -> list[Translation]:
    """Return the n best translations of a text: the best translations of all parts joined, then the second best, …

    A part that has fewer translations repeats its last one.

    Args:
        parts: for each part of the text, its n best translations, best first.
        sentences: how many sentences the text was cut into.
    """
    translations = []
    for rank in range(max(len(n_best) for n_best in parts)):
        chosen = tuple(n_best[min(rank, len(n_best) - 1)] for n_best in parts)
        translations.append(
            Translation(
                text=" ".join(part.text for part in chosen if part.text),
                score=sum(part.score for part in chosen) / len(chosen),
                log_probability=sum(part.log_probability for part in chosen),
                parts=chosen,
                sentences=sentences,
            )
        )
    return translations


def join_links(parts: Sequence[Alignment]) -> WordLinks:
    """Return the strongest links (source word, target word) of all parts, counted from the start of the whole text."""
    links: WordLinks = []
    sources = targets = 0
    for part in parts:
        links += [(sources + source, targets + target) for source, target in strongest_links(part.matrix)]
        sources, targets = sources + len(part.source_words), targets + len(part.target_words)
    return links


def join_alignments(parts: Sequence[Alignment]) -> Alignment:
    """Return the alignments of all parts as one block-diagonal matrix, to be shown.

    Raises:
        UserError: there are more than `SHOWN_WORDS` source or target words.
    """
    source_words = tuple(word for part in parts for word in part.source_words)
    target_words = tuple(word for part in parts for word in part.target_words)
    words = max(len(source_words), len(target_words))
    if words > SHOWN_WORDS:
        raise UserError(f"an alignment of {words} words is too large to show; the most is {SHOWN_WORDS}")
    matrix: Tensor = torch.block_diag(*(part.matrix for part in parts))  # type: ignore[no-untyped-call]
    return Alignment(matrix, source_words, target_words)
