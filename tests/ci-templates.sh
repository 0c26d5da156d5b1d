#!/usr/bin/env bash
# The action and the templates for CI, run under the variables and in the checkouts that the systems make.
#
#     pip install -r tests/ci-templates/requirements.txt && tests/ci-templates.sh
#
# MIGRATE_LINT names another program than that of the debug build.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
program=${MIGRATE_LINT:-${CARGO_TARGET_DIR:-$root/target}/debug/migrate-lint}
python=$(python3 -c 'import sys; print(sys.executable)')
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$work"' EXIT

export HOME=$work/home GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
mkdir "$HOME" "$work/bin" "$work/api" "$work/wheels"
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE
cd "$work"

scenario='the start'
fail() {
    echo "FAILED: $scenario: $1" >&2
    [[ ! -f $work/said ]] || cat "$work/said" >&2
    exit 1
}

# Asserts the exit status of what ran last.
ended() {
    [[ $status == "$1" ]] || fail "ended with $status, not $1"
}

says() {
    grep --quiet --fixed-strings -e "$1" "$work/said" || fail "does not say: $1"
}

keeps_quiet_about() {
    ! grep --quiet --fixed-strings -e "$1" "$work/said" || fail "says: $1"
}

# --- What the files are ---

scenario='schemas and linters'
check-jsonschema --quiet --builtin-schema vendor.github-actions "$root/action.yml"
check-jsonschema --quiet --builtin-schema vendor.gitlab-ci "$root/hooks/gitlab-ci.yml"
# The schema has patterns that only Python's own expressions take.
check-jsonschema --quiet --regex-variant python --builtin-schema vendor.azure-pipelines "$root/hooks/azure-pipelines.yml"
zizmor --quiet --offline --persona pedantic "$root/action.yml" >"$work/said" 2>&1 || fail 'zizmor finds something'
"$python" "$root/tests/ci-templates/steps.py" "$root/hooks/gitlab-ci.yml" before_script >gitlab-install
"$python" "$root/tests/ci-templates/steps.py" "$root/hooks/gitlab-ci.yml" script >gitlab-check
"$python" "$root/tests/ci-templates/steps.py" "$root/hooks/gitlab-ci.yml" after_script >gitlab-note
"$python" "$root/tests/ci-templates/steps.py" "$root/hooks/azure-pipelines.yml" 0 >azure-install
"$python" "$root/tests/ci-templates/steps.py" "$root/hooks/azure-pipelines.yml" 1 >azure-check
"$python" "$root/tests/ci-templates/steps.py" "$root/hooks/Jenkinsfile" 0 >jenkins-install
"$python" "$root/tests/ci-templates/steps.py" "$root/hooks/Jenkinsfile" 1 >jenkins-check
(cd "$root" && shellcheck --external-sources hooks/github-action.sh tests/ci-templates.sh)
shellcheck --shell=sh gitlab-* jenkins-*
shellcheck --shell=bash azure-*
# Whatever is installed must be the version that these files belong to.
wanted=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
[[ $(grep --count --fixed-strings "default: $wanted" "$root/action.yml") == 1 ]] || fail 'action.yml has another version'
for template in gitlab-ci.yml azure-pipelines.yml Jenkinsfile; do
    grep --quiet -E "(==|VERSION: \")${wanted//./\\.}(\"|$)" "$root/hooks/$template" || fail "$template has another version"
done

# --- The program, on the PATH and as a wheel ---

ln -s "$program" bin/migrate-lint
printf '#!/bin/sh\nexec "%s" "$@"\n' "$python" >bin/python3
chmod +x bin/python3
"$python" - "$wanted" "$program" wheels <<'PYTHON'
import sys, zipfile

version, program, folder = sys.argv[1:]
info = f"migrate_lint-{version}.dist-info"
with zipfile.ZipFile(f"{folder}/migrate_lint-{version}-py3-none-any.whl", "w") as wheel:
    script = zipfile.ZipInfo(f"migrate_lint-{version}.data/scripts/migrate-lint")
    script.external_attr = 0o100755 << 16
    wheel.writestr(script, f'#!/bin/sh\necho installed >&2\nexec "{program}" "$@"\n')
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: migrate-lint\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: false\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "")
PYTHON

# --- The repository that all of them clone ---

# shellcheck source=tests/revision.sh
source "$root/tests/revision.sh"

record() {
    git add --all
    git commit --quiet --message "$1"
}

# The merge of a branch into main, as GitHub and Azure keep it for a pull request.
merge() {
    local tree
    tree=$(git merge-tree --write-tree main "$1")
    git commit-tree -p main -p "$1" -m "Merge $1 into main" "$tree"
}

git init --quiet --initial-branch=main project
cd project
# More commits than GitLab fetches by default, and older than a project whose revisions have run nowhere.
for number in {1..20}; do
    GIT_COMMITTER_DATE=2020-01-01T00:00:00Z git commit --quiet --allow-empty --message "$number"
done
mkdir -p migrations/versions
printf '[alembic]\nscript_location = migrations\n' >alembic.ini
printf 'from alembic import context\ncontext.configure()\n' >migrations/env.py
revision a1 None
record a1
first=$(git rev-parse HEAD)
# Sound by itself; merged, there are two heads.
git checkout --quiet -b side
revision s1 '"a1"'
record s1
side=$(git rev-parse HEAD)
git checkout --quiet main
revision m1 '"a1"'
record m1
main=$(git rev-parse HEAD)
git checkout --quiet -b good
revision g1 '"m1"'
record g1
git checkout --quiet -b words main
echo 'Hello.' >README
record words
# A branch that was pushed before and edits its own revision now.
git checkout --quiet -b edits good
pushed=$(git rev-parse HEAD)
sed -i 's/t_g1/renamed/' migrations/versions/g1.py
record edits
edits=$(git rev-parse HEAD)
side_merged=$(merge side)
good_merged=$(merge good)
words_merged=$(merge words)
git update-ref refs/pull/7/merge "$side_merged"
git update-ref refs/pull/8/merge "$good_merged"
git update-ref refs/pull/9/merge "$words_merged"
git checkout --quiet main
cd ..

# Makes the empty clone that the checkouts of CI systems begin with, and goes there.
begin() {
    scenario=$1
    rm -rf "$work/clone" "$work/said"
    git init --quiet "$work/clone"
    cd "$work/clone"
    git remote add origin "file://$work/project"
}

# --- The systems, each in clones as it makes them ---

# shellcheck source=tests/ci-templates/github.sh
. "$root/tests/ci-templates/github.sh"
# shellcheck source=tests/ci-templates/github-comment.sh
. "$root/tests/ci-templates/github-comment.sh"
# shellcheck source=tests/ci-templates/gitlab.sh
. "$root/tests/ci-templates/gitlab.sh"
# shellcheck source=tests/ci-templates/azure.sh
. "$root/tests/ci-templates/azure.sh"
# shellcheck source=tests/ci-templates/jenkins.sh
. "$root/tests/ci-templates/jenkins.sh"

echo 'all as it should be'
