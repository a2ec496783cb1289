"""Start the worker where headergen is not installed: make its own folder the package `headergen`.

Putting the folder that holds headergen on the module path instead would bring in whatever else is
installed there, such as another torch.
"""

from __future__ import annotations

import importlib.util
import os
import sys


def adopt_headergen() -> None:
    """Make `import headergen` find the package that this file is part of, and nothing beside it."""
    own = os.path.dirname(os.path.realpath(__file__))
    # Folders whose files git tracks: a pull request may bring a module there (diffusion/trust.py).
    left_out = [own, *os.environ.get("HEADERGEN_LEFT_OUT", "").split(os.pathsep)]
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") not in left_out]
    package = os.path.dirname(os.path.dirname(own))
    spec = importlib.util.spec_from_file_location(
        "headergen", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules["headergen"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["headergen"])


if __name__ == "__main__":
    adopt_headergen()
    from headergen.diffusion.worker import process

    process.main()
    os._exit(0)  # taking torch and CUDA down in order costs seconds and guards nothing
