"""Every error that headergen raises on purpose: what is wrong, where, and what to do about it.

Each kind carries the exit code that the command line ends with (README.md, "Command line"):
2 is the author's (usage, config, article), 3 means that a picture could not be made here.
Anything else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; to import typing takes longer than all of this
if TYPE_CHECKING:
    from typing import ClassVar, Self


class HeadergenError(Exception):
    """A problem that the author can act on.

    `str(error)` reads `path:line: key: message`, leaving out what is not known. A message of
    several lines has the fact in its first; `remedy` says what to do.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        key: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.key = key
        self.remedy = remedy

    def at(self, *, path: str, line: int | None = None, key: str | None = None) -> Self:
        """Return the same error with the place that its raiser could not know."""
        return type(self)(self.message, path=path, line=line, key=key, remedy=self.remedy)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.key, self.message) if part)

    @property
    def place(self) -> str:
        """`path:line`, as far as it is known."""
        if self.path is None or self.line is None:
            return self.path or ""
        return f"{self.path}:{self.line}"

    @property
    def headline(self) -> str:
        """What is wrong, in one line and without its place."""
        first = self.message.partition("\n")[0]
        return f"{self.key}: {first}" if self.key else first

    @property
    def advice(self) -> str:
        """The lines below the headline: the rest of the message, and the remedy."""
        rest = self.message.partition("\n")[2]
        return "\n".join(part for part in (rest, self.remedy) if part)


class UsageError(HeadergenError):
    """The command line asks for something that cannot be."""


class ConfigError(HeadergenError):
    """The config file is at fault; `path`, `line` and `key` say where."""


class ArticleError(HeadergenError):
    """An article's frontmatter is at fault; the article keeps its bytes."""


class SkippedError(ArticleError):
    """An article that asks for nothing itself gets no header by default.

    `reason` says why in words that fit many articles; the message is about this one.
    """

    reason: str = "their frontmatter cannot be read"

    @classmethod
    def of(cls, error: HeadergenError, reason: str) -> Self:
        """Return what is told instead of `error`, which nobody asked for."""
        place = {"path": error.path, "line": error.line, "key": error.key}
        made = cls(error.message, remedy=error.remedy, **place)  # type: ignore[arg-type]
        made.reason = reason
        return made

    def at(self, *, path: str, line: int | None = None, key: str | None = None) -> Self:
        """Return the same error with the place that its raiser could not know."""
        made = super().at(path=path, line=line, key=key)
        made.reason = self.reason
        return made


class NearMissError(ArticleError):
    """An article has something that is almost a request for a header."""


class PathError(HeadergenError):
    """A path in an article is malformed."""


class OutsideRepositoryError(PathError):
    """A path in an article leaves the repository, or enters git's own folder."""


class SourceError(HeadergenError):
    """A source picture of a composite cannot be used."""


class GlyphError(HeadergenError):
    """A text has a character that no font of headergen's can draw."""


class OutputError(HeadergenError):
    """The header's place is taken by a file that headergen did not make, or cannot be written."""


class GitError(HeadergenError):
    """Git could not answer a question that the command needs answered."""


class PaintError(HeadergenError):
    """A picture could not be made on this machine."""

    exit_code = 3


class TooLargeError(PaintError):
    """The picture does not fit into the bytes that the config allows, and still look good."""


class MachineError(PaintError):
    """This machine can't paint the picture, for want of something; another machine may."""


class InterpreterNotFoundError(MachineError):
    """No Python interpreter with torch and diffusers was found."""


class DependencyError(MachineError):
    """torch, diffusers or their company is installed but cannot be imported."""


class DeviceNotFoundError(MachineError):
    """The device asked for (or, for `auto`, any accelerator) is not there."""


class ModelNotFoundError(PaintError):
    """The hub does not know the model, or does not let this machine read it."""


class NotDownloadedError(MachineError):
    """The model is not on this machine and this command does not download."""


class NetworkError(MachineError):
    """The model hub could not be reached."""


class CheckpointError(PaintError):
    """The checkpoint lacks a part, holds no safetensors, or is of an unknown pipeline class."""


class PlacementError(MachineError):
    """The model fits this machine in no placement; found out before loading."""


class DiskSpaceError(MachineError):
    """The disk has too little room for the model."""


class NoPictureError(PaintError):
    """What the model painted is no picture: NaN, all black or one flat colour."""


class HungError(PaintError):
    """The worker gave no sign of life for longer than the time limit."""


class SystemMemoryError(MachineError):
    """The worker was killed for want of *system RAM* (SIGKILL, exit status 137)."""


class VideoMemoryError(MachineError):
    """The accelerator ran out of *VRAM* ("CUDA out of memory")."""


class GarbledError(PaintError):
    """The worker, or a wrapper around it, said what no worker says."""


class WorkerDiedError(PaintError):
    """The worker ended in a way that no other kind explains."""
