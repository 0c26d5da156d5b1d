#!/usr/bin/env bash
# What action.yml runs: installs the program, finds what the event is to be compared with, checks, and comments.
# Its inputs are the variables INPUT_…; the rest is what GitHub sets for every step. The bash of macOS is 3.2, so
# nothing newer is used.
#
# The backticks in messages are those of Markdown.
# shellcheck disable=SC2016
set -euo pipefail

event_name=${GITHUB_EVENT_NAME:-}
comment=${INPUT_COMMENT:-false}
sarif=${INPUT_SARIF:-}
folder=${INPUT_WORKING_DIRECTORY:-.}
version=${INPUT_VERSION:-installed}
# The format of standard output is that of annotations, whatever a workflow sets for its other steps.
unset MIGRATE_LINT_OUTPUT_FORMAT MIGRATE_LINT_OUTPUT_FILE

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An annotation: `error`, `warning` or `notice`, and what it says.
annotate() {
    local text=${2//%/%25}
    text=${text//$'\r'/%0D}
    text=${text//$'\n'/%0A}
    echo "::$1 title=migrate-lint::$text"
}

output() {
    [[ -z ${GITHUB_OUTPUT:-} ]] || echo "$1=$2" >>"$GITHUB_OUTPUT"
}

# Ends the step because the question cannot be answered.
give_up() {
    annotate error "$1"
    output exit-status 2
    exit 2
}

# A value of the event, such as `.before`; nothing if it has none.
event() {
    command -v jq >/dev/null ||
        give_up 'jq is needed to read the event. Install it on the runner, or set `from-ref`.' >&2
    jq --raw-output "$1 // empty" "$GITHUB_EVENT_PATH"
}

# --- Installing ---

install() {
    if [[ $version == installed ]]; then
        program=$(command -v migrate-lint) || give_up \
            'There is no migrate-lint on the PATH, and `version` is `installed`: install it in a step before this one.'
        return
    fi
    [[ $version =~ ^[0-9][0-9A-Za-z.+!-]*$ ]] ||
        give_up "\`version\` is a version such as \`0.1.0\`, or \`installed\`, and not \`$version\`."
    local home=${RUNNER_TEMP:-$work}/migrate-lint-$version package=migrate-lint==$version
    program=$home/bin/migrate-lint
    # A job may use the action several times.
    [[ ! -x $program ]] || return 0
    # The wheel holds the program and nothing else; where there is none for the platform, building would need Rust.
    if command -v uv >/dev/null; then
        UV_TOOL_DIR=$home/tools UV_TOOL_BIN_DIR=$home/bin uv tool install --quiet --no-build "$package"
    elif python3 -m pip --version >/dev/null 2>&1; then
        python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --target "$home" "$package"
    elif command -v pipx >/dev/null; then
        PIPX_HOME=$home/tools PIPX_BIN_DIR=$home/bin pipx install --quiet --pip-args='--only-binary :all:' "$package"
    else
        give_up 'uv, pip or pipx is needed to install migrate-lint: use `astral-sh/setup-uv` or `actions/setup-python` first, or set `version: installed`.'
    fi || give_up "$package could not be installed; the log of the step says why."
}

# --- What to compare with ---

is_known() {
    git rev-parse --verify --quiet "$1^{commit}" >/dev/null
}

# Whether a commit and HEAD have a common ancestor here.
is_related() {
    is_known "$1" && git merge-base "$1" HEAD >/dev/null
}

lacks() {
    if [[ $(git rev-parse --is-shallow-repository) == true ]]; then
        give_up "The history that was checked out does not reach \`$1\`, which this change is to be compared with. Set \`fetch-depth: 0\` for \`actions/checkout\`."
    fi
    give_up "There is no \`$1\` in this checkout to compare with. Check the spelling; \`actions/checkout\` fetches all branches with \`fetch-depth: 0\`."
}

# Whether HEAD is the merge of base and branch that GitHub makes of a pull request. Its first parent is the base;
# that of any other merge may be anything.
is_merge_of_pull_request() {
    [[ ${GITHUB_REF:-} == refs/pull/*/merge && $(git rev-parse HEAD) == "${GITHUB_SHA:-}" ]] &&
        is_known HEAD^1 && is_known HEAD^2
}

# Sets `base`, to nothing if the whole repository is to be judged.
choose_base() {
    base=
    git rev-parse --git-dir >"$work/git" 2>&1 ||
        give_up "This is no checkout that git can read. \`actions/checkout\` must come first, and git must be installed then. git says: $(cat "$work/git")"
    if [[ -n ${INPUT_FROM_REF:-} ]]; then
        [[ $INPUT_FROM_REF != -* ]] || give_up '`from-ref` is a branch or a commit, and not an option.'
        # A branch is checked out under the name of the remote only.
        for base in "$INPUT_FROM_REF" "origin/$INPUT_FROM_REF"; do
            if is_known "$base"; then return; fi
        done
        lacks "$INPUT_FROM_REF"
    fi
    case $event_name in
    pull_request | pull_request_target)
        # The branch as it is now, which may be newer than what GitHub has merged with.
        base=origin/$GITHUB_BASE_REF
        if ! is_related "$base"; then
            is_merge_of_pull_request || lacks "$base"
            base=HEAD^1
        elif [[ $event_name == pull_request_target ]] && git merge-base --is-ancestor HEAD "$base"; then
            annotate warning 'This checkout is the base branch and not the pull request, so there is nothing to compare. `pull_request_target` checks out the base; use `pull_request`.'
        fi
        ;;
    merge_group)
        base=$(event .merge_group.base_sha)
        is_related "$base" || lacks "$base"
        ;;
    push) choose_base_of_push ;;
    esac
}

choose_base_of_push() {
    [[ ${GITHUB_REF:-} == refs/heads/* ]] || return 0
    local trunk before
    trunk=$(event .repository.default_branch)
    before=$(event .before)
    if [[ $GITHUB_REF != "refs/heads/$trunk" && ${GITHUB_REF_PROTECTED:-false} != true ]]; then
        # What a branch pushed earlier is its own and not yet shared, so that it may still edit or delete it.
        base=origin/$trunk
        if is_related "$base"; then return; fi
        [[ $(git rev-parse --is-shallow-repository) == false ]] || lacks "$base"
    fi
    base=$before
    if [[ $before != *[!0]* ]]; then
        base=
        echo 'The branch is new, so the whole repository is checked.'
    elif ! is_related "$before"; then
        [[ $(event .forced) == true || $(git rev-parse --is-shallow-repository) == false ]] || lacks "$before"
        base=
        annotate notice "The commit before this push, \`$before\`, is no longer there, so the whole repository is checked."
    fi
}

# --- Checking ---

check() {
    local command argument
    command=("$program" check --output-format github --output-format "json-lines=$work/findings")
    [[ -z $base ]] || command+=("--from-ref=$base")
    [[ -z $sarif ]] || command+=(--output-format "sarif=$sarif")
    [[ $comment != true ]] || command+=(--output-format "markdown=$work/card" --output-format "json=$work/result")
    if [[ ${INPUT_ARGS:-} == *[![:space:]]* ]]; then
        # xargs splits at spaces and heeds quotes, and expands nothing.
        xargs -n 1 printf '%s\n' <<<"$INPUT_ARGS" >"$work/args" || give_up '`args` has a quote without its other half.'
        while IFS= read -r argument; do command+=("$argument"); done <"$work/args"
    fi
    if [[ -n $base ]]; then
        echo "Comparing with $base, $(git rev-parse --short "$base")."
    else
        echo 'Checking the whole repository.'
    fi
    status=0
    "${command[@]}" 2>"$work/errors" || status=$?
    cat "$work/errors" >&2
    [[ $status -le 1 ]] || give_up "$(cat "$work/errors")"
    findings=$(($(wc -l <"$work/findings")))
}

# --- The comment ---

# Calls the API with a method, an address and, where there is one, the file of the body. Sets `code`, `000` if there was
# no answer. The token is in a file because all users of a machine see the arguments of a program.
api() {
    local body=()
    [[ -z ${3:-} ]] || body=(--header 'Content-Type: application/json' --data-binary "@$3")
    code=$(curl --silent --show-error --max-time 30 --request "$1" --header "@$work/authorization" \
        --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
        ${body[@]+"${body[@]}"} --output "$work/answer" --write-out '%{http_code}' "$2") || code=000
}

# Says that there is no comment, and why. What is wrong with a comment is nothing wrong with the migrations.
no_comment() {
    local said
    said=$(jq --raw-output '.message // empty' "$work/answer" 2>/dev/null) || said=
    said="The review card could not be posted (HTTP $code${said:+, $said})"
    case $code in
    401) annotate warning "$said: \`github-token\` is not valid. The card is in the summary of the job." ;;
    403 | 404)
        if [[ $(event .pull_request.head.repo.full_name) == "${GITHUB_REPOSITORY:-}" ]]; then
            annotate warning "$said: the job needs \`permissions: pull-requests: write\`. The card is in the summary of the job."
        else
            annotate notice "$said: a pull request from a fork may not write comments. The card is in the summary of the job."
        fi
        ;;
    *) annotate warning "$said. The card is in the summary of the job." ;;
    esac
}

post_comment() {
    case $event_name in
    pull_request | pull_request_target) ;;
    *)
        echo 'No comment is posted, because the event is no pull request.'
        return
        ;;
    esac
    if [[ -z ${INPUT_GITHUB_TOKEN:-} ]]; then
        annotate warning 'The review card cannot be posted, because `github-token` is empty. Leave it out to use the token of the job.'
        return
    fi
    if ! command -v curl >/dev/null || ! command -v jq >/dev/null; then
        annotate warning 'The review card cannot be posted without curl and jq. Install them on the runner.'
        return
    fi
    echo "Authorization: Bearer $INPUT_GITHUB_TOKEN" >"$work/authorization"

    # Jobs in several folders have a comment each.
    local mark='<!-- migrate-lint -->' issues page=1 id='' nothing_changed
    [[ $folder == . ]] || mark+=$'\n'"<!-- in ${folder//>/} -->"
    issues=${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/issues
    local comments
    comments=$issues/$(event .pull_request.number)/comments
    while [[ -z $id ]]; do
        api GET "$comments?per_page=100&page=$page"
        if [[ $code != 200 ]]; then
            no_comment
            return
        fi
        # Anyone can write a comment with the mark in it.
        id=$(jq --raw-output --arg mark "$mark" '
            map(select(.user.type == "Bot" or (.author_association | IN("OWNER", "MEMBER", "COLLABORATOR"))))
            | map(select(.body // "" | gsub("\r"; "") | (. + "\n" | startswith($mark + "\n"))
                and (startswith($mark + "\n<!-- in ") | not)))
            | .[0].id // empty' "$work/answer")
        [[ $(jq length "$work/answer") -ge 100 ]] || break
        page=$((page + 1))
    done

    nothing_changed=$(jq '.summary.judged == 0 and (.findings | length == 0)' "$work/result")
    if [[ -z $id && $nothing_changed == true ]]; then
        echo 'No comment is posted, because no revision has changed and there is nothing to say.'
        return
    fi
    { echo "$mark" && tail -n +2 "$work/card"; } | jq --raw-input --slurp '{body: .}' >"$work/body"
    if [[ -n $id ]]; then
        api PATCH "$issues/comments/$id" "$work/body"
    else
        api POST "$comments" "$work/body"
    fi
    [[ $code == 20[01] ]] || no_comment
}

cd "$folder" 2>/dev/null || give_up "There is no folder \`$folder\` to work in."
if [[ ${INPUT_UPLOAD_SARIF:-false} == true && -z $sarif ]]; then
    sarif=${RUNNER_TEMP:-$PWD}/migrate-lint.sarif
fi
install
choose_base
check
output exit-status "$status"
output findings "$findings"
if [[ -n $sarif ]]; then
    # Other steps begin in the workspace and not in this folder.
    case $sarif in
    /* | [A-Za-z]:*) output sarif-file "$sarif" ;;
    *) output sarif-file "$folder/$sarif" ;;
    esac
fi
[[ $comment != true ]] || post_comment
if [[ ${INPUT_FAIL_ON_FINDINGS:-true} == false ]]; then
    exit 0
fi
exit "$status"
