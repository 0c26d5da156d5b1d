"""Compares migrate-lint with Alembic and the databases themselves, on random histories.

    python tests/differential --postgresql URL [--seed N] [--count N] [--dialect D] [--keep]

`tests/differential.sh` makes what it needs. Each history is generated from a seed that is printed where something
differs; `--seed N --count 1` repeats one.
"""

import argparse
import collections
import logging
import os
import random
import sys
import tempfile
import time
import warnings

import database
from generate import generate
from judge import judge, shrink

# The history that is the same in every run, and how long a run may be.
FIXED = 20240607


def main():
    parser = argparse.ArgumentParser(prog="differential", description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True, help="the built migrate-lint")
    parser.add_argument("--postgresql", metavar="URL", help="a server where databases may be made")
    parser.add_argument("--dialect", choices=["postgresql", "sqlite"], action="append")
    parser.add_argument("--seed", type=int, help="the first seed [default: a fixed one for half, a fresh one]")
    parser.add_argument("--count", type=int, default=60, help="how many histories of each dialect [default: 60]")
    parser.add_argument("--keep", action="store_true", help="keep the files of failing histories")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--unknown", action="store_true", help="list what was not decided, too")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)

    failures = 0
    for dialect in options.dialect or ["postgresql", "sqlite"]:
        if dialect == "postgresql" and not options.postgresql:
            parser.error("--postgresql is needed for this dialect")
        if options.seed is None:
            half = options.count // 2
            fresh = random.SystemRandom().randrange(1_000_000, 1_000_000_000)
            failures += run(dialect, range(FIXED, FIXED + half), options)
            # What a fresh seed finds is news to mend, and no fault of the change under test.
            print(f"{dialect}: fresh seeds from {fresh}; differences are printed and do not fail the run", flush=True)
            run(dialect, range(fresh, fresh + options.count - half), options)
        else:
            failures += run(dialect, range(options.seed, options.seed + options.count), options)
    return 1 if failures else 0


def run(dialect, seeds, options):
    started = time.monotonic()
    server = database.PostgreSql(options.postgresql) if dialect == "postgresql" else database.Sqlite()
    verdicts, unknown = collections.Counter(), collections.Counter()
    failures, seen = 0, set()
    try:
        for seed in seeds:
            case = generate(dialect, seed)
            outcome = judge(case, server, options.program)
            verdicts.update(outcome.verdicts)
            for revision, reason in outcome.unknown:
                unknown[reason] += 1
                if options.unknown:
                    print(f"unknown, seed {seed}, {revision}: {reason}")
            if not outcome.discrepancies:
                continue
            failures += 1
            first = outcome.discrepancies[0]
            # One example of each kind is enough.
            if str(first.signature) in seen:
                print(f"{dialect}, seed {seed}, {first.revision}: {first.what}, as before\n", flush=True)
                continue
            seen.add(str(first.signature))
            report(case, seed, first, server, options)
    finally:
        server.close()
    counted = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"{dialect}: {len(seeds)} histories in {time.monotonic() - started:.0f} s, {failures} differ; {counted}")
    if unknown:
        print(f"{dialect}: not decided: " + "; ".join(f"{count} times {reason}" for reason, count in unknown.items()))
    return failures


def report(case, seed, first, server, options):
    if not options.no_shrink:
        case = shrink(case, first.signature, server, options.program)
    keep = tempfile.mkdtemp(prefix=f"differential-{seed}-") if options.keep else None
    found = next(
        (found for found in judge(case, server, options.program, keep).discrepancies if found.what == first.what), first
    )
    print(f"== {case.dialect}, seed {seed}, revision {found.revision}: {found.what}")
    if case.naming:
        print(f"# naming convention: {case.naming}")
    for revision, text in case.texts():
        print(f"# {revision}.py\n{text}")
    print(f"migrate-lint: {found.ours}\nthe database: {found.real}")
    if keep:
        print(f"kept in {os.path.relpath(keep) if keep.startswith(os.getcwd()) else keep}")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
