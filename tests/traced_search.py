"""A made-up trace of a search, for the tests of its drawings."""

from collections.abc import Sequence

from seq2seq.search.options import SearchOptions
from seq2seq.search.trace import EMPTY, FinishedHypothesis, SearchStep, SearchTrace, State, TracedHypothesis


def made_up_trace(tokens: Sequence[str], beam_size: int = 3, pruned: int = 2) -> SearchTrace:
    """Return a search in which the best hypothesis takes the tokens one after the other, and then finishes.

    Every step also keeps other hypotheses until the beam is full, and prunes some more. The second best one of the last
    step finishes as well, and the others are dropped. The first step is forced.
    """
    steps: list[SearchStep] = []
    parents = [EMPTY]
    next_id = EMPTY + 1
    for number, token in enumerate([*tokens, "</s>"], start=1):
        is_last = number == len(tokens) + 1
        count = 1 if number == 1 else beam_size + pruned
        states: list[State] = ["dropped" if is_last else "goes on"] * min(count, beam_size)
        if is_last:
            states[:2] = ["finished"] * len(states[:2])
        states += ["pruned"] * (count - len(states))
        hypotheses = [
            TracedHypothesis(
                id=next_id + rank,
                parent=parents[rank % len(parents)],
                token=token if rank == 0 or is_last else f"▁other{rank}",
                token_id=10 + rank,
                token_probability=0.5 / (rank + 1),
                token_log_probability=-1.0 - rank,
                log_probability=-float(number + rank),
                state=state,
            )
            for rank, state in enumerate(states)
        ]
        steps.append(SearchStep(number == 1, -0.5, hypotheses))
        parents = [hypothesis.id for hypothesis in hypotheses if hypothesis.state == "goes on"]
        next_id += len(hypotheses)
    finished = [
        FinishedHypothesis(hypothesis.id, "".join(tokens), [*tokens, "</s>"], [], -4.0, 2.0, -0.25, -2.25 - rank)
        for rank, hypothesis in enumerate(steps[-1].hypotheses)
        if hypothesis.state == "finished"
    ]
    return SearchTrace("source", ["source"], "", SearchOptions(beam_size), steps, finished, finished[0].id)


BLANK = SearchTrace(" ", [], "", SearchOptions(), [], [], None)
