"""The options of a search."""

from dataclasses import dataclass

from seq2seq.errors import at_most, check_options

LARGEST_BEAM = 10_000  # hypotheses of one sentence; quality falls long before (Koehn & Knowles 2017)
LONGEST = 10_000  # tokens of a translation
LARGEST_VOCABULARY = 1_000_000


@dataclass(frozen=True)
class SearchOptions:
    """Options of the search for translations.

    Args:
        beam_size: Hypotheses kept for each sentence. 1: greedy search. 5 to 10 is usual. The time grows with it.
        length_penalty: Length penalty (Wu et al. 2016, equation 14). 0: rank by log-probability (prefers short
            translations). 1: rank by roughly the mean per token. Above 1: prefer longer ones.
        coverage_penalty: Penalty for source tokens that got little attention (Wu et al. 2016, equation 14). 0: off.
            0.2 is usual.
        n_best: Translations returned for each sentence, best first. At most `beam_size`.
        max_length: The most tokens in a translation.
        sampling: Draw `beam_size` independent translations at random instead of searching for the most probable ones.
        temperature: For sampling. Below 1: stay closer to the most probable tokens. Above 1: stray further from them.
        top_k: For sampling. Draw only from this many most probable tokens. 0: from all.
        top_p: For sampling. Draw only from the smallest set of most probable tokens whose probabilities add up to this
            (Holtzman et al. 2020). 1: from all.

    Raises:
        UserError: a value is out of its range. The message names the option.
    """

    beam_size: int = 5
    length_penalty: float = 1.0
    coverage_penalty: float = 0.0
    n_best: int = 1
    max_length: int = 200
    sampling: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        rules = (
            ("beam_size", self.beam_size >= 1, "must be at least 1"),
            ("length_penalty", -100 <= self.length_penalty <= 100, "must be a number from -100 to 100"),
            ("coverage_penalty", 0 <= self.coverage_penalty <= 1000, "must be from 0 to 1,000"),
            ("n_best", 1 <= self.n_best <= self.beam_size, f"must be from 1 to beam_size ({self.beam_size})"),
            ("max_length", self.max_length >= 1, "must be at least 1"),
            ("temperature", 0.0001 <= self.temperature <= 1000, "must be from 0.0001 to 1,000"),
            ("top_k", self.top_k >= 0, "must be 0 (all tokens) or more"),
            ("top_p", 0 < self.top_p <= 1, "must be more than 0 and at most 1"),
        )
        check_options(self, rules)
        check_options(self, at_most(self, LARGEST_BEAM, "beam_size"))
        check_options(self, at_most(self, LONGEST, "max_length"))
        check_options(self, at_most(self, LARGEST_VOCABULARY, "top_k"))
