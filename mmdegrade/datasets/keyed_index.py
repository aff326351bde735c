"""An index that knows its place in a run."""


class KeyedIndex(int):
    """A dataset index that remembers its draw number.

    It is an ``int`` for every purpose. Arithmetic keeps the draw number, because dataset
    wrappers (``RepeatDataset``: ``idx % len``; ``ConcatDataset``: ``idx - offset``) compute the
    index they hand on.

    Attributes:
        draw (int): Number of the draw: ``epoch * len(dataset) + index``, unique in a run.
    """

    draw: int

    def __new__(cls, index: int, draw: int) -> 'KeyedIndex':
        self = super().__new__(cls, index)
        self.draw = int(draw)
        return self

    def with_index(self, index: int) -> 'KeyedIndex':
        """Another index of the same draw."""
        return KeyedIndex(index, self.draw)

    def __reduce__(self):  # the default would lose ``draw`` on the way to a worker process
        return KeyedIndex, (int(self), self.draw)

    def __add__(self, other):
        return KeyedIndex(int(self) + int(other), self.draw)

    __radd__ = __add__

    def __sub__(self, other):
        return KeyedIndex(int(self) - int(other), self.draw)

    def __mod__(self, other):
        return KeyedIndex(int(self) % int(other), self.draw)
