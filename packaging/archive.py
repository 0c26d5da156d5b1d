#!/usr/bin/env python3
"""Puts a built program into the archive that a release offers for download.

    packaging/archive.py TARGET PROGRAM FOLDER

The names are those that `[package.metadata.binstall]` in Cargo.toml promises; tests/packages.sh compares them.
"""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"]

# What the program writes itself, for each file its arguments.
GENERATED: list[tuple[str, list[str]]] = [
    ("completions/migrate-lint.bash", ["generate-shell-completion", "bash"]),
    ("completions/_migrate-lint", ["generate-shell-completion", "zsh"]),
    ("completions/migrate-lint.fish", ["generate-shell-completion", "fish"]),
    ("completions/migrate-lint.elv", ["generate-shell-completion", "elvish"]),
    ("completions/_migrate-lint.ps1", ["generate-shell-completion", "powershell"]),
    ("man/migrate-lint.1", ["generate-man"]),
]


def archive(target: str, program: Path, folder: Path) -> Path:
    """Writes the archive for a target, a Rust target triple, into a folder."""
    top = f"migrate-lint-{target}"
    windows = "windows" in target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        contents = {f"{top}/migrate-lint{'.exe' if windows else ''}": program}
        contents.update({f"{top}/{text}": ROOT / text for text in TEXTS})
        for number, (name, arguments) in enumerate(GENERATED):
            written = Path(scratch, str(number))
            written.write_bytes(subprocess.run([program.resolve(), *arguments], check=True, stdout=subprocess.PIPE).stdout)
            contents[f"{top}/{name}"] = written
        if windows:
            path = folder / f"{top}.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
                for name, source in contents.items():
                    out.write(source, name)
        else:
            path = folder / f"{top}.tar.gz"

            def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
                # The account that builds is nobody's business, and its umask not either.
                entry.uid = entry.gid = 0
                entry.uname = entry.gname = "root"
                entry.mode = 0o755 if entry.name == f"{top}/migrate-lint" else 0o644
                return entry

            with tarfile.open(path, "w:gz") as out:
                for name, source in contents.items():
                    out.add(source, name, filter=plain)
    return path


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(archive(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
