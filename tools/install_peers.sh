#!/bin/sh
# Installs programs that tests and benchmarks talk to: each argument is PACKAGE:PROGRAM, or PACKAGE:/FILE, and nothing
# happens for one that is there. With --force the arguments are packages of Debian, installed whatever is there.
# Services that a package brings are not started.
set -eu
export PATH="$PATH:/usr/sbin:/sbin"

fail() {
    printf 'offhook: %s\n' "$1" >&2
    exit 1
}

install_debian() {
    printf '==> installing from Debian: %s\n' "$*"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "these packages are needed, and installing them needs root: $*"
        exec sudo -- "$0" --force "$@"
    fi
    policy=/usr/sbin/policy-rc.d
    if ! [ -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null || fail "apt-get update failed"
    # shellcheck disable=SC2068 # one argument may hold several names
    apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $@ </dev/null >/dev/null \
        || fail "apt-get could not install: $*"
    printf '==> installed\n'
}

if [ "${1:-}" = --force ]; then
    shift
    install_debian "$@"
    exit
fi

packages=
programs=
for pair in "$@"; do
    if ! command -v "${pair#*:}" >/dev/null && ! [ -e "${pair#*:}" ]; then
        packages="$packages ${pair%:*}"
        programs="$programs ${pair#*:}"
    fi
done
[ -n "$packages" ] || exit 0

if command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086 # names without blanks
    install_debian $packages
elif command -v brew >/dev/null; then
    printf '==> installing with Homebrew:%s\n' "$programs"
    # shellcheck disable=SC2086
    brew install --quiet $programs </dev/null || fail "Homebrew could not install:$programs"
else
    fail "these programs are needed and neither apt-get nor brew is there to install them:$programs"
fi
