#!/usr/bin/env bash
# What `check` writes for other programs, read by those programs or checked against their schemas: SARIF by the validator
# of its editors, JUnit's XML by a reader of it, the configuration by the JSON schema that is made for editors.
#
#     pip install -r tests/requirements-formats.txt && tests/formats.sh
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
program=${MIGRATE_LINT:-${CARGO_TARGET_DIR:-$root/target}/debug/migrate-lint}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

cp -R "$root/tests/cli/check.in" "$work/project"
cd "$work/project"
git init --quiet
# A comment, so that there is a suppressed finding too.
sed -i 's/^revision = "c64e"$/&  # migrate-lint: ignore[multiple-heads] they are joined on Monday/' \
    migrations/versions/c64e_invoice.py
status=0
"$program" check --silent --output-format sarif="$work/out.sarif" --output-format junit="$work/out.xml" \
    --output-format gitlab="$work/gitlab.json" --output-format rdjson="$work/rd.json" || status=$?
[ "$status" = 1 ] || fail "the project has findings, and the exit status is $status"

if command -v npm >/dev/null; then
    version=5.7.0
    (cd "$work" && npm pack --silent "@microsoft/sarif-multitool-linux@$version" >/dev/null && tar -xzf ./*.tgz)
    chmod +x "$work/package/Sarif.Multitool"
    # Rules for code scanning of GitHub besides those of the format.
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$work/package/Sarif.Multitool" validate "$work/out.sarif" \
        --rule-kind 'Sarif;Ghas' --output "$work/verdict.sarif" --log ForceOverwrite >"$work/log" || fail "$(cat "$work/log")"
    cp "$work/package/sarif-2.1.0.json" "$work/sarif-schema.json"
else
    echo 'npm is not here, so the validator of SARIF is left out'
fi

python3 - "$work" "$root" <<'END' || fail 'a format is not what its readers expect'
import json
import pathlib
import sys
import tomllib

import jsonschema
import junitparser

work, root = map(pathlib.Path, sys.argv[1:])


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


sarif = load(work / "out.sarif")
if (work / "verdict.sarif").exists():
    verdict = json.loads((work / "verdict.sarif").read_text(encoding="utf-8-sig"))
    errors = [result for result in verdict["runs"][0].get("results", []) if result.get("level") == "error"]
    assert not errors, errors
    jsonschema.validate(sarif, load(work / "sarif-schema.json"))
results = sarif["runs"][0]["results"]
shown = [result for result in results if "suppressions" not in result]
assert len(results) == len(shown) + 1, results

junit = junitparser.JUnitXml.fromfile(str(work / "out.xml"))
assert junit.failures == junit.tests == len(shown), (junit.failures, junit.tests)
names = [(case.classname, case.name) for suite in junit for case in suite]
assert len(set(names)) == len(names), names

# "Code Quality report format" of GitLab's documentation.
gitlab = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "positions"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^./]"},
                    "positions": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "object", "required": ["line"]}},
                    },
                },
            },
        },
    },
}
report = load(work / "gitlab.json")
jsonschema.validate(report, gitlab)
assert len({entry["fingerprint"] for entry in report}) == len(report) == len(shown)

# `proto/rdf/reviewdog.proto` of reviewdog, as far as it is used.
place = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
span = {
    "type": "object",
    "additionalProperties": False,
    "required": ["start"],
    "properties": {"start": place, "end": place},
}
location = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {"path": {"type": "string"}, "range": span},
}
entry = {
    "type": "object",
    "additionalProperties": False,
    "required": ["message", "location"],
    "properties": {
        "message": {"type": "string"},
        "location": location,
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "code": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"value": {"type": "string"}, "url": {"type": "string"}},
        },
        "suggestions": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["range", "text"],
                "properties": {"range": span, "text": {"type": "string"}},
            },
        },
        "related_locations": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"message": {"type": "string"}, "location": location},
            },
        },
    },
}
rdjson = {
    "type": "object",
    "additionalProperties": False,
    "required": ["diagnostics"],
    "properties": {
        "source": {"type": "object"},
        "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
        "diagnostics": {"type": "array", "items": entry},
    },
}
jsonschema.validate(load(work / "rd.json"), rdjson)

# The schema of the configuration takes what the program takes, and refuses what it refuses.
schema = load(root / "migrate-lint.schema.json")
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for block in (root / "docs" / "configuration.md").read_text(encoding="utf-8").split("```toml\n")[1:]:
    text = block.split("```")[0]
    validator.validate(tomllib.loads(text))
for wrong in ['pairing = "apart"', "ignor = []", "select = 1", 'severity = { ML101 = "bad" }', 'dialect = "oracle"']:
    assert not validator.is_valid(tomllib.loads(wrong)), wrong
END
echo 'all as it should be'
