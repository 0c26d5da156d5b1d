# shellcheck shell=bash
# The steps of the template for Jenkins. Read by tests/ci-templates.sh.

mkdir "$work/jenkins"
env -i PATH="$work/bin:/usr/bin:/bin" "${offline[@]}" WORKSPACE_TMP="$work/jenkins" sh -xe "$work/jenkins-install" 2>/dev/null

lint_jenkins() {
    status=0
    env -i PATH="$work/bin:/usr/bin:/bin" HOME="$HOME" WORKSPACE="$work/clone" WORKSPACE_TMP="$work/jenkins" "$@" \
        sh -xe "$work/jenkins-check" >"$work/said" 2>&1 || status=$?
}

begin 'Jenkins: a pull request whose target was not fetched'
git fetch --quiet --no-tags origin "+$side:refs/remotes/origin/PR-7"
git checkout --quiet --force --detach "$side"
lint_jenkins CHANGE_TARGET=main CHANGE_ID=7 BRANCH_NAME=PR-7
ended 1
says ML107
grep --quiet '<failure type="stale-parent"' migrate-lint.xml || fail 'the finding is no test'
[[ -s migrate-lint.sarif ]] || fail 'no SARIF'
begin 'Jenkins: a branch'
git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*'
git checkout --quiet --force --detach "$main"
lint_jenkins BRANCH_NAME=main
ended 0
keeps_quiet_about changed
says 'All checks passed (2 revisions).'
