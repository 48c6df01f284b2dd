"""What a request may ask for, so that one visitor cannot fill the memory or keep the model from the others."""

from dataclasses import dataclass

SENTENCE_TOKENS = 200  # of a text, of its reference, and of the beginning of its translation
BEAM_SIZE = 20  # a step considers up to the square of it: 400 hypotheses
UNITS = 64  # single units in one request
BODY_BYTES = 2**16
BODY_SECONDS = 10.0  # a request must have arrived after these
WAITING = 64  # requests that wait for the model; more are refused
ANSWER_SECONDS = 30.0  # from the arrival of a request, the time in the queue included
CONNECTIONS = 256
EXAMPLES = 20


@dataclass(frozen=True)
class Limits:
    """The limits that the page shows."""

    sentence_tokens: int = SENTENCE_TOKENS
    beam_size: int = BEAM_SIZE
    units: int = UNITS
