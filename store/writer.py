"""Who writes to SQLite, and when: one thread, people before chores, one commit for many.

A file has one writer, and most of a short transaction is the wait for the disk. So all who are
in a hurry (a webhook, an officer at the desk) share the next commit, and after them one of the
patient (a turn, a sweep) has the thread, in turn. Nobody is told that it is done before it is on
the disk.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

_TOGETHER = 16
"""So many share a commit at most; the first of them waits for the work of the last."""


@dataclass(frozen=True, eq=False)
class _Waiting:
    fn: Any
    done: "Future[Any]" = field(default_factory=Future)


class Writer:
    """The thread, and the two lines before it."""

    def __init__(
        self,
        alone: Callable[[Any], Any],
        together: Callable[[Sequence[Any]], Sequence[Any]],
    ) -> None:
        """`together` gives the result or the exception of each, or raises and has done nothing."""
        self._alone = alone
        self._together = together
        self._hurried: deque[_Waiting] = deque()
        self._patient: deque[_Waiting] = deque()
        self._change = threading.Condition()
        self._ending = False
        self._patients_turn = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def put(self, fn: Any, *, patient: bool) -> "Future[Any]":
        """Stand in line with a transaction; its result, once it is committed.

        Raises:
            RuntimeError: the writer was closed.
        """
        one = _Waiting(fn)
        with self._change:
            if self._ending:
                raise RuntimeError("the database is closed")
            (self._patient if patient else self._hurried).append(one)
            self._change.notify()
        return one.done

    def close(self) -> None:
        """Write what stands in line, and end."""
        with self._change:
            self._ending = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while taken := self._next():
            waiting = [one for one in taken if one.done.set_running_or_notify_cancel()]
            if len(waiting) < 2 or not self._all(waiting):
                for one in waiting:
                    self._one(one)

    def _next(self) -> list[_Waiting]:
        """Whose turn it is; nobody's when there is nobody left and no more will come."""
        with self._change:
            while not (self._hurried or self._patient or self._ending):
                self._change.wait()
            if self._patient and (self._patients_turn or not self._hurried):
                self._patients_turn = False
                return [self._patient.popleft()]
            self._patients_turn = True
            count = min(_TOGETHER, len(self._hurried))
            return [self._hurried.popleft() for _ in range(count)]

    def _all(self, waiting: Sequence[_Waiting]) -> bool:
        try:
            outcomes = self._together([one.fn for one in waiting])
        except Exception:
            return False
        for one, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Exception):
                one.done.set_exception(outcome)
            else:
                one.done.set_result(outcome)
        return True

    def _one(self, one: _Waiting) -> None:
        try:
            one.done.set_result(self._alone(one.fn))
        except BaseException as problem:
            one.done.set_exception(problem)
