"""Text of any length, translated: cut into parts that a model can take, and the parts' translations joined again."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq import alignment
from seq2seq.alignment import Alignment
from seq2seq.errors import UserError, require_seed
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import Tokenizer, normalise
from seq2seq.translator import Translation, Translator

LONGEST = 150  # pieces of a part: its translation, of up to 200 by default, can be a third longer
WORDS_SHOWN = 500  # on either side of an alignment


class Passage(NamedTuple):
    """One translation of a text."""

    text: str
    score: float  # the mean of its parts'
    log_probability: float  # the sum of its parts'
    parts: tuple[Translation, ...]  # one, unless the text was too long


def translate(
    translator: Translator,
    texts: Sequence[str],
    options: SearchOptions,
    prefix: str = "",
    generator: torch.Generator | None = None,
    longest: int = LONGEST,
) -> list[list[Passage]]:
    """The n best translations of each text, best first, as `Translator.translate` gives them for sentences.

    A text of more than `longest` pieces is cut; only its first part begins with `prefix`. Of samples, as many are drawn
    as are given: the best of several would be none.
    """
    if options.sampling:
        options = replace(options, width=options.n_best)
    parts = [cut(text, translator.tokenizer, longest) for text in texts]
    firsts = translator.translate([first for first, *_ in parts], options, prefix, generator)
    rests = iter(translator.translate([rest for _, *others in parts for rest in others], options, "", generator))
    return [join([first, *islice(rests, len(others))]) for first, (_, *others) in zip(firsts, parts, strict=True)]


def cut(text: str, tokenizer: Tokenizer, longest: int) -> list[str]:
    """Halve a text, at the first space after its middle or in its middle, until no part has over `longest` pieces."""
    text = normalise(text)
    if len(text) < 2 or len(tokenizer.encode_source([text])[0]) - 1 <= longest:
        return [text]
    middle = len(text) // 2
    space = text.find(" ", middle)
    middle = middle if space < 0 else space
    return [part for half in (text[:middle], text[middle:]) for part in cut(half, tokenizer, longest)]


def join(parts: Sequence[Sequence[Translation]]) -> list[Passage]:
    """Parts' n best translations → the n best of the whole: the best of each part, the second best of each, …

    A part that has fewer gives its last once more.
    """
    passages = []
    for rank in range(max(len(part) for part in parts)):
        chosen = tuple(part[min(rank, len(part) - 1)] for part in parts)
        passages.append(
            Passage(
                text=" ".join(part.text for part in chosen if part.text),
                score=sum(part.score for part in chosen) / len(chosen),
                log_probability=sum(part.log_probability for part in chosen),
                parts=chosen,
            )
        )
    return passages


def align(translator: Translator, passage: Passage) -> list[Alignment]:
    """Attention over the words of each part; a part attends to itself alone.

    Raises:
        UserError: the model does not attend.
    """
    require_attention(translator)
    return [alignment.merge(translator.align(part), part.source_pieces, part.target_pieces) for part in passage.parts]


def links(parts: Sequence[Alignment]) -> list[tuple[int, int]]:
    """`alignment.links` of the parts, counted through the whole text."""
    found: list[tuple[int, int]] = []
    sources = targets = 0
    for part in parts:
        found += [(sources + source, targets + target) for source, target in alignment.links(part.matrix)]
        sources, targets = sources + len(part.source_words), targets + len(part.target_words)
    return found


def whole(parts: Sequence[Alignment]) -> Alignment:
    """The parts' alignments as one matrix, to be looked at.

    Raises:
        UserError: nobody can look at that much.
    """
    source_words = tuple(word for part in parts for word in part.source_words)
    target_words = tuple(word for part in parts for word in part.target_words)
    if max(len(source_words), len(target_words)) > WORDS_SHOWN:
        raise UserError(f"an alignment of {len(source_words)} words is too large to show; the most is {WORDS_SHOWN}")
    matrix: Tensor = torch.block_diag(*(part.matrix for part in parts))  # type: ignore[no-untyped-call]
    return Alignment(matrix, source_words, target_words)


def require_attention(translator: Translator) -> None:
    """Raises UserError: the model does not attend."""
    if not translator.model.decoder.context.attends:
        raise UserError("this model does not attend to its source, so it has no alignments; train one with attention")


def seeded(translator: Translator, seed: int) -> torch.Generator:
    """What sampling with this translator draws from.

    Raises:
        UserError: the seed is out of range.
    """
    require_seed(seed)
    return torch.Generator(next(translator.model.parameters()).device).manual_seed(seed)
