"""Runs a case in the database and through migrate-lint, and says where they differ."""

import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

import compare
import versions
from database import Failed


@dataclass
class Discrepancy:
    revision: str
    what: str
    ours: object
    real: object

    # What the database says of a failure.
    error: str = ""

    @property
    def signature(self):
        """What stays the same while a case shrinks."""
        return self.what, re.sub(r"\".*?\"", "", self.error).split()[:8]


@dataclass
class Outcome:
    discrepancies: list = field(default_factory=list)
    # Why something was not decided.
    unknown: list = field(default_factory=list)
    verdicts: list = field(default_factory=list)


def judge(case, database, program, keep=None):
    folder = keep or tempfile.mkdtemp(prefix="migrate-lint-differential-")
    try:
        case.write(folder, versions.REQUIREMENTS)
        return _judge(case, database, program, folder)
    finally:
        if keep is None:
            shutil.rmtree(folder)


def ask(program, folder, dialect, *command):
    # Nothing of the surroundings may matter, nor any configuration.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "MIGRATE_LINT_"))}
    run = subprocess.run(
        [program, *command, "--no-git", "--isolated", "--dialect", dialect, "--output-format", "json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if run.returncode:
        raise SystemExit(f"migrate-lint {' '.join(command)} ends with {run.returncode} in {folder}:\n{run.stderr}")
    return json.loads(run.stdout)


def _judge(case, database, program, folder):
    outcome = Outcome()
    replay = ask(program, folder, case.dialect, "replay")
    said = {revision["revision"]: revision for revision in replay["revisions"]}
    before = compare.normal({"tables": {}, "enums": {}, "sequences": {}}, case.dialect)
    reached = parent = None
    with database.session(folder) as session:
        for revision in case.revisions:
            ours = said[revision.id]
            known = real_verdict(session, folder, case.dialect, revision.id, parent, before)
            compare_revision(outcome, ours, known)
            if known.after is None:
                break
            before, reached, parent = known.after, revision.id, revision.id
    if reached:
        schema = ask(program, folder, case.dialect, "schema", "--at", reached)
        ours = compare.normal(schema, case.dialect)
        ours, real, reasons = compare.without_unknown(ours, before, schema)
        outcome.unknown += [(reached, reason) for reason in reasons]
        for name in real["tables"] if real else []:
            orders = [schema["tables"][name]["order"] for schema in (ours, real) if name in schema["tables"]]
            if len(orders) == 2 and orders[0] != orders[1]:
                outcome.discrepancies.append(Discrepancy(reached, "schema: order of columns", *orders))
        for kind, name, was, found in compare.differences(real, ours) if real else []:
            outcome.discrepancies.append(Discrepancy(reached, f"schema: {kind}", f"{name}: {found}", f"{name}: {was}"))
    return outcome


@dataclass
class Known:
    """What the database says of a revision."""

    verdict: str
    after: "dict | None" = None
    upgrade: list = field(default_factory=list)
    downgrade: list = field(default_factory=list)
    error: "tuple | None" = None


def real_verdict(session, folder, dialect, revision, parent, before):
    try:
        after = compare.normal(session.upgrade(folder, revision), dialect)
    except Failed as failed:
        return Known("fails", error=("upgrade", failed.message))
    upgrade = compare.differences(before, after)
    try:
        back = compare.normal(session.downgrade(folder, parent), dialect)
    except Failed as failed:
        if failed.is_refusal or "has no attribute 'downgrade'" in failed.message:
            return Known("refused", after, upgrade)
        return Known("fails", after, upgrade, error=("downgrade", failed.message))
    downgrade = compare.differences(before, back)
    if downgrade:
        verdict = "not-reversed"
    else:
        verdict = "reversible" if upgrade else "no-schema-change"
    return Known(verdict, after, upgrade, downgrade)


def compare_revision(outcome, ours, known):
    outcome.verdicts.append(known.verdict)
    revision = ours["revision"]
    if ours["verdict"] == "unknown":
        outcome.unknown += [(revision, entry["reason"]) for entry in ours["uncertain"]] or [(revision, "no reason")]
        return
    if ours["verdict"] != known.verdict:
        details = ours["error"] or short(ours["downgrade"])
        real = known.error or [(kind, name, was, found) for kind, name, was, found in known.downgrade]
        outcome.discrepancies.append(
            Discrepancy(
                revision,
                f"verdict {ours['verdict']} instead of {known.verdict}",
                f"{ours['verdict']} {details}",
                f"{known.verdict} {real}",
                " ".join(known.error or ()),
            )
        )
        return
    if known.verdict == "fails":
        if ours["error"] and ours["error"]["phase"] != known.error[0]:
            outcome.discrepancies.append(
                Discrepancy(revision, "phase of failure", ours["error"], known.error)
            )
        return
    for side in ("upgrade", "downgrade"):
        if known.verdict == "refused" and side == "downgrade":
            continue
        mine = {subject(found["kind"], found["object"]) for found in ours[side]}
        real = {subject(kind, name) for kind, name, _, _ in getattr(known, side)}
        if mine != real and not ours["uncertain"]:
            kinds = sorted({kind for kind, _ in mine ^ real})
            outcome.discrepancies.append(
                Discrepancy(
                    revision,
                    f"{side}: {', '.join(kinds)}",
                    sorted(mine - real),
                    [found for found in getattr(known, side) if subject(*found[:2]) not in mine],
                )
            )


def subject(kind, name):
    """What differs; of checks without a name only the table is said."""
    return kind, re.sub(r"\(.*\)$", "()", name) if kind.startswith("check_") else name


def short(found):
    return [(entry["kind"], entry["object"], entry["from"], entry["to"]) for entry in found]


def shrink(case, signature, database, program, seconds=20):
    """The smallest case found in which something differs in the same way."""
    end = time.monotonic() + seconds
    # What cannot be left out is not tried again until everything else has been.
    skip = tried = 0
    while time.monotonic() < end:
        smaller = next(itertools.islice(case.smaller(), skip, None), None)
        if smaller is None:
            if not tried:
                break
            skip = tried = 0
        elif any(found.signature == signature for found in judge(smaller, database, program).discrepancies):
            case, tried = smaller, tried + 1
        else:
            skip += 1
    return case
