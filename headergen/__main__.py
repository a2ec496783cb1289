"""Let `python -m headergen` do what `headergen` does."""

import sys

from headergen.cli import main

sys.exit(main())
