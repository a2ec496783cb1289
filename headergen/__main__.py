"""Start headergen: the `headergen` command and `python -m headergen`."""

import sys

from headergen.repository import hook_memory


def main() -> int:
    """Run the command line and return its exit code; a hook with nothing to do ends here."""
    if hook_memory.nothing_to_do(sys.argv[1:]):
        return 0
    from headergen.cli import main as cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
