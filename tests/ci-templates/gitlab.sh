# shellcheck shell=bash
# The job of the template for GitLab, and its note. Read by tests/ci-templates.sh.

# As the runner: the depth, the commit, and the reference that the pipeline has. Depth 0 fetches all branches.
runner_checkout() {
    if [[ $1 == 0 ]]; then
        git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*' "+$2:refs/pipelines/1"
    else
        git fetch --quiet --depth="$1" origin "+$2:refs/pipelines/1"
    fi
    git checkout --quiet --force --detach "$2"
}

lint_gitlab() {
    status=0
    local variables=(PATH="$work/bin:/usr/bin:/bin" HOME="$HOME" CI=true GITLAB_CI=true CI_PROJECT_ID=5
        CI_PROJECT_DIR="$work/clone" CI_PROJECT_URL=https://gitlab.com/o/r CI_COMMIT_SHA="$(git rev-parse HEAD)"
        CI_API_V4_URL="http://127.0.0.1:$port" CI_COMMIT_BEFORE_SHA="$null" "$@")
    env -i "${variables[@]}" sh -e "$work/gitlab-check" >"$work/said" 2>&1 || status=$?
    env -i "${variables[@]}" sh "$work/gitlab-note" >>"$work/said" 2>&1 || fail 'the note fails the job'
}

begin 'GitLab: installing'
env -i PATH="$work/bin:/usr/bin:/bin" "${offline[@]}" CI_PROJECT_DIR="$work/clone" MIGRATE_LINT_VERSION="$wanted" \
    sh -e "$work/gitlab-install"
of_merge_request=(CI_MERGE_REQUEST_IID=3 CI_MERGE_REQUEST_PROJECT_ID=5 CI_MERGE_REQUEST_DIFF_BASE_SHA="$first"
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main CI_PIPELINE_SOURCE=merge_request_event)

begin 'GitLab: a merge request'
runner_checkout 0 "$side"
comments '[]'
lint_gitlab "${of_merge_request[@]}"
ended 1
says ML107
jq --exit-status '.[0].location.path == "migrations/versions/s1.py"' gl-code-quality-report.json >/dev/null ||
    fail 'no Code Quality report'
called ''
scenario='GitLab: a note'
lint_gitlab "${of_merge_request[@]}" MIGRATE_LINT_TOKEN=good
called 'POST /projects/5/merge_requests/3/notes'
: >"$work/api/calls"
lint_gitlab "${of_merge_request[@]}" MIGRATE_LINT_TOKEN=good
called 'PUT /projects/5/merge_requests/3/notes/1000'
comments "$(others 250 $'<!-- migrate-lint -->\nmine')"
lint_gitlab "${of_merge_request[@]}" MIGRATE_LINT_TOKEN=good
called 'POST /projects/5/merge_requests/3/notes'
: >"$work/api/calls"
lint_gitlab "${of_merge_request[@]}" MIGRATE_LINT_TOKEN=good
called 'PUT /projects/5/merge_requests/3/notes/1250'
scenario='GitLab: a note that is refused'
echo '403 Forbidden' >"$work/api/refuse"
lint_gitlab "${of_merge_request[@]}" MIGRATE_LINT_TOKEN=good
ended 1
says 'The review card could not be posted: HTTP Error 403'
scenario='GitLab: arguments'
lint_gitlab "${of_merge_request[@]}" MIGRATE_LINT_ARGS='--ignore stale-parent,multiple-heads'
ended 0

begin 'GitLab: merged results'
runner_checkout 0 "$side_merged"
lint_gitlab "${of_merge_request[@]}" CI_MERGE_REQUEST_EVENT_TYPE=merged_result
ended 1
says ML107

begin 'GitLab: a pipeline in a fork'
runner_checkout 0 "$side"
lint_gitlab "${of_merge_request[@]}" CI_PROJECT_ID=6
ended 0
says 'All checks passed (1 of 2 revisions changed).'

begin 'GitLab: a depth of 20'
runner_checkout 20 "$side"
lint_gitlab "${of_merge_request[@]}"
ended 2
says 'shallow clone'

begin 'GitLab: the default branch'
runner_checkout 0 "$side_merged"
lint_gitlab CI_COMMIT_BRANCH=main CI_COMMIT_BEFORE_SHA="$main"
ended 1
says ML107
says 'of 3 revisions changed'
begin 'GitLab: a schedule'
runner_checkout 0 "$main"
lint_gitlab CI_COMMIT_BRANCH=main
ended 0
says 'All checks passed (2 revisions).'
