"""The command line: argv in, exit code out; with `commands` the one room that prints.

Exit codes: 0 nothing left to do, 1 files were written or something needs the author,
2 usage, config or article at fault, 3 a picture could not be made; 130 and so on when a signal
ended the run.
"""

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from headergen.cli import terminal
from headergen.cli.arguments import parser
from headergen.cli.terminal import say, say_error
from headergen.errors import HeadergenError, UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    parsing = parser()
    arguments = parsing.parse_args(argv)
    if arguments.command is None:
        parsing.print_help()
        return UsageError.exit_code
    with _ending_on_signals(), terminal.speaking(quiet=arguments.quiet, verbose=arguments.verbose):
        return _run(arguments)


def _run(arguments: Namespace) -> int:
    try:
        # Each command is a module, so that none loads what only another needs.
        command = import_module(f"headergen.cli.commands.{arguments.command}")
        return int(command.run(arguments))
    except HeadergenError as error:
        say_error(error)
        return error.exit_code
    except BrokenPipeError:  # whoever read the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    except OSError as error:  # a disk or a folder that fails where no article is to blame
        say(f"{error.filename or 'headergen'}: {error.strerror or error}", sys.stderr)
        return UsageError.exit_code
    except KeyboardInterrupt as interrupt:
        say("interrupted: what is finished stays, and the next run goes on from there", sys.stderr)
        return 128 + int(interrupt.args[0] if interrupt.args else signal.SIGINT)


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end a run as Ctrl-C does: worker first, no litter.

    The handlers that were there before are restored at the end.
    """

    def end(number: int, _frame: Any) -> None:
        raise KeyboardInterrupt(number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            # None: it was not installed by Python, and cannot be restored from here.
            signal.signal(getattr(signal, name), handler or signal.SIG_DFL)
