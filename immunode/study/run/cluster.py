"""A Dask cluster: how it is reached, and what becomes of a sweep whose cluster has no workers or no scheduler left."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import Executor
from typing import Any

from immunode.errors import StudyError

TOLD_AFTER, GIVEN_UP_AFTER = 10.0, 600.0
"""Seconds without a worker after which one is told, and after which a cluster that has lost all of them is given up."""
_KEPT = "; with store=... what is done is kept, and the same call resumes it"


def connect(address: str) -> Any:
    """Return a Dask client of a scheduler such as `"tcp://10.0.0.1:8786"`.

    Raises
    ------
    StudyError : Dask is absent, or no scheduler answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise StudyError("a cluster needs dask, which is not installed; pip install 'immunode[cluster]'") from None
    try:
        return Client(address, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call, unused-ignore]
    except (OSError, ValueError, TypeError) as error:
        raise StudyError(f"no Dask scheduler answers at {address} ({str(error).splitlines()[0]})") from None


def client_executor(client: Any, again: int) -> Executor:
    """Return the executor of a Dask client; `again` : how often a task whose worker died is given to another one."""
    pool = client.get_executor(pure=False, retries=again)
    workers = _workers(client).values()
    pool._max_workers = max(sum(int(worker["nthreads"]) for worker in workers), 1)
    assert isinstance(pool, Executor)
    return pool


def _workers(client: Any) -> dict[str, Any]:
    """Return the cluster's workers; none while the scheduler does not answer."""
    found: dict[str, Any] = client.scheduler_info(n_workers=-1).get("workers", {})
    return found


class Watch:
    """Looks at a cluster that gives nothing: Dask itself waits for ever, and without a word.

    A cluster that has no workers yet is waited for (a queue may take a day to start them); one that has lost all of
    them is given up after ten minutes, and one whose scheduler is gone at once.
    """

    def __init__(self, name: str, client: Any) -> None:
        self.name, self.client = name, client
        self.had_workers = self.told = False
        self.empty_since: float | None = None

    def look(self, some_done: bool) -> bool:
        """Return whether the cluster has workers, and warn where it has none.   some_done : whether some were heard of.

        Raises
        ------
        StudyError : the scheduler is gone, or the workers are and stay so.
        """
        workers = _workers(self.client)
        # asked first, the client has noticed
        if self.client.status in ("closing", "closed"):
            raise StudyError(f"{self.name}: the connection to the Dask scheduler was lost{_KEPT}")
        now = time.monotonic()
        self.had_workers |= some_done
        if workers:
            self.had_workers, self.told, self.empty_since = True, False, None
            return True
        if self.empty_since is None:
            self.empty_since = now
        empty = now - self.empty_since
        if self.had_workers and empty > GIVEN_UP_AFTER:
            raise StudyError(f"{self.name}: the Dask cluster has lost its workers, none came in {empty:.0f} s{_KEPT}")
        if not self.told and empty > TOLD_AFTER:
            self.told = True
            warnings.warn(
                f"{self.name}: the Dask cluster has no workers; the sweep waits for one (Ctrl-C ends it)",
                stacklevel=2,
            )
        return False
