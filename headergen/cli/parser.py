"""A parser that says what was probably meant, with the usage of the command at fault."""

import sys
from argparse import Action, ArgumentError, ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from headergen.fields import unknown
from headergen.wording import shown


class Parser(ArgumentParser):
    """As argparse's, but each command reports its own unknown options, and hints are given."""

    _given: Sequence[str] = ()

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """Return the arguments; what is unknown ends here, where the command is known.

        argparse hands what a command does not know up to the parser of all commands.
        """
        given = sys.argv[1:] if args is None else [*args]
        self._given = given[: given.index("--")] if "--" in given else given
        found, rest = super().parse_known_args(given, namespace)
        if rest:
            self.error(self._misspelt(rest) or f"unexpected argument {shown(rest[0])}")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and exit; a misspelt option is named before what it leaves out.

        Without it argparse finds that `--ouput x.png` has no `--output`.
        """
        is_left_out = "arguments are required" in message
        super().error((is_left_out and self._misspelt(self._given)) or message)

    def _misspelt(self, words: Iterable[str]) -> str | None:
        options = [name for action in self._actions for name in action.option_strings]
        for name in (word.partition("=")[0] for word in words):
            is_known = any(option.startswith(name) for option in options)
            if name.startswith("-") and name != "-" and not is_known:
                return f"unknown option {shown(name)}{_hint(name, options)}"
        return None

    def _check_value(self, action: Action, value: Any) -> None:
        """Check that `value` is one of the action's choices; the message has a hint."""
        if action.choices is not None and value not in action.choices:
            noun = "command" if action.dest == "command" else "value"
            message = unknown(noun, str(value), map(str, action.choices))
            raise ArgumentError(None if noun == "command" else action, message)


def _hint(name: str, choices: Iterable[str]) -> str:
    close = get_close_matches(name, [*choices], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
