#!/bin/sh
# The main job, on this repository itself: make the artifacts, gate them, record, sign,
# verify, pack; then show a merge that is blocked. Called by `make run`.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
run=.probanda
cell=$run/cell
mkdir -p "$run"

say() { printf '\n\033[1m── %s\033[0m\n' "$1"; }

# The tests of Rego by itself are left to `make test`.
say "1. Artifacts of this run: an SBOM of the environment, and a test report"
"$bin/cyclonedx-py" environment .venv --output-reproducible --of JSON --sv 1.6 -o "$run/sbom.cdx.json"
"$bin/python" -m pytest -q -n auto -m 'not proof and not wheel and not slow' -p no:cacheprovider \
    --ignore=tests/rego -o junit_family=xunit2 --junitxml="$run/junit.xml"

say "2. The gate decides"
"$bin/probanda" check pull-request

say "3. Record in the ledger, sign, verify"
if [ ! -d "$cell" ]; then
    "$bin/probanda" cell init "$cell" --name self-gate --unsafe-demo
fi
bundle=$("$bin/probanda" bundle --cell "$cell")
"$bin/probanda" verify "$bundle" --trust "$cell/trusted_root.json"

say "4. The audit pack of the year"
year=$(date -u +%Y)
pack=$("$bin/probanda" pack --framework soc2 --period "$year-01-01/$((year + 1))-01-01" \
    --cell "$cell" --trust "$cell/trusted_root.json")
"$bin/probanda" verify "$pack" --trust "$cell/trusted_root.json"

say "5. A merge that is blocked: a Restricted-TOS licence appears in the SBOM"
status=0
"$bin/probanda" check --project examples/blocked-merge || status=$?
if [ "$status" -ne 1 ]; then
    echo "expected exit code 1, got $status" >&2
    exit 1
fi

say "Where to look"
echo "  bundle  $bundle"
echo "  pack    $pack"
echo "  page    ${pack%.tar}.html   (open it in a browser)"
