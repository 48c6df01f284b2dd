"""Translate text of any length with a trained model, and align the words of a translation with the source's."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import overload

import torch

from seq2seq.errors import UserError
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.search.observation import Observer
from seq2seq.search.options import SearchOptions
from seq2seq.seeding import check_seed
from seq2seq.text.pharaoh import WordLinks
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.translation.long_text import (
    PART_TOKENS,
    Translation,
    cut,
    join_alignments,
    join_links,
    join_translations,
)
from seq2seq.translation.sentences import SentenceTranslation, SentenceTranslator
from seq2seq.translation.word_alignment import Alignment, merge_subwords


class Translator:
    """Translates text with a trained model.

    Args:
        model: the trained model. It is put in evaluation mode.
        tokenizer: the tokenizer that the model was trained with.
        options: how to search, unless a call says otherwise.
        cut_at_sentence_ends: translate each sentence of a text alone. Right for a model that has rarely seen several
            sentences on a line: it translates one of them and drops the others.
    """

    def __init__(
        self, model: EncoderDecoder, tokenizer: Tokenizer, options: SearchOptions, cut_at_sentence_ends: bool = True
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        self.cut_at_sentence_ends = cut_at_sentence_ends
        self.sentences = SentenceTranslator(model, tokenizer)

    @property
    def attends(self) -> bool:
        """Whether the model has attention, and so alignments."""
        return self.model.attends

    @overload
    def translate(
        self,
        text: str,
        options: SearchOptions | None = None,
        *,
        beam_size: int | None = None,
        prefix: str = "",
        seed: int = 1,
    ) -> Translation: ...

    @overload
    def translate(
        self,
        text: list[str] | tuple[str, ...],
        options: SearchOptions | None = None,
        *,
        beam_size: int | None = None,
        prefix: str = "",
        seed: int = 1,
    ) -> list[Translation]: ...

    def translate(
        self,
        text: str | list[str] | tuple[str, ...],
        options: SearchOptions | None = None,
        *,
        beam_size: int | None = None,
        prefix: str = "",
        seed: int = 1,
    ) -> Translation | list[Translation]:
        """Return the best translation of a text, or of each text in a list, with its word alignment.

        `n_best` returns more than one translation. It is faster, because it computes no alignments.

        Args:
            text: raw text of any length.
            options: how to search. The default is the run's recipe.
            beam_size: the beam size, in place of the one in `options`. 1: greedy search.
            prefix: what every translation must begin with.
            seed: for sampling.

        Returns:
            a translation, or a list of them. `alignment` is None if the model does not attend, or if a text or its
            translation has no words or more than 500.

        Raises:
            UserError: an option or the seed is out of its range.
        """
        options = options or self.options
        options = replace(options, n_best=1, beam_size=options.beam_size if beam_size is None else beam_size)
        texts = [text] if isinstance(text, str) else text
        results = self.n_best(texts, options, prefix, self.generator(seed))
        translations = [self._with_alignment(best) for best, *_ in results]
        return translations[0] if isinstance(text, str) else translations

    def n_best(
        self,
        texts: Sequence[str],
        options: SearchOptions | None = None,
        prefix: str = "",
        generator: torch.Generator | None = None,
        part_tokens: int = PART_TOKENS,
        observe: Observer | None = None,
    ) -> list[list[Translation]]:
        """Return the n best translations of each text, best first, without alignments.

        A text with several sentences, or one that is too long for the model, is cut into parts (see `cut`). Only its
        first part begins with the prefix.

        Args:
            texts: raw text of any length.
            options: how to search. The default is the run's recipe. Sampling draws `n_best` translations: the best of a
                larger number would not be a fair sample.
            prefix: what every translation must begin with.
            generator: the source of randomness for sampling; see `generator`.
            part_tokens: the most tokens in a part.
            observe: see `SentenceTranslator.translate`.

        Raises:
            UserError: see `beam_search`.
        """
        options = options or self.options
        if options.sampling:
            options = replace(options, beam_size=options.n_best)
        cuts = [cut(text, self.tokenizer, self.cut_at_sentence_ends, part_tokens) for text in texts]
        beginnings, others = [each.parts[0] for each in cuts], [part for each in cuts for part in each.parts[1:]]
        firsts = self.sentences.translate(beginnings, options, prefix, generator, observe=observe)
        further = self.sentences.translate(others, options, "", generator, observe=observe)
        remaining = iter(further)
        return [
            join_translations([first, *islice(remaining, len(each.parts) - 1)], each.sentences)
            for first, each in zip(firsts, cuts, strict=True)
        ]

    def align(self, translation: Translation) -> Alignment:
        """Return the attention over words while the model reads a translation.

        Raises:
            UserError: the model does not attend, or there are too many words to show.
        """
        return join_alignments(self._align_parts(translation))

    def links(self, translation: Translation) -> WordLinks:
        """Return one link (source word, target word) for each target word: to the source word with the most attention.

        Words are counted from 0. The text may have any length.

        Raises:
            UserError: the model does not attend.
        """
        return join_links(self._align_parts(translation))

    def align_pair(self, source: str, target: str, spaces_only: bool = False) -> Alignment:
        """Return the attention over words while the model reads a given sentence pair.

        The weights are all zero if the model does not attend.

        Args:
            source, target: raw text.
            spaces_only: words end at white space only, in all scripts (see `group_words`).
        """
        return self._align_sentence(self.sentences.given_pair(source, target), spaces_only)

    def generator(self, seed: int) -> torch.Generator:
        """Return a source of randomness for sampling, on the model's device.

        Raises:
            UserError: the seed is out of its range.
        """
        check_seed(seed)
        return torch.Generator(self.sentences.device).manual_seed(seed)

    def require_attention(self) -> None:
        """Raise UserError if the model does not attend."""
        if not self.attends:
            raise UserError(
                "this model does not attend to its source, so it has no alignments; train one with attention"
            )

    def _align_parts(self, translation: Translation) -> list[Alignment]:
        self.require_attention()
        return [self._align_sentence(part) for part in translation.parts]

    def _align_sentence(self, part: SentenceTranslation, spaces_only: bool = False) -> Alignment:
        return merge_subwords(self.sentences.attention(part), part.source_tokens, part.target_tokens, spaces_only)

    def _with_alignment(self, translation: Translation) -> Translation:
        with suppress(UserError):  # The model does not attend, or there are too many words to show.
            alignment = self.align(translation)
            if alignment.matrix.numel():
                return replace(translation, alignment=alignment)
        return translation
