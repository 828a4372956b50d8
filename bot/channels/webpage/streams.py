"""How many streams may be open: a few for one talk, a share for one line, and so many in all."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST_OF_A_TALK = 3
"""One tab listens once; a reload or a lost line may leave an old stream behind for a while."""
MOST_OF_A_LINE = 200
"""A mobile network brings a whole district through one address; still it gets no more than this,
so that one machine does not take the places of all others."""
MOST = 500


@dataclass(eq=False)
class Place:
    """One open stream; `over` once newer ones of the same talk need its place."""

    over: bool = False


class Streams:
    """The open streams, by talk and by line."""

    def __init__(self, most: int = MOST, most_of_a_line: int = MOST_OF_A_LINE) -> None:
        self._most = most
        self._most_of_a_line = most_of_a_line
        self._lines: Counter[str] = Counter()
        self._places: dict[str, list[Place]] = {}

    def full(self, line: str) -> bool:
        """Whether another stream from there would be too many."""
        return self._lines.total() >= self._most or self._lines[line] >= self._most_of_a_line

    @contextmanager
    def place(self, talk_id: str, line: str) -> Iterator[Place]:
        """A place for one more stream of a talk; the oldest of the talk has to go."""
        place = Place()
        of_talk = self._places.setdefault(talk_id, [])
        of_talk.append(place)
        self._lines[line] += 1
        for older in of_talk[:-MOST_OF_A_TALK]:
            older.over = True
        try:
            yield place
        finally:
            self._lines[line] -= 1
            if not self._lines[line]:
                del self._lines[line]
            of_talk.remove(place)
            if not of_talk:
                del self._places[talk_id]
