"""What pre-commit installs for the hook `migrate-lint`: the wheel of the same version, and nothing else.

For a hook with `language: python`, pre-commit runs `pip install .` at the root of this repository. If the package that is
built from the sources were here, that would compile them, on a machine that may have no Rust toolchain. It is in python/
instead, and here is one without contents whose only dependency is the wheel.
"""

import re
from pathlib import Path

from setuptools import setup

manifest = Path(__file__).with_name("Cargo.toml").read_text(encoding="utf-8")
version = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE).group(1)

setup(
    name="migrate-lint-pre-commit-hook",
    version=version,
    description="Installs the migrate-lint of this version",
    install_requires=[f"migrate-lint=={version}"],
    packages=[],
)
