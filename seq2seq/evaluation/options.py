"""How translations are scored: the tokenizer of BLEU, and the score that chooses the best epoch."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

MetricTokenizer = Literal["13a", "intl", "char", "zh", "ja-mecab", "ko-mecab", "none"]
BestBy = Literal["bleu", "chrf", "loss"]

TOKENIZERS: tuple[MetricTokenizer, ...] = get_args(MetricTokenizer)

# The language codes (and names, which columns of tables often have) of languages without spaces between words.
BY_LANGUAGE: dict[str, MetricTokenizer] = {
    **dict.fromkeys(("zh", "zho", "chi", "cmn", "yue", "wuu", "lzh", "cn", "chinese", "mandarin", "cantonese"), "zh"),
    **dict.fromkeys(("ja", "jpn", "jp", "japanese"), "char"),
    **dict.fromkeys(("th", "tha", "thai", "lo", "lao", "km", "khm", "khmer"), "char"),
    **dict.fromkeys(("my", "mya", "bur", "burmese", "bo", "bod", "tib", "tibetan", "dz", "dzo"), "char"),
}


@dataclass(frozen=True)
class EvaluationOptions:
    """How translations are scored, in the validations of a training, in `evaluate` and in `compare`.

    Args:
        tokenizer: what cuts text into the words that BLEU compares: sacreBLEU's `13a` (languages with spaces), `intl`,
            `char`, `zh`, `ja-mecab`, `ko-mecab`, `none`. `auto` follows from the code of the target language: `zh` for
            Chinese; `char` for Japanese, Thai, Lao, Khmer, Burmese and Tibetan; `13a` for all others. Scores of two
            tokenizers cannot be compared. The signature names the tokenizer.
        best: the score that chooses the best epoch, and that `training.patience` and the `plateau` schedule follow:
            `bleu` or `chrf` of the validation split's greedy translations, or its `loss`. If two epochs have the same
            score, the one with the lower validation loss is better.
    """

    tokenizer: Literal["auto", "13a", "intl", "char", "zh", "ja-mecab", "ko-mecab", "none"] = "auto"
    best: BestBy = "bleu"

    def tokenizer_for(self, language: str) -> MetricTokenizer:
        """Return the tokenizer, or what `auto` means for a target language. See `guess_tokenizer`."""
        return guess_tokenizer(language) if self.tokenizer == "auto" else self.tokenizer


def guess_tokenizer(language: str) -> MetricTokenizer:
    """Return sacreBLEU's tokenizer for a language, by its code: zh, zh_CN, cmn-Hans, jpn_Jpan, de, ….

    The guess depends on nothing but the code, so that a score does not change with the packages of a machine. This is
    why Japanese gives `char`: `ja-mecab` needs packages that may be missing. A language in Latin letters, such as
    zh_Latn (Pinyin), has spaces: `13a`.
    """
    first, *rest = re.split(r"[^a-z]+", language.lower())
    return "13a" if "latn" in rest else BY_LANGUAGE.get(first, "13a")
