# shellcheck shell=bash
# The steps of the template for Azure Pipelines. Read by tests/ci-templates.sh.

mkdir "$work/agent"
env -i PATH="$work/bin:/usr/bin:/bin" "${offline[@]}" AGENT_TEMPDIRECTORY="$work/agent" bash "$work/azure-install"

lint_azure() {
    status=0
    rm -f "$work/agent/migrate-lint.xml"
    env -i PATH="$work/bin:/usr/bin:/bin" HOME="$HOME" TF_BUILD=True AGENT_TEMPDIRECTORY="$work/agent" \
        BUILD_SOURCESDIRECTORY="$work/clone" "$@" bash "$work/azure-check" >"$work/said" 2>&1 || status=$?
}

for target in refs/heads/main main; do
    begin "Azure: a pull request to $target"
    actions_checkout 0 "$side_merged" refs/pull/7/merge
    lint_azure SYSTEM_PULLREQUEST_TARGETBRANCH="$target" BUILD_REASON=PullRequest
    ended 1
    says '##vso[task.logissue type=error;sourcepath=migrations/versions/s1.py;'
    grep --quiet '<failure type="stale-parent"' "$work/agent/migrate-lint.xml" || fail 'the finding is no test'
done
begin 'Azure: a pull request with one commit'
actions_checkout 1 "$side_merged" refs/pull/7/merge
lint_azure SYSTEM_PULLREQUEST_TARGETBRANCH=main
ended 2
says 'shallow clone'
begin 'Azure: a push'
actions_checkout 0 "$main" refs/heads/main
lint_azure BUILD_REASON=IndividualCI
ended 0
says 'All checks passed (2 revisions).'
