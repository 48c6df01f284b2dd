"""What probes measured, as records of plain values: `dataclasses.asdict` gives the JSON."""

from dataclasses import dataclass
from typing import Literal

from seq2seq.insight.linear_probe import Method

Vector = Literal["summary", "memory"]
Side = Literal["start", "end"]
VECTORS: tuple[Vector, ...] = ("summary", "memory")
SIDES: tuple[Side, ...] = ("start", "end")


@dataclass(frozen=True)
class LengthGroup:
    """The test sentences whose lengths are in a range.

    Args:
        low, high: the fewest and the most source tokens, "</s>" not counted.
        sentences: how many test sentences these are.
    """

    low: int
    high: int
    sentences: int


@dataclass(frozen=True)
class ProbePoint:
    """How often the token at one position was guessed.

    Args:
        position: counted from 1, from the curve's side.
        sentences: the test sentences that were guessed: those that have a token there.
        accuracy: the share of correct guesses, from 0 to 1.
        low, high: the accuracy's 95% confidence interval (Wilson).
        baseline: the accuracy of guessing the token that is most frequent there, in training sentences of these
            lengths.
    """

    position: int
    sentences: int
    accuracy: float
    low: float
    high: float
    baseline: float


@dataclass(frozen=True)
class ProbeCurve:
    """The accuracy by position.

    Args:
        vector: "summary": one vector a sentence, the encoder's last states. "memory": h_j, the vector that the encoder
            has for the token at this position, which attention can read.
        trained: False for the control: a model of the same sizes with random weights.
        side: where positions are counted from. "end": position 1 is the last token.
        lengths: the sentences that were guessed; None: all.
        points: positions in order, without those that too few sentences have.
    """

    vector: Vector
    trained: bool
    side: Side
    lengths: LengthGroup | None
    points: list[ProbePoint]


@dataclass(frozen=True)
class ProbeTotal:
    """The accuracy over all tokens. Each token is guessed by the probe of the nearer end of the sentence.

    Args:
        vector, trained, lengths: see `ProbeCurve`.
        tokens: how many tokens were guessed.
        accuracy: the share of correct guesses, from 0 to 1.
        low, high: the accuracy's 95% confidence interval (bootstrap over sentences).
        baseline: see `ProbePoint`.
    """

    vector: Vector
    trained: bool
    lengths: LengthGroup | None
    tokens: int
    accuracy: float
    low: float
    high: float
    baseline: float


@dataclass(frozen=True)
class ProbeFit:
    """How the probe of one position was trained.

    Args:
        vector, trained, side: see `ProbeCurve`.
        position: counted from 1.
        sentences: training sentences that have a token there.
        classes: different tokens there in the training sentences.
        method, strength: what the validation sentences chose; see `fit_probe`.
    """

    vector: Vector
    trained: bool
    side: Side
    position: int
    sentences: int
    classes: int
    method: Method
    strength: float


@dataclass(frozen=True)
class ProbeReport:
    """Everything that was measured of one run.

    Args:
        size: numbers in a vector.
        attends: whether the decoder reads the memory. Otherwise it knows of the sentence only what the last states say.
        training, validation, test: sentences that were used.
        minimum: sentences that a split must have at a position. Fewer are not measured.
        groups: the lengths that the test sentences are split into, from short to long.
        curves, totals, fits: see their classes.
    """

    size: int
    attends: bool
    training: int
    validation: int
    test: int
    minimum: int
    groups: list[LengthGroup]
    curves: list[ProbeCurve]
    totals: list[ProbeTotal]
    fits: list[ProbeFit]

    def curve(self, vector: Vector, side: Side, lengths: LengthGroup | None = None, trained: bool = True) -> ProbeCurve:
        """Return one of the curves.

        Raises:
            KeyError: it was not measured.
        """
        key = (vector, side, lengths, trained)
        for curve in self.curves:
            if (curve.vector, curve.side, curve.lengths, curve.trained) == key:
                return curve
        raise KeyError(key)

    def total(self, vector: Vector, lengths: LengthGroup | None = None, trained: bool = True) -> ProbeTotal:
        """Return one of the totals.

        Raises:
            KeyError: it was not measured.
        """
        key = (vector, lengths, trained)
        for total in self.totals:
            if (total.vector, total.lengths, total.trained) == key:
                return total
        raise KeyError(key)

    @property
    def has_control(self) -> bool:
        """Whether an untrained model was measured, too."""
        return any(not total.trained for total in self.totals)
