# shellcheck shell=bash
# The step of the action, by event, checkout and way to install. Read by tests/ci-templates.sh.

# As actions/checkout: the depth, the commit, and its reference. Depth 0 fetches all branches.
actions_checkout() {
    local depth=$1 commit=$2 tracked=${3/refs\/heads/refs\/remotes\/origin}
    tracked=${tracked/refs\/pull/refs\/remotes\/pull}
    if [[ $depth == 0 ]]; then
        git fetch --quiet --no-tags origin '+refs/heads/*:refs/remotes/origin/*'
        git fetch --quiet --no-tags origin "+$commit:$tracked"
    else
        git fetch --quiet --no-tags --depth="$depth" origin "+$commit:$tracked"
    fi
    if [[ $3 == refs/heads/* ]]; then
        git checkout --quiet --force -B "${3#refs/heads/}" "$tracked"
    else
        git checkout --quiet --force --detach "$tracked"
    fi
}

# The step of the action: the name of the event, its JSON, and more variables.
act() {
    local name=$1 json=$2
    shift 2
    echo "$json" >"$work/event.json"
    : >"$work/output"
    : >"$work/summary"
    status=0
    env -i PATH="$work/bin:/usr/bin:/bin" HOME="$HOME" CI=true GITHUB_ACTIONS=true GITHUB_EVENT_NAME="$name" \
        GITHUB_EVENT_PATH="$work/event.json" GITHUB_OUTPUT="$work/output" GITHUB_STEP_SUMMARY="$work/summary" \
        GITHUB_REPOSITORY=o/r GITHUB_SERVER_URL=https://github.com GITHUB_WORKSPACE="$work/clone" \
        GITHUB_ACTION_PATH="$root" GITHUB_API_URL="http://127.0.0.1:$port" GITHUB_SHA="$(git rev-parse --quiet --verify HEAD 2>/dev/null)" \
        RUNNER_TEMP="$work/runner" INPUT_VERSION=installed INPUT_GITHUB_TOKEN=good "$@" \
        bash "$root/hooks/github-action.sh" >"$work/said" 2>&1 || status=$?
}

outputs() {
    grep --quiet --line-regexp --fixed-strings -e "$1" "$work/output" || fail "has no output $1: $(cat "$work/output")"
}

pull_request='{"pull_request": {"number": 7, "head": {"repo": {"full_name": "o/r"}}}}'
from_fork=${pull_request/o\/r/someone\/r}
of_pull_request=(GITHUB_BASE_REF=main GITHUB_HEAD_REF=side GITHUB_REF=refs/pull/7/merge)
two_heads='::error title=ML107 stale-parent,file=migrations/versions/s1.py,line='

"$python" "$root/tests/ci-templates/api.py" "$work/api" &
server=$!
for _ in {1..100}; do
    [[ ! -f api/port ]] || break
    sleep 0.05
done
port=$(cat api/port)
mkdir runner

begin 'a pull request with all history'
actions_checkout 0 "$side_merged" refs/pull/7/merge
act pull_request "$pull_request" "${of_pull_request[@]}"
ended 1
says "$two_heads"
says 'Comparing with origin/main'
outputs exit-status=1
outputs findings=1
grep --quiet 'stale-parent' "$work/summary" || fail 'the summary of the job has no card'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_FAIL_ON_FINDINGS=false
ended 0
says "$two_heads"
outputs exit-status=1

begin 'the same, with SARIF and arguments'
actions_checkout 0 "$side_merged" refs/pull/7/merge
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_SARIF=found.sarif INPUT_UPLOAD_SARIF=true
ended 1
outputs sarif-file=./found.sarif
jq --exit-status '.runs[0].results[0].ruleId == "ML107"' found.sarif >/dev/null || fail 'the SARIF has no finding'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_UPLOAD_SARIF=true
outputs "sarif-file=$work/runner/migrate-lint.sarif"
# shellcheck disable=SC2016
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_ARGS='--ignore "stale-parent,multiple-heads" $(touch broken) ; *'
[[ ! -e broken ]] || fail 'args were run by the shell'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_ARGS='--ignore "stale-parent,multiple-heads"'
ended 0
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_ARGS='--ignore "multiple-heads'
ended 2
says 'quote'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_ARGS='--select no-such-rule'
ended 2
says '::error title=migrate-lint::'
outputs exit-status=2
act pull_request "$pull_request" "${of_pull_request[@]}" MIGRATE_LINT_OUTPUT_FILE=lost MIGRATE_LINT_OUTPUT_FORMAT=json
says "$two_heads"

begin 'a pull request without findings'
actions_checkout 0 "$good_merged" refs/pull/8/merge
act pull_request "$pull_request" "${of_pull_request[@]}" GITHUB_REF=refs/pull/8/merge
ended 0
outputs findings=0

begin 'a pull request with one commit'
actions_checkout 1 "$side_merged" refs/pull/7/merge
act pull_request "$pull_request" "${of_pull_request[@]}"
ended 2
# shellcheck disable=SC2016
says '::error title=migrate-lint::The history that was checked out does not reach `origin/main`'
says 'fetch-depth: 0'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_FROM_REF=main INPUT_FAIL_ON_FINDINGS=false
ended 2
says 'fetch-depth: 0'
git fetch --quiet --no-tags --depth=1 origin +refs/heads/main:refs/remotes/origin/main
act pull_request "$pull_request" "${of_pull_request[@]}"
ended 2
says 'fetch-depth: 0'

begin 'a pull request with two commits, of which the first parent is the base'
actions_checkout 2 "$side_merged" refs/pull/7/merge
act pull_request "$pull_request" "${of_pull_request[@]}"
ended 1
says 'Comparing with HEAD^1'
says "$two_heads"

begin 'the head of a pull request, whose own merge is no merge of the pull request'
actions_checkout 2 "$side_merged" refs/heads/side
act pull_request "$pull_request" "${of_pull_request[@]}" GITHUB_SHA="$main"
ended 2
says 'fetch-depth: 0'

begin 'the head of a pull request, not merged'
actions_checkout 0 "$side" refs/heads/side
act pull_request "$pull_request" "${of_pull_request[@]}"
ended 1
says 'ML107'

begin 'a base to compare with'
actions_checkout 0 "$side_merged" refs/pull/7/merge
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_FROM_REF=side
says 'Comparing with origin/side'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_FROM_REF=nowhere
ended 2
# shellcheck disable=SC2016
says 'There is no `nowhere` in this checkout'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_FROM_REF=--help
ended 2

begin 'pull_request_target, which checks out the base'
actions_checkout 0 "$main" refs/heads/main
act pull_request_target "$pull_request" GITHUB_BASE_REF=main GITHUB_REF=refs/heads/main
ended 0
says '::warning title=migrate-lint::This checkout is the base branch'

begin 'a merge group'
queue=refs/heads/gh-readonly-queue/main/pr-7-$main
actions_checkout 0 "$side_merged" "$queue"
act merge_group "{\"merge_group\": {\"base_sha\": \"$main\"}}" GITHUB_REF="$queue"
ended 1
says "Comparing with $main"
says "$two_heads"

# A push: its commit before, and whether it was forced.
push() {
    jq --null-input --arg before "$1" --argjson forced "${2:-false}" \
        '{before: $before, forced: $forced, repository: {default_branch: "main"}}'
}
null=0000000000000000000000000000000000000000

begin 'a push to the default branch'
actions_checkout 0 "$side_merged" refs/heads/main
act push "$(push "$main")" GITHUB_REF=refs/heads/main
ended 1
says "Comparing with $main"
says "$two_heads"

begin 'a push to the default branch with one commit'
actions_checkout 1 "$side_merged" refs/heads/main
act push "$(push "$main")" GITHUB_REF=refs/heads/main
ended 2
says 'fetch-depth: 0'

begin 'a forced push to the default branch'
actions_checkout 0 "$side_merged" refs/heads/main
act push "$(push 1111111111111111111111111111111111111111 true)" GITHUB_REF=refs/heads/main
ended 1
says 'is no longer there, so the whole repository is checked'
says ML101

begin 'a new default branch'
actions_checkout 1 "$main" refs/heads/main
act push "$(push "$null")" GITHUB_REF=refs/heads/main
ended 0
says 'All checks passed (2 revisions).'

begin 'a new branch'
actions_checkout 0 "$side" refs/heads/side
act push "$(push "$null")" GITHUB_REF=refs/heads/side
ended 1
says 'Comparing with origin/main'
says ML107
begin 'a new branch with one commit'
actions_checkout 1 "$side" refs/heads/side
act push "$(push "$null")" GITHUB_REF=refs/heads/side
ended 2
says 'fetch-depth: 0'

begin 'a branch that edits what only it has'
actions_checkout 0 "$edits" refs/heads/edits
act push "$(push "$pushed")" GITHUB_REF=refs/heads/edits
ended 0
says 'Comparing with origin/main'
scenario='a protected branch that edits a revision'
act push "$(push "$pushed")" GITHUB_REF=refs/heads/edits GITHUB_REF_PROTECTED=true
ended 1
says ML108

begin 'a schedule'
actions_checkout 1 "$side_merged" refs/heads/main
act schedule '{}' GITHUB_REF=refs/heads/main
ended 1
says 'Checking the whole repository.'
says ML101
begin 'a tag'
actions_checkout 1 "$main" refs/tags/v1
act push "$(push "$null")" GITHUB_REF=refs/tags/v1
ended 0
says 'Checking the whole repository.'

begin 'no repository'
rm -rf .git
act pull_request "$pull_request" "${of_pull_request[@]}" GITHUB_SHA="$main"
ended 2
says 'actions/checkout'

begin 'no folder'
actions_checkout 0 "$side_merged" refs/pull/7/merge
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_WORKING_DIRECTORY=backend
ended 2
# shellcheck disable=SC2016
says 'There is no folder `backend`'

# --- Installing ---

scenario='a version that is none'
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_VERSION='1 --index-url x'
ended 2
scenario='pip'
offline=(PIP_NO_INDEX=1 PIP_FIND_LINKS="$work/wheels" UV_OFFLINE=1 UV_FIND_LINKS="$work/wheels")
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_VERSION="$wanted" "${offline[@]}"
ended 1
says installed
says "$two_heads"
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_VERSION=9.9.9 "${offline[@]}"
ended 2
says '::error title=migrate-lint::migrate-lint==9.9.9 could not be installed'
scenario='uv'
rm -rf "$work/runner/migrate-lint-$wanted"
ln -s "$(command -v uv)" "$work/bin/uv"
act pull_request "$pull_request" "${of_pull_request[@]}" INPUT_VERSION="$wanted" "${offline[@]}"
ended 1
says installed
[[ -d $work/runner/migrate-lint-$wanted/tools ]] || fail 'uv was not asked'
rm "$work/bin/uv"
scenario='no migrate-lint on the PATH'
mv "$work/bin/migrate-lint" "$work/bin/other"
act pull_request "$pull_request" "${of_pull_request[@]}"
ended 2
says 'There is no migrate-lint on the PATH'
mv "$work/bin/other" "$work/bin/migrate-lint"
