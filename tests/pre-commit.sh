#!/usr/bin/env bash
# The hooks of .pre-commit-hooks.yaml, run by the real pre-commit and prek against a clone of this repository, and the
# program as a hook of lefthook and husky.
#
#     pip install -r tests/requirements.txt -r tests/requirements-packages.txt && cargo build && tests/pre-commit.sh
#
# What is not installed is left out, and said to be, but for pre-commit and maturin, which makes the wheel for the hook.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
program=$target/debug/migrate-lint
for needed in pre-commit maturin "$program"; do
    command -v "$needed" >/dev/null || {
        echo "$needed is missing: pip install -r tests/requirements.txt -r tests/requirements-packages.txt && cargo build" >&2
        exit 2
    }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The builds of the hooks share nothing with this one but the downloads.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
rustup_home=${RUSTUP_HOME:-$HOME/.rustup}
export CARGO_HOME=$cargo_home RUSTUP_HOME=$rustup_home
export HOME=$work/home GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
export PRE_COMMIT_HOME=$work/pre-commit PREK_HOME=$work/prek
mkdir "$HOME"
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE

about=
fail() {
    echo "FAILED: $about: $1" >&2
    exit 1
}

# Runs a command that must fail and say something.
refused() {
    local wanted=$1 said
    shift
    if said=$("$@" 2>&1); then
        fail "$* succeeded; it should say $wanted"
    fi
    grep --quiet "$wanted" <<<"$said" || fail "$* does not say $wanted: $said"
}

# Runs a command that must succeed; it need not say anything.
passes() {
    local said
    said=$("$@" 2>&1) || fail "$* is refused: $said"
}

# What is on disk now, committed, is what the hooks are built from.
git clone --quiet "$root" "$work/migrate-lint"
(
    cd "$work/migrate-lint"
    git -C "$root" ls-files -z --cached --others --exclude-standard |
        (cd "$root" && xargs -0 -I{} sh -c 'test -e "{}" && printf "%s\0" "{}"') |
        (cd "$root" && tar --null -T - -cf -) | tar -xf -
    git add --all
    git commit --quiet --allow-empty -m 'as on disk'
)
revision_of_hooks=$(git -C "$work/migrate-lint" rev-parse HEAD)

# The wheel that setup.py asks for, as if it had been released. Named with its path it wins over any that has been.
about=wheel
cd "$root/python"
passes maturin build --profile dev --locked --compatibility linux --compression-level 1 --target-dir "$target" \
    --out "$work/wheels"
wheel=$(echo "$work"/wheels/*.whl)

# shellcheck source=tests/revision.sh
source "$root/tests/revision.sh"

# A repository with one sound revision, which is staged.
project() {
    rm -rf "$work/project" "$work/remote.git"
    mkdir -p "$work/project/migrations/versions"
    cd "$work/project"
    git init --quiet --initial-branch=main
    printf '[alembic]\nscript_location = migrations\n' >alembic.ini
    printf 'from alembic import context\ncontext.configure()\n' >migrations/env.py
    printf '/node_modules\n' >.gitignore
    revision a1 None
    git add .
}

# With the hook `pre-commit` in place and nothing committed: what every program that runs hooks must do.
commits() {
    passes git commit -m a1

    # What is staged is judged.
    revision b1 '"missing"'
    git add .
    refused ML102 git commit -m b1
    revision b1 '"a1"'
    git add .
    passes git commit -m b1

    # Nothing but a deletion is staged. Files that were deleted are not passed to hooks; it must run all the same.
    git rm --quiet migrations/versions/a1.py
    refused ML102 git commit -m 'without a1'
    git checkout --quiet HEAD -- migrations

    # What has nothing to do with migrations.
    echo text >notes.txt
    git add .
    passes git commit -m notes
}

# A framework that reads .pre-commit-config.yaml, and the id of a hook.
framework() {
    local run=$1 id=$2
    about="$id by $run"
    echo "$about"
    project
    cat >.pre-commit-config.yaml <<END
repos:
  - repo: file://$work/migrate-lint
    rev: $revision_of_hooks
    hooks:
      - id: $id
END
    if [ "$id" = migrate-lint ]; then
        echo "        additional_dependencies: ['migrate-lint @ file://$wheel']" >>.pre-commit-config.yaml
    fi
    git add .
    passes "$run" install --hook-type pre-commit --hook-type pre-merge-commit --hook-type pre-push
    commits
    passes "$run" run --all-files

    # With --all-files nothing need be staged.
    revision c1 '"missing"'
    git add .
    git commit --quiet --no-verify -m c1
    refused ML102 "$run" run --all-files
    git reset --quiet --hard HEAD^

    # Between two commits, as in CI; also where the one has only deleted something.
    git checkout --quiet -b side
    revision ours '"b1"'
    git add .
    passes git commit -m ours
    git checkout --quiet main
    revision theirs '"b1"'
    git add .
    passes git commit -m theirs
    refused ML107 "$run" run --from-ref main --to-ref side
    git checkout --quiet -b deletes
    git rm --quiet migrations/versions/a1.py
    git commit --quiet --no-verify -m 'without a1'
    refused ML102 "$run" run --from-ref main --to-ref deletes

    # A merge without conflicts.
    git checkout --quiet side
    refused ML101 git merge --no-edit main
    git merge --abort

    # A push.
    git init --quiet --bare "$work/remote.git"
    git remote add origin "$work/remote.git"
    git checkout --quiet main
    passes git push --quiet origin main
    revision d1 '"missing"'
    git add .
    git commit --quiet --no-verify -m d1
    refused ML102 git push origin main
    git reset --quiet --hard HEAD^
}

framework pre-commit migrate-lint

# Our own hook beside that of pre-commit: both run, neither is lost.
"$program" hook install >/dev/null
revision e1 '"missing"'
git add .
refused ML102 git commit -m e1
"$program" hook uninstall >/dev/null
grep --quiet pre-commit.com .git/hooks/pre-commit || fail 'the hook of pre-commit is lost'

# The others find the program on the path.
mkdir "$work/bin"
ln -s "$program" "$work/bin/migrate-lint"
PATH=$work/bin:$PATH

framework pre-commit migrate-lint-system

if command -v prek >/dev/null; then
    framework prek migrate-lint
    framework prek migrate-lint-system
else
    echo 'prek is not installed: left out'
fi

if command -v lefthook >/dev/null; then
    about=lefthook
    echo "$about"
    project
    printf 'pre-commit:\n  jobs:\n    - run: migrate-lint check --staged\n' >lefthook.yml
    git add .
    passes lefthook install
    commits
else
    echo 'lefthook is not installed: left out'
fi

about=husky
mkdir "$work/node"
if ! command -v npm >/dev/null; then
    echo 'npm is not installed: husky is left out'
elif ! npm install --prefix "$work/node" --ignore-scripts --no-audit --no-fund --silent husky@9.1.7 >/dev/null 2>&1; then
    echo 'npm cannot install husky: left out'
else
    echo "$about"
    project
    cp -R "$work/node/node_modules" .
    mkdir .husky
    echo 'migrate-lint check --staged' >.husky/pre-commit
    git add .
    passes node_modules/.bin/husky
    commits
fi

echo 'compiling migrate-lint-rust, which takes as long as installing the program'
framework pre-commit migrate-lint-rust
echo 'all as it should be'
