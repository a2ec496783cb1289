"""Paint one picture from a prompt: `headergen generate` under the specification's name."""

import sys

from headergen.cli.main import main

sys.exit(main(["generate", *sys.argv[1:]]))
