#!/bin/sh
# Installs the peers of tests/interop that no package of Debian brings into build/bots: pipecat and moto's S3 each into an
# environment of its own, and Twilio's SDK for Node. What is there already, of the versions that are asked for, stays.
set -eu
cd "$(dirname "$0")/.."
bots=build/bots
peers=tests/interop/peers

fail() {
    printf 'offhook: %s\n' "$1" >&2
    exit 1
}

python_peer() {
    wanted=$peers/$1/requirements.txt
    if ! cmp -s "$wanted" "$bots/$1.txt"; then
        printf '==> installing %s\n' "$1"
        rm -rf "${bots:?}/$1"
        "${PYTHON:-python3}" -m venv "$bots/$1"
        "$bots/$1/bin/pip" install -q --disable-pip-version-check -r "$wanted" 2>"$bots/$1.log" \
            || fail "pip could not install $1: see $bots/$1.log"
        cp "$wanted" "$bots/$1.txt"
    fi
}

node_peer() {
    if ! cmp -s "$peers/node/package.json" "$bots/node/package.json"; then
        printf '==> installing the SDK for Node\n'
        command -v npm >/dev/null || fail "npm is needed: apt-get install nodejs npm"
        rm -rf "$bots/node" "$bots/node.new"
        mkdir -p "$bots/node.new"
        cp "$peers/node/package.json" "$bots/node.new/"
        (cd "$bots/node.new" && npm install --no-audit --no-fund --no-package-lock --silent) \
            || fail "npm could not install the packages of $peers/node/package.json"
        mv "$bots/node.new" "$bots/node"
    fi
}

mkdir -p "$bots"
python_peer pipecat &
pipecat=$!
python_peer s3 &
s3=$!
node_peer
wait "$pipecat"
wait "$s3"
