#!/usr/bin/env bash
# The wheel, the source distribution and the archives of a release, made from what is on disk, installed and run.
#
#     pip install -r tests/requirements-packages.txt && cargo build && tests/packages.sh
#
# The wheel holds the debug build, to be quick. uv and pipx are tried where they are installed.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
case $target in /*) ;; *) target=$root/$target ;; esac
command -v maturin >/dev/null || {
    echo 'maturin is missing: pip install -r tests/requirements-packages.txt' >&2
    exit 2
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# Runs a command that must succeed; what it says is shown if it does not.
passes() {
    local said
    said=$("$@" 2>&1) || fail "$*: $said"
}

# A program must say its version, show the demo, pass a sound project and refuse another with status 1.
runs() {
    local said status
    said=$("$@" --version) || fail "$* --version"
    [ "$said" = "migrate-lint $version" ] || fail "$* --version says $said, not $version"
    passes "$@" demo
    (cd "$work/sound" && passes "$@" check)
    status=0
    said=$(cd "$work/broken" && "$@" check 2>&1) || status=$?
    [ "$status" = 1 ] || fail "$* check ends with $status for a broken project: $said"
    grep --quiet ML102 <<<"$said" || fail "$* check does not find the missing parent: $said"
}

cd "$root"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
for project in sound broken; do
    mkdir -p "$work/$project/migrations/versions"
    printf '[alembic]\nscript_location = migrations\n' >"$work/$project/alembic.ini"
    printf 'from alembic import context\ncontext.configure()\n' >"$work/$project/migrations/env.py"
    parent=None
    [ $project = sound ] || parent='"missing"'
    printf 'revision = "a1"\ndown_revision = %s\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n' "$parent" \
        >"$work/$project/migrations/versions/a1.py"
done

echo 'what is written down twice is the same'
for text in LICENSE-APACHE LICENSE-MIT; do
    cmp "$text" "python/licenses/$text" || fail "python/licenses/$text is not the one at the root"
done
maturin=$(sed -n 's/^maturin==//p' tests/requirements-packages.txt)
grep --quiet "^  MATURIN_VERSION: v$maturin\$" .github/workflows/release.yml ||
    fail "release.yml does not build with maturin $maturin"
uv=$(sed -n 's/^uv==//p' tests/requirements-packages.txt)
grep --quiet "version: \"$uv\"" .github/workflows/release.yml || fail "release.yml does not publish with uv $uv"

echo 'wheel'
(cd python && passes maturin build --profile dev --locked --compatibility linux --compression-level 1 \
    --target-dir "$target" --out "$work/wheels")
wheel=$(echo "$work"/wheels/*.whl)
python3 -m venv "$work/python"
passes "$work/python/bin/pip" install --no-index --disable-pip-version-check "$wheel"
runs "$work/python/bin/migrate-lint"
runs "$work/python/bin/python" -m migrate_lint
"$work/python/bin/python" - "$version" <<'END' || fail 'metadata of the wheel'
import sys
from importlib.metadata import distribution

package = distribution("migrate-lint")
metadata = package.metadata
assert metadata["Version"] == sys.argv[1], metadata["Version"]
assert metadata["License-Expression"] == "MIT OR Apache-2.0", metadata["License-Expression"]
assert metadata["Requires-Python"] and metadata["Summary"] and metadata["Keywords"]
assert metadata.get_payload().startswith("# migrate-lint"), "the README is not in it"
assert len(metadata.get_all("Classifier")) > 5 and len(metadata.get_all("Project-URL")) == 3
assert metadata.get_all("Requires-Dist") is None
texts = sorted(file.name for file in package.files if "licenses" in file.parts)
assert texts == ["LICENSE-APACHE", "LICENSE-MIT"], texts
END

# Where the program lies, seen from the module, differs between these.
passes "$work/python/bin/pip" install --no-index --disable-pip-version-check --target "$work/folder" "$wheel"
runs env PYTHONPATH="$work/folder" python3 -m migrate_lint
passes "$work/python/bin/pip" install --no-index --disable-pip-version-check --prefix "$work/prefix" --ignore-installed "$wheel"
runs env PYTHONPATH="$(echo "$work"/prefix/lib/python*/site-packages)" python3 -m migrate_lint

if command -v uvx >/dev/null; then
    runs uvx --quiet --no-cache --from "$wheel" migrate-lint
else
    echo 'uv is not installed: left out'
fi
if command -v pipx >/dev/null; then
    export PIPX_HOME=$work/pipx PIPX_BIN_DIR=$work/pipx/bin PIPX_MAN_DIR=$work/pipx/man
    passes pipx install --skip-maintenance "$wheel"
    runs "$work/pipx/bin/migrate-lint"
else
    echo 'pipx is not installed: left out'
fi

echo 'source distribution'
(cd python && passes maturin sdist --out "$work/sdist")
tar -xzf "$work"/sdist/*.tar.gz -C "$work/sdist"
sources=$work/sdist/migrate_lint-$version
for needed in $(git ls-files --cached --others --exclude-standard src rules hooks) Cargo.lock LICENSE-MIT LICENSE-APACHE; do
    [ ! -e "$needed" ] || cmp --silent "$needed" "$sources/$needed" || fail "$needed is not in the source distribution"
done
for needed in pyproject.toml migrate_lint/__main__.py licenses/LICENSE-MIT; do
    [ -f "$sources/$needed" ] || fail "$needed is not in the source distribution"
done
for needless in tests fuzz benches python packaging setup.py .ci .github; do
    [ ! -e "$sources/$needless" ] || fail "$needless is in the source distribution"
done
(cd "$sources" && passes cargo metadata --locked --format-version 1)

echo 'archives'
for triple in x86_64-unknown-linux-gnu x86_64-pc-windows-msvc; do
    python3 packaging/archive.py "$triple" "$target/debug/migrate-lint" "$work/archives" >/dev/null
done
# That is where `cargo binstall` looks, says Cargo.toml.
python3 - "$work/archives" <<'END' || fail 'cargo binstall would not find the archives'
import json
import pathlib
import subprocess
import sys
import tarfile
import zipfile

command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
package = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["packages"][0]
binstall = package["metadata"]["binstall"]
for triple, suffix, exe in [("x86_64-unknown-linux-gnu", "tgz", ""), ("x86_64-pc-windows-msvc", "zip", ".exe")]:
    form = {**binstall, **binstall["overrides"].get(triple, {})}["pkg-fmt"]
    assert form == suffix, f"{triple}: {form}"
    values = {
        "repo": package["repository"],
        "version": package["version"],
        "name": package["name"],
        "target": triple,
        "archive-suffix": {"tgz": ".tar.gz", "zip": ".zip"}[form],
        "bin": "migrate-lint",
        "binary-ext": exe,
    }

    def filled(template):
        for name, value in values.items():
            template = template.replace("{ " + name + " }", value)
        assert "{" not in template, template
        return template

    archive = pathlib.Path(sys.argv[1], filled(binstall["pkg-url"]).rpartition("/")[2])
    names = zipfile.ZipFile(archive).namelist() if form == "zip" else tarfile.open(archive).getnames()
    assert filled(binstall["bin-dir"]) in names, names
    for extra in ["completions/_migrate-lint", "man/migrate-lint.1"]:
        assert any(name.endswith(extra) for name in names), names
END
tar -xzf "$work/archives/migrate-lint-x86_64-unknown-linux-gnu.tar.gz" -C "$work/archives"
runs "$work/archives/migrate-lint-x86_64-unknown-linux-gnu/migrate-lint"

echo 'links of the README'
mkdir "$work/readme"
cp -R README.md Cargo.toml LICENSE-* CHANGELOG.md CONTRIBUTING.md ARCHITECTURE.md docs rules packaging "$work/readme"
passes python3 "$work/readme/packaging/absolute_links.py"
grep --quiet "](https://github.com/.*/blob/v$version/rules/" "$work/readme/README.md" || fail 'links to rules are not absolute'
! grep --quiet '](rules/' "$work/readme/README.md" || fail 'links to rules are left as they were'
echo 'all as it should be'
