"""How a gradient decays over the steps of a recurrence: the record, and the statistics behind it."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import pad

from seq2seq.insight.state_gradients import Backwards

LEAST_SHARE = 0.05  # of the samples, that must reach a distance, or the curve ends before it
BAND = (0.1, 0.9)  # the quantiles between which a curve's band lies
SYMBOLS = {"hidden": "h", "cell": "c"}  # of a state's tensors
KEEPING_GATES = ("forget", "update")  # by which a cell multiplies its old state, an LSTM's and a GRU's


@dataclass(frozen=True)
class DecayCurve:
    """How much of something is left k steps earlier, for k = 0, 1, 2, …, as a share: 1 means that all of it is left.

    Only long sentences reach large k. A curve ends where fewer than 5 % of its samples reach.
    """

    quantity: str  # "h" or "c": the gradient with respect to this state; "forget" or "update": the product of the gates
    means: list[float]  # for each k, over the samples
    lows: list[float]  # for each k: 10 % of the samples are lower
    highs: list[float]  # for each k: 10 % of the samples are higher
    samples: list[int]  # for each k
    norm_at_zero: float | None  # the mean norm of the gradients at k = 0, before the division by it; None for gates


@dataclass(frozen=True)
class LayerDecay:
    """The curves of one layer in one direction."""

    side: str  # "encoder" or "decoder"
    layer: int  # 1 is the lowest
    direction: str  # "forward" or "backward": in which the sentence is read; "forward" for a decoder
    curves: list[DecayCurve]


class DecaySamples:
    """Collects gradients and gates, and turns them into curves. Of each sample, it keeps one number for each k."""

    def __init__(self) -> None:
        self.norms: dict[str, list[Tensor]] = {}  # for each tensor of a state, batches (samples, distance)
        self.products: dict[str, list[Tensor]] = {}  # for each keeping gate, the same

    def add(self, backwards: Backwards, reached: Bool[Tensor, "samples distance"]) -> None:
        """Add a batch of samples.

        Args:
            backwards: their gradients and gates, tensors (samples, distance, hidden).
            reached: which of these steps exist. k = 0 exists if any does.
        """
        for name, gradient in backwards.gradients._asdict().items():
            norms = torch.linalg.vector_norm(gradient.double(), dim=-1).masked_fill(~reached, torch.nan)
            self.norms.setdefault(SYMBOLS.get(name, name), []).append(norms.cpu())
        for name in KEEPING_GATES:
            if name in backwards.gates._fields:
                products = gate_products(getattr(backwards.gates, name)).masked_fill(~reached, torch.nan)
                self.products.setdefault(name, []).append(products.cpu())

    def curves(self) -> list[DecayCurve]:
        """Return a curve for each tensor of the state, and one for each keeping gate.

        Each sample's norms are divided by its own norm at k = 0. A sample without a gradient there is left out.
        """
        curves = []
        for name, batches in self.norms.items():
            norms = stack_ragged(batches)
            norms = norms[norms[:, 0] > 0]
            curves.append(share_curve(name, norms / norms[:, :1], norms[:, 0].mean().item() if len(norms) else 0.0))
        return curves + [share_curve(name, stack_ragged(batches), None) for name, batches in self.products.items()]


def gate_products(gates: Float[Tensor, "samples distance hidden"]) -> Float[Tensor, "samples distance"]:
    """Return the product of the last k gates, for k = 0, 1, …; the mean over the units.

    The gates stand with the last step first. The product of no gates is 1; the first step's gate is in no product,
    because it lies between the first state and the state before it.
    """
    products = gates.double().cumprod(dim=1)[:, :-1].mean(dim=2)
    return pad(products, (1, 0), value=1.0)


def stack_ragged(batches: list[Tensor]) -> Float[Tensor, "samples distance"]:
    """Return batches of rows as one tensor, filled with NaN on the right, without the rows that are NaN at k = 0."""
    width = max(batch.shape[1] for batch in batches)
    rows = torch.cat([pad(batch, (0, width - batch.shape[1]), value=torch.nan) for batch in batches])
    return rows[~rows[:, 0].isnan()]


def share_curve(quantity: str, shares: Float[Tensor, "samples distance"], norm_at_zero: float | None) -> DecayCurve:
    """Return the mean and the band of the shares at each distance, over the samples that are not NaN there."""
    counts = (~shares.isnan()).sum(dim=0)
    end = int((counts >= max(1.0, LEAST_SHARE * len(shares))).sum())
    shares = shares[:, :end]
    lows, highs = (shares.nanquantile(share, dim=0).tolist() if end else [] for share in BAND)
    return DecayCurve(quantity, shares.nanmean(dim=0).tolist(), lows, highs, counts[:end].tolist(), norm_at_zero)
