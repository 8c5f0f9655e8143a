#!/bin/sh
# Installs what the bots of tests/interop/test_interop_bots.py are made of, pipecat into an environment of its own and
# Twilio's SDK for Node, into build/bots. What is there already, of the versions that are asked for, stays.
set -eu
cd "$(dirname "$0")/.."
bots=build/bots
peers=tests/interop/peers

fail() {
    printf 'offhook: %s\n' "$1" >&2
    exit 1
}

is_there() {
    cmp -s "$1" "$2"
}

mkdir -p "$bots"
if ! is_there "$peers/pipecat/requirements.txt" "$bots/pipecat.txt"; then
    printf '==> installing pipecat\n'
    rm -rf "$bots/pipecat"
    "${PYTHON:-python3}" -m venv "$bots/pipecat"
    "$bots/pipecat/bin/pip" install -q --disable-pip-version-check -r "$peers/pipecat/requirements.txt" 2>"$bots/pip.log" \
        || fail "pip could not install pipecat: see $bots/pip.log"
    cp "$peers/pipecat/requirements.txt" "$bots/pipecat.txt"
fi
if ! is_there "$peers/node/package.json" "$bots/node/package.json"; then
    printf '==> installing the SDK for Node\n'
    command -v npm >/dev/null || fail "npm is needed: apt-get install nodejs npm"
    rm -rf "$bots/node"
    mkdir -p "$bots/node.new"
    cp "$peers/node/package.json" "$bots/node.new/"
    (cd "$bots/node.new" && npm install --no-audit --no-fund --no-package-lock --silent) \
        || fail "npm could not install the packages of $peers/node/package.json"
    mv "$bots/node.new" "$bots/node"
fi
