"""One thread for everything that needs a model, with a queue that is bounded in length and in time."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from seq2seq.explorer.limits import ANSWER_SECONDS, WAITING
from seq2seq.search.observation import Observer, SearchEvent

Result = TypeVar("Result")
Work = Callable[[Observer], Result]  # hands the observer to every search


class QueueFull(Exception):
    """Too many requests wait already."""


class TooSlow(Exception):
    """An answer took too long, or its client has left."""


class Patience:
    """Observes a search, and ends it when its time is up or its result is not wanted any more.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.is_over = threading.Event()

    def __call__(self, event: SearchEvent) -> None:
        self.check()

    def check(self) -> None:
        """Raise TooSlow if the time is up."""
        if self.is_over.is_set() or time.monotonic() > self.end:
            raise TooSlow


class ModelThread:
    """Does work for requests, one piece after the other, in a thread of its own, so that the server can answer others.

    Args:
        waiting: the most pieces of work in the queue, the current one included.
        seconds: the most for a piece of work, the time in the queue included.
    """

    def __init__(self, waiting: int = WAITING, seconds: float = ANSWER_SECONDS) -> None:
        self.waiting, self.seconds = waiting, seconds
        self._places = threading.BoundedSemaphore(waiting)
        self._executor = ThreadPoolExecutor(1, "model")
        self._current: set[Patience] = set()

    def first(self, function: Callable[[], Result]) -> "Future[Result]":
        """Do something before all work for requests, without a limit: loading the models."""
        return self._executor.submit(function)

    async def do(self, work: Work[Result]) -> Result:
        """Do a piece of work, and return its result. If the caller is cancelled, the work is given up.

        Raises:
            QueueFull: too many requests wait.
            TooSlow: the time is up.
        """
        if not self._places.acquire(blocking=False):
            raise QueueFull
        patience = Patience(self.seconds)
        future = self._executor.submit(self._work, work, patience)
        future.add_done_callback(lambda _: self._places.release())
        self._current.add(patience)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError as error:
            raise TooSlow from error
        finally:
            patience.is_over.set()
            self._current.discard(patience)

    def close(self) -> None:
        """Give up all work, and wait until the thread has noticed it."""
        for patience in list(self._current):
            patience.is_over.set()
        self._executor.shutdown(cancel_futures=True)

    @staticmethod
    def _work(work: Work[Result], patience: Patience) -> Result:
        patience.check()
        return work(patience)
