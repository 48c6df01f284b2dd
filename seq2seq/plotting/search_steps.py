"""Draw a beam search in a terminal, step by step, from characters alone."""

from collections.abc import Mapping, Sequence, Set

from rich.cells import cell_len
from rich.text import Text

from seq2seq.plotting.terminal import clip
from seq2seq.search.trace import EMPTY, FinishedHypothesis, SearchStep, SearchTrace, State, TracedHypothesis
from seq2seq.terminal_text import printable

MARKS: dict[State, str] = {"goes on": " ", "finished": "■", "pruned": "×", "dropped": "–"}
LEGEND = (
    "*: leads to the best translation",
    "■: finished",
    "×: pruned, better ones took all slots",
    "–: dropped, it could no longer win",
)
HEADER = "  rank←parent P(token) log P  text|token"
FORMULA = "score = log P / penalty + coverage"
MOST_STEPS = 60
MOST_KEPT = 10  # hypotheses of a step, best first; of the finished ones, too
MOST_PRUNED = 3  # hypotheses of a step, best first
LONGEST_TEXT = 500  # characters; more are never seen in a terminal


def draw_search(trace: SearchTrace, columns: int = 80) -> Text:
    """Return a search as a drawing: its steps with the hypotheses that each one considered, then the finished ones.

    A row has a hypothesis's rank in its step, its parent's rank in the step before, the probability of its new token,
    the log-probability of all its tokens, and its text with the new token after "|". The text stands last: text that is
    written from right to left would move numbers after it. The drawing says how many steps and rows it leaves out.

    Args:
        trace: the search of one sentence.
        columns: the terminal's width, 40 or more.
    """
    if trace.winner is None:
        return Text("(a blank sentence is not searched)")
    winning = {*trace.path(trace.winner)}
    lines = [clip(HEADER, columns)]
    parents: Sequence[TracedHypothesis] = ()
    texts = {EMPTY: ""}
    for number, step in enumerate(trace.steps[:MOST_STEPS], start=1):
        lines.append(clip(title(number, step), columns))
        ranks = {hypothesis.id: rank for rank, hypothesis in enumerate(parents, start=1)}
        lines += step_rows(step, ranks, texts, winning, columns)
        parents = step.hypotheses
        texts = {hypothesis.id: texts[hypothesis.parent] + hypothesis.token for hypothesis in parents}
    if len(trace.steps) > MOST_STEPS:
        lines.append(f"(cut: {MOST_STEPS} of {len(trace.steps)} steps)")
    lines += finished_rows(trace.finished, columns)
    lines += (clip(line, columns) for line in LEGEND)
    return Text("\n".join(line.rstrip() for line in lines))


def title(number: int, step: SearchStep) -> str:
    """Return the line above a step's rows."""
    forced = " (forced)" if step.is_forced else ""
    return f"step {number}{forced}: {len(step.hypotheses)} considered, {count_kept(step.hypotheses)} kept"


def step_rows(
    step: SearchStep, parent_ranks: Mapping[int, int], texts: Mapping[int, str], winning: Set[int], columns: int
) -> list[str]:
    """Return the rows of a step: those that it kept, then the best that it pruned, then how many are not shown.

    Args:
        step: the step.
        parent_ranks: the ranks of the hypotheses before it, by id.
        texts: their tokens, joined, by id.
        winning: the ids of the hypotheses that lead to the winner.
        columns: the terminal's width.
    """
    shown = shown_hypotheses(step, winning)
    own_ranks = {hypothesis.id: rank for rank, hypothesis in enumerate(step.hypotheses, start=1)}
    rows = []
    for hypothesis in shown:
        mark = ("*" if hypothesis.id in winning else " ") + MARKS[hypothesis.state]
        ranks = f"{own_ranks[hypothesis.id]:>3} ←{parent_ranks.get(hypothesis.parent, ''):>2}"
        row = f"{mark}{ranks} {percent(hypothesis.token_probability):>6} {hypothesis.log_probability:>7.2f}  "
        rows.append(row + clip_start(with_bar(texts[hypothesis.parent], hypothesis.token), columns - cell_len(row)))
    hidden = count_kept(step.hypotheses) - count_kept(shown)
    hidden_pruned = len(step.hypotheses) - len(shown) - hidden
    counts = (hidden, "kept"), (hidden_pruned, "pruned")
    left_out = " and ".join(f"{count} more {kind}" for count, kind in counts if count)
    return [*rows, clip(f"     … {left_out}", columns)] if left_out else rows


def shown_hypotheses(step: SearchStep, winning: Set[int]) -> list[TracedHypothesis]:
    """Return the hypotheses of a step that a drawing shows, best first; the one that leads to the winner is among them.

    Args:
        step: the step.
        winning: the ids of the hypotheses that lead to the winner.
    """
    kept = count_kept(step.hypotheses)
    best = step.hypotheses[: min(kept, MOST_KEPT)]
    winner = [hypothesis for hypothesis in step.hypotheses[len(best) : kept] if hypothesis.id in winning]
    return [*best, *winner, *step.hypotheses[kept : kept + MOST_PRUNED]]


def count_kept(hypotheses: Sequence[TracedHypothesis]) -> int:
    """Return how many hypotheses had a slot in the beam."""
    return sum(hypothesis.state != "pruned" for hypothesis in hypotheses)


def percent(probability: float) -> str:
    """Return a probability as a percentage with one decimal."""
    return f"{probability:.1%}" if probability >= 0.001 else "<0.1%"


def with_bar(text: str, token: str) -> str:
    """Return a hypothesis's text with "|" before its last token. "▁" becomes a space."""
    space = " " if token.startswith("▁") and text else ""
    return f"{text.replace('▁', ' ').lstrip()}{space}|{token.removeprefix('▁').replace('▁', ' ')}"


def finished_rows(finished: Sequence[FinishedHypothesis], columns: int) -> list[str]:
    """Return two lines for each finished hypothesis: how its score is made, and its text."""
    rows = [clip("finished, best first", columns), clip(FORMULA, columns)]
    for rank, hypothesis in enumerate(finished[:MOST_KEPT], start=1):
        quotient = f"{hypothesis.log_probability:.2f} / {hypothesis.length_penalty:.2f}"
        score = f"{hypothesis.score:.3f} = {quotient} + {hypothesis.coverage:.2f}"
        rows.append(clip(f"{'*' if rank == 1 else ' '}■{rank:>3}  {score}", columns))
        rows.append(clip(f"       {hypothesis.text}", columns))
    if len(finished) > MOST_KEPT:
        rows.append(clip(f"     … {len(finished) - MOST_KEPT} more", columns))
    return rows


def clip_start(text: str, width: int) -> str:
    """Return the end of a text as printable text of at most `width` columns. Text that was cut begins with "…"."""
    text = printable(text)
    if cell_len(text) <= width:
        return text
    text = text[-LONGEST_TEXT:]
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return "…" + text
