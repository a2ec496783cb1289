"""What long work reports while it goes on: each report is one of the events here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """`what` is waited for: `the model` or `the GPU`, and which process has it."""

    what: str


@dataclass(frozen=True)
class Started:
    """`model` is about to paint one picture for each of `titles`; fetching has no titles."""

    model: str
    titles: Sequence[str] = ()


@dataclass(frozen=True)
class Downloading:
    """So much of the model has been downloaded."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Storing:
    """The file `name` is being stored in half precision, or quantised."""

    name: str


@dataclass(frozen=True)
class Placed:
    """The model `name` is about to be loaded as `placement` says."""

    name: str
    placement: str


@dataclass(frozen=True)
class Loading:
    """`part` is being loaded, after so many bytes of weights; "" when a stage is loaded."""

    part: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Step:
    """`step` of `steps` is done of the picture for the title with this `index`.

    `steps` is None where a server paints, which does not tell.
    """

    index: int
    step: int
    steps: int | None


@dataclass(frozen=True)
class Note:
    """A sentence about what is not done as the author might expect."""

    text: str


@dataclass(frozen=True)
class Measured:
    """The model `name` has painted so many pictures on `device`, in so many seconds.

    `memory` has the most that was held and what was predicted, in bytes, by `VRAM` and `RAM`.
    """

    name: str
    pictures: int
    device: str
    seconds: float
    memory: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Finished:
    """The model has painted what it was asked to, or given up, or only the wait is over."""


# What is going on: the last one is what there is to show.
Phase = Waiting | Started | Downloading | Storing | Placed | Loading | Step
Event = Phase | Note | Measured | Finished
Report = Callable[[Event], object]
