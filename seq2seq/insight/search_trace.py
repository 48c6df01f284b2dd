"""Record a beam search of one's own model.

The search itself says what it does, step by step (`Observer`). So the record is of the search that translates, not of a
second one.
"""

import math
from collections.abc import Sequence

from seq2seq.errors import UserError
from seq2seq.search.candidates import total_log_probabilities
from seq2seq.search.observation import Observer, SearchEvent
from seq2seq.search.options import SearchOptions
from seq2seq.search.trace import EMPTY, FinishedHypothesis, SearchStep, SearchTrace, State, TracedHypothesis
from seq2seq.text.special_tokens import BOS, EOS, PAD
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.translation.sentences import Prefix, SentenceTranslation
from seq2seq.translation.translator import Translator

LARGEST_BEAM = 50  # a step considers up to the square of it: 2,500 hypotheses
Ids = dict[tuple[int, ...], int]  # the ids of hypotheses, by their tokens, BOS included


def translate_traced(
    translator: Translator,
    sentence: str,
    options: SearchOptions | None = None,
    prefix: Prefix = "",
    observe: Observer | None = None,
) -> tuple[SentenceTranslation, SearchTrace]:
    """Translate a sentence. Return its best translation, and what the search did.

    Args:
        translator: the trained model.
        sentence: raw text, short enough for the model to take it whole.
        options: how to search. The default is the run's recipe.
        prefix: what the translation must begin with.
        observe: another observer of the search. It can raise an exception to end it.

    Raises:
        UserError: the options ask for samples or for a beam of more than `LARGEST_BEAM`, or see `beam_search`.
    """
    options = options or translator.options
    if options.sampling:
        raise UserError("samples are drawn at random, so there is no search to show; set search.sampling to false")
    if options.beam_size > LARGEST_BEAM:
        raise UserError(f"a beam of {options.beam_size:,} is too large to show; the most is {LARGEST_BEAM}")
    events: list[SearchEvent] = []

    def record(event: SearchEvent) -> None:
        events.append(event)
        if observe is not None:
            observe(event)

    [[best, *_]] = translator.sentences.translate([sentence], options, prefix, observe=record)
    steps, finished = read_events(events, translator.tokenizer)
    return best, SearchTrace(
        sentence=sentence,
        source_tokens=list(best.source_tokens),
        prefix=prefix if isinstance(prefix, str) else translator.tokenizer.decode_target([prefix])[0],
        options=options,
        steps=steps,
        finished=finished,
        winner=finished[0].id if finished else None,
    )


def read_events(
    events: Sequence[SearchEvent], tokenizer: Tokenizer
) -> tuple[list[SearchStep], list[FinishedHypothesis]]:
    """Return the steps of the search for one sentence, and its finished hypotheses, best first."""
    ids: Ids = {(BOS,): EMPTY}
    steps: list[SearchStep] = []
    finished: list[FinishedHypothesis] = []
    next_id = EMPTY + 1
    for event in events:
        hypotheses, ids = considered_hypotheses(event, ids, next_id, tokenizer)
        next_id += len(hypotheses)
        reachable = event.best_reachable_score.item()
        steps.append(
            SearchStep(
                is_forced=event.forced.item() != PAD,
                best_reachable_score=reachable if reachable > -math.inf else None,
                hypotheses=hypotheses,
            )
        )
        finished += finished_hypotheses(event, ids, tokenizer)
    # The sort is stable: of equal scores, the first to finish comes first, as in the search.
    return steps, sorted(finished, key=lambda hypothesis: -hypothesis.score)


def considered_hypotheses(
    event: SearchEvent, ids: Ids, next_id: int, tokenizer: Tokenizer
) -> tuple[list[TracedHypothesis], Ids]:
    """Return all hypotheses that a step considered, best first, and the ids of all of them.

    Args:
        event: the step, of one sentence.
        ids: of the hypotheses before it.
        next_id: the id of the best hypothesis that it considered. The others have the next ids.
        tokenizer: spells the tokens.
    """
    parents = [tuple(tokens[: event.length + 1]) for tokens in event.before.tokens[0].tolist()]
    new_tokens = event.candidates.tokens[0].tolist()
    spelled = [tokenizer.target_tokens(row) for row in new_tokens]
    log_probabilities = event.candidates.log_probability[0].float().tolist()
    totals = total_log_probabilities(event.before.log_probability, event.candidates)[0]  # (beam, candidates)
    values, order = (leaf.tolist() for leaf in totals.flatten().sort(descending=True, stable=True))
    states = states_of_kept(event)
    hypotheses: list[TracedHypothesis] = []
    new_ids: Ids = {}
    for value, index in zip(values, order, strict=True):
        if not value > -math.inf:  # not a candidate
            continue
        slot, place = divmod(index, totals.shape[1])
        tokens = (*parents[slot], new_tokens[slot][place])
        new_ids[tokens] = next_id + len(hypotheses)
        hypotheses.append(
            TracedHypothesis(
                id=new_ids[tokens],
                parent=ids[parents[slot]],
                token=spelled[slot][place],
                token_id=tokens[-1],
                token_probability=math.exp(log_probabilities[slot][place]),
                token_log_probability=log_probabilities[slot][place],
                log_probability=value,
                state=states.get(tokens, "pruned"),
            )
        )
    return hypotheses, new_ids


def kept_hypotheses(event: SearchEvent) -> list[tuple[int, tuple[int, ...]]]:
    """Return the slot and the tokens of each hypothesis that a step kept, best first. BOS is included."""
    rows, values = event.after.tokens[0].tolist(), event.after.log_probability[0].tolist()
    pairs = enumerate(zip(rows, values, strict=True))
    return [(slot, tuple(row[: event.length + 2])) for slot, (row, value) in pairs if value > -math.inf]


def states_of_kept(event: SearchEvent) -> dict[tuple[int, ...], State]:
    """Return what becomes of each hypothesis that a step kept, by its tokens."""
    unended: State = "dropped" if event.is_over.item() else "goes on"
    return {tokens: "finished" if tokens[-1] == EOS else unended for _, tokens in kept_hypotheses(event)}


def finished_hypotheses(event: SearchEvent, ids: Ids, tokenizer: Tokenizer) -> list[FinishedHypothesis]:
    """Return the hypotheses that finished in a step, best first by log-probability.

    Args:
        event: the step, of one sentence.
        ids: of all hypotheses that the step considered.
        tokenizer: spells the tokens.
    """
    totals, length_penalty, coverage = event.scores
    return [
        FinishedHypothesis(
            id=ids[tokens],
            text=tokenizer.decode_target([tokens])[0],
            tokens=list(tokenizer.target_tokens(tokens[1:])),
            token_ids=list(tokens[1:]),
            log_probability=event.after.log_probability[0, slot].item(),
            length_penalty=length_penalty.item(),
            coverage=0.0 if coverage is None else coverage[0, slot].item(),
            score=totals[0, slot].item(),
        )
        for slot, tokens in kept_hypotheses(event)
        if tokens[-1] == EOS
    ]
