"""What this process found out about cases and can't change, so that it is found out once."""

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """At the most so many entries, shared by threads; the oldest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[K, V] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """What is known of it; None: nothing."""
        return self._known.get(key)

    def put(self, key: K, value: V) -> None:
        """Know it from now on."""
        with self._lock:
            while len(self._known) >= self._most:
                del self._known[next(iter(self._known))]
            self._known[key] = value
