"""Many optimizations side by side whose model runs are made together, in one batch a round."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
T = TypeVar("T")
Ask = Callable[[Array], Array]
AT_ONCE = 256
"""Most optimizations that are on their way at once."""


class _StoppedError(BaseException):
    """The round was given up (an interrupt, or an error of the model): workers end quietly."""


def side_by_side(jobs: Sequence[Callable[[Ask], T]], evaluate: Callable[[Array], Array]) -> list[T]:
    """Return what each job returns, in order; their questions are answered together.

    jobs : each is called with `ask(points)`, points (n_rows, n_columns), which returns (n_rows, n_values).
    evaluate : answers the questions of all jobs that are waiting, in one call. A row's answer must not depend on its
        neighbors, so that a job's result does not depend on the other jobs: the engines promise that.
    """
    done: list[T] = []
    for first in range(0, len(jobs), AT_ONCE):
        done += _Round(jobs[first : first + AT_ONCE], evaluate).run()
    return done


class _Round(Generic[T]):
    """Threads that wait for one another: when all that still run have asked, all are answered."""

    def __init__(self, jobs: Sequence[Callable[[Ask], T]], evaluate: Callable[[Array], Array]) -> None:
        self.jobs, self.evaluate = jobs, evaluate
        self.changed = threading.Condition()
        self.asked: dict[int, Array] = {}
        self.answers: dict[int, Array] = {}
        self.results: dict[int, T] = {}
        self.failed: BaseException | None = None
        self.working = len(jobs)

    def run(self) -> list[T]:
        """Run all jobs to their end; an error of one of them, or an interrupt, ends all and is raised."""
        threads = [threading.Thread(target=self._work, args=(i,), daemon=True) for i in range(len(self.jobs))]
        for thread in threads:
            thread.start()
        try:
            while self._answer():
                pass
        except BaseException as error:
            with self.changed:
                self.failed = error
                self.changed.notify_all()
            raise
        finally:
            for thread in threads:
                thread.join()
        if self.failed is not None:
            raise self.failed
        return [self.results[i] for i in range(len(self.jobs))]

    def _answer(self) -> bool:
        """Wait until every job that still runs has asked, and answer them; False when all have ended."""
        with self.changed:
            while len(self.asked) < self.working and self.failed is None:
                self.changed.wait(0.2)
            if self.failed is not None or not self.working:
                return False
            order = sorted(self.asked)
            points = np.concatenate([self.asked[i] for i in order])
            ends = np.cumsum([len(self.asked[i]) for i in order])
        answers = self.evaluate(points)
        with self.changed:
            self.answers.update(zip(order, np.split(answers, ends[:-1]), strict=True))
            self.asked.clear()
            self.changed.notify_all()
        return True

    def _work(self, i: int) -> None:
        def ask(points: Array) -> Array:
            with self.changed:
                self.asked[i] = points
                self.changed.notify_all()
                while i not in self.answers:
                    if self.failed is not None:
                        raise _StoppedError
                    self.changed.wait()
                return self.answers.pop(i)

        try:
            self.results[i] = self.jobs[i](ask)
        except _StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            with self.changed:
                self.failed = self.failed or error
        finally:
            with self.changed:
                self.working -= 1
                self.changed.notify_all()
