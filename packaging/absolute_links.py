#!/usr/bin/env python3
"""Makes the links to files in README.md lead to the repository: PyPI shows the text without the files beside it.

    packaging/absolute_links.py

It changes README.md in place, before a wheel is built, and the change is not committed.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
version = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE).group(1)
repository = re.search(r'^repository = "(.+)"$', manifest, re.MULTILINE).group(1)


def absolute(link: re.Match[str]) -> str:
    path = link.group(1)
    if not (ROOT / path.partition("#")[0]).exists():
        raise SystemExit(f"README.md links to {path}, which does not exist")
    return f"]({repository}/blob/v{version}/{path})"


readme = ROOT / "README.md"
text = readme.read_bytes().decode()
readme.write_bytes(re.sub(r"\]\((?![a-z]+:|#)([^)\s]+)\)", absolute, text).encode())
