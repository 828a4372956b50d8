"""How many streams may be open: a few for one talk, and so many in all."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST_OF_A_TALK = 3
"""One tab listens once; a reload or a lost line may leave an old stream behind for a while."""
MOST = 500


@dataclass(eq=False)
class Place:
    """One open stream; `over` once newer ones of the same talk need its place."""

    over: bool = False


class Streams:
    """The open streams, by talk."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._open = 0
        self._places: dict[str, list[Place]] = {}

    @property
    def full(self) -> bool:
        """Whether another stream would be too many."""
        return self._open >= self._most

    @contextmanager
    def place(self, talk_id: str) -> Iterator[Place]:
        """A place for one more stream of a talk; the oldest of the talk has to go."""
        place = Place()
        of_talk = self._places.setdefault(talk_id, [])
        of_talk.append(place)
        self._open += 1
        for older in of_talk[:-MOST_OF_A_TALK]:
            older.over = True
        try:
            yield place
        finally:
            self._open -= 1
            of_talk.remove(place)
            if not of_talk:
                del self._places[talk_id]
