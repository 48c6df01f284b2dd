"""Cut text that is too long for the model into parts, and join the translations of the parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.text.pharaoh import WordLinks
from seq2seq.text.tokenizer import Tokenizer, normalise
from seq2seq.translation.sentences import SentenceTranslation
from seq2seq.translation.word_alignment import Alignment, strongest_links

PART_TOKENS = 150  # A part's translation may be a third longer: by default, it may have 200 tokens.
SHOWN_WORDS = 500  # the most words on either side of an alignment that is shown


@dataclass(frozen=True)
class Translation:
    """One translation of a text.

    Args:
        text: the translation.
        score: what the search ranks by: the log-probability, normalised by length. The mean over the parts.
        log_probability: of all target tokens, natural logarithm. The sum over the parts.
        parts: the translations of the parts. There is one part, unless the text was too long for the model.
        alignment: the attention over words. `Translator.translate` adds it; None without attention or without words.
    """

    text: str
    score: float
    log_probability: float
    parts: tuple[SentenceTranslation, ...] = field(repr=False)
    alignment: Alignment | None = field(default=None, repr=False, compare=False)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The subword tokens of the translation, as SentencePiece writes them, without "</s>"."""
        return tuple(token for part in self.parts for token in part.target_tokens[:-1])


def cut(text: str, tokenizer: Tokenizer, part_tokens: int = PART_TOKENS) -> list[str]:
    """Halve a text until no part has more than `part_tokens` tokens.

    A text is cut at the first space after its middle. It is cut in its middle if there is no such space.

    Returns:
        the normalised parts; a short text is one part.
    """
    text = normalise(text)
    if len(text) < 2 or len(tokenizer.encode_source([text])[0]) - 1 <= part_tokens:
        return [text]
    middle = len(text) // 2
    space = text.find(" ", middle)
    middle = middle if space < 0 else space
    return [part for half in (text[:middle], text[middle:]) for part in cut(half, tokenizer, part_tokens)]


def join_translations(parts: Sequence[Sequence[SentenceTranslation]]) -> list[Translation]:
    """Return the n best translations of a text: the best translations of all parts joined, then the second best, …

    A part that has fewer translations repeats its last one.

    Args:
        parts: for each part of the text, its n best translations, best first.
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
