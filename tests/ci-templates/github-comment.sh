# shellcheck shell=bash
# The comment that the action keeps in a pull request. Read by tests/ci-templates.sh.

comments() {
    echo "$1" >"$work/api/comments"
    : >"$work/api/calls"
    rm -f "$work/api/refuse"
}

# Asserts the calls that change something, or with `all` every call.
called() {
    local wanted
    wanted=$(printf '%s\n' "$@")
    [[ $(grep -v '^GET' "$work/api/calls") == "$wanted" ]] || fail "called: $(cat "$work/api/calls")"
}

# The comments of others: how many, and what they say.
others() {
    jq --null-input --argjson count "$1" --arg body "$2" '
        [range($count) | {id: ., body: $body, user: {type: "User"}, author_association: "NONE", author: {id: 2}}]'
}

commenting=("${of_pull_request[@]}" INPUT_COMMENT=true)
begin 'a first comment'
actions_checkout 0 "$side_merged" refs/pull/7/merge
comments "$(others 1 '<!-- migrate-lint --> is what I write, too')"
act pull_request "$pull_request" "${commenting[@]}"
ended 1
called 'POST /repos/o/r/issues/7/comments'
jq --exit-status '.[1].body | startswith("<!-- migrate-lint -->\n") and contains("stale-parent")' "$work/api/comments" \
    >/dev/null || fail 'the comment is not the card'
scenario='a comment that is there'
: >"$work/api/calls"
act pull_request "$pull_request" "${commenting[@]}"
called 'PATCH /repos/o/r/issues/comments/1001'
scenario='a comment after 250 others, some with the mark and none to be trusted'
comments "$(others 250 $'<!-- migrate-lint -->\nmine')"
act pull_request "$pull_request" "${commenting[@]}"
called 'POST /repos/o/r/issues/7/comments'
[[ $(grep -c '^GET' "$work/api/calls") == 3 ]] || fail 'not all pages were read'
: >"$work/api/calls"
act pull_request "$pull_request" "${commenting[@]}"
called 'PATCH /repos/o/r/issues/comments/1250'
scenario='exactly a page of others'
comments "$(others 100 'Hello.')"
act pull_request "$pull_request" "${commenting[@]}"
called 'POST /repos/o/r/issues/7/comments'

scenario='a folder with a comment of its own'
mkdir 'the app'
git mv alembic.ini migrations 'the app'
record 'moved'
comments '[]'
act pull_request "$pull_request" "${commenting[@]}"
called 'POST /repos/o/r/issues/7/comments'
act pull_request "$pull_request" "${commenting[@]}" INPUT_WORKING_DIRECTORY='the app' INPUT_SARIF=x.sarif
called 'POST /repos/o/r/issues/7/comments' 'POST /repos/o/r/issues/7/comments'
outputs 'sarif-file=the app/x.sarif'
says 'file=the app/migrations/versions/'
# Neither is taken for the other, whichever is first.
jq 'reverse' "$work/api/comments" >"$work/reversed"
comments "$(cat "$work/reversed")"
act pull_request "$pull_request" "${commenting[@]}"
act pull_request "$pull_request" "${commenting[@]}" INPUT_WORKING_DIRECTORY='the app'
called 'PATCH /repos/o/r/issues/comments/1000' 'PATCH /repos/o/r/issues/comments/1001'

begin 'a fork, whose token may not write'
actions_checkout 0 "$side_merged" refs/pull/7/merge
comments '[]'
echo '403 Resource not accessible by integration' >"$work/api/refuse"
act pull_request "$from_fork" "${commenting[@]}"
ended 1
says '::notice title=migrate-lint::The review card could not be posted (HTTP 403, Resource not accessible by integration): a pull request from a fork may not write comments.'
says "$two_heads"
scenario='a job without the permission'
act pull_request "$pull_request" "${commenting[@]}"
ended 1
says '::warning title=migrate-lint::'
says 'pull-requests: write'
scenario='a server that fails'
printf '502 Bad\nGateway' >"$work/api/refuse"
act pull_request "$pull_request" "${commenting[@]}"
ended 1
says '(HTTP 502, Bad%0AGateway)'
scenario='no server'
act pull_request "$pull_request" "${commenting[@]}" GITHUB_API_URL=http://127.0.0.1:1
ended 1
says 'The review card could not be posted (HTTP 000)'
scenario='a token that is not valid'
act pull_request "$pull_request" "${commenting[@]}" INPUT_GITHUB_TOKEN=bad
ended 1
says 'is not valid'
scenario='no token'
comments '[]'
act pull_request "$pull_request" "${commenting[@]}" INPUT_GITHUB_TOKEN=
ended 1
# shellcheck disable=SC2016
says '::warning title=migrate-lint::The review card cannot be posted, because `github-token` is empty.'
scenario='a push has no comments'
act push "$(push "$main")" "${commenting[@]}" GITHUB_REF=refs/heads/main
ended 1
called ''

begin 'a pull request without migrations'
actions_checkout 0 "$words_merged" refs/pull/9/merge
comments '[]'
act pull_request "$pull_request" "${commenting[@]}" GITHUB_REF=refs/pull/9/merge
ended 0
called ''
scenario='findings that are gone'
comments "$(others 1 $'<!-- migrate-lint -->\r\nold' | jq '.[0].author_association = "MEMBER"')"
act pull_request "$pull_request" "${commenting[@]}" GITHUB_REF=refs/pull/9/merge
called 'PATCH /repos/o/r/issues/comments/0'
grep --quiet 'All checks passed' "$work/api/comments" || fail 'the comment is old'
