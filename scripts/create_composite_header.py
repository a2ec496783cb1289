"""Compose one picture of several: `headergen composite` under the specification's name."""

import sys

from headergen.cli.main import main

sys.exit(main(["composite", *sys.argv[1:]]))
