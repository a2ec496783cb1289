"""Start headergen: the `headergen` command and `python -m headergen`."""

import sys

from headergen import settled


def main() -> int:
    """Run the command line and return its exit code; a hook with nothing to do ends here."""
    if settled.nothing_to_do(sys.argv[1:]):
        return 0
    from headergen import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
