#!/bin/sh
# Makes .venv with the exact versions of requirements.lock and builds the native media plane into it.
# PYTHON names the interpreter to take; otherwise the first one that is new enough is taken.
set -eu
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$1"; }
fail() {
    printf 'offhook: %s\n' "$1" >&2
    exit 1
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if is_new_enough "$name"; then
            echo "$name"
            return
        fi
    done
}

has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
has_headers() { "$1" -c 'import pathlib, sysconfig as s, sys; sys.exit(not pathlib.Path(s.get_path("include"), "Python.h").exists())'; }

ensure() { # what it is, the package of Debian, what to do elsewhere
    if command -v apt-get >/dev/null; then
        say "$1 is missing"
        tools/install_peers.sh --force "$2"
    else
        fail "$1 is missing: $3"
    fi
}

if ! [ -x .venv/bin/python ] || ! is_new_enough .venv/bin/python; then
    python=$(find_python)
    [ -n "$python" ] || fail "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3"
    has_venv "$python" || ensure "Python's venv module" python3-venv "install a complete Python 3.11 or newer"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
command -v cc >/dev/null || ensure "a C compiler" "gcc libc6-dev" "run xcode-select --install"
has_headers .venv/bin/python || ensure "Python's C headers" python3-dev "install a complete Python 3.11 or newer"

say "installing dependencies and building the media plane"
log=build/install.log
mkdir -p build
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --editable '.[dev]' --constraint requirements.lock >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    fail "the installation did not succeed: the whole of what pip said is in $log"
fi
say "ready"
