"""The `migrate-lint` program, as it comes with this package."""

from __future__ import annotations

import os
import sys
from importlib.metadata import Distribution

__all__ = ["find_migrate_lint"]


def find_migrate_lint() -> str:
    """The path of the program that was installed together with this package."""
    name = "migrate-lint.exe" if sys.platform == "win32" else "migrate-lint"
    installed = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    candidates = []
    # What installed the package has recorded where it put the program: in the scripts folder of a virtual environment, of
    # the user, of a prefix.
    for distribution in Distribution.discover(name="migrate-lint", path=[installed]):
        for file in distribution.files or []:
            if file.name == name:
                candidates.append(os.path.normpath(str(distribution.locate_file(file))))
    # `pip install --target` moves the program afterwards and leaves the record as it was.
    candidates.append(os.path.join(installed, "bin", name))
    for candidate in candidates:
        if os.path.isfile(candidate):
            return candidate
    raise FileNotFoundError("migrate-lint is not at " + " nor at ".join(candidates))
