"""`python -m migrate_lint` runs the program, with the same arguments and exit status."""

from __future__ import annotations

import os
import sys

from migrate_lint import find_migrate_lint


def main() -> None:
    command = [find_migrate_lint(), *sys.argv[1:]]
    if sys.platform != "win32":
        os.execv(command[0], command)
    # On Windows `exec` starts a second process and ends this one before it is done.
    import subprocess

    try:
        sys.exit(subprocess.run(command).returncode)
    except KeyboardInterrupt:
        sys.exit(2)


if __name__ == "__main__":
    main()
