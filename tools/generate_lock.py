"""Writes requirements.lock: the exact version of everything that offhook and its development need.

The versions are those of the environment that runs this. With `--check` it says whether every dependency of
pyproject.toml has a version there that it allows; whichever versions happen to be installed does not matter then.
"""

import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
HEAD = "# Exact versions for `make`; written by tools/generate_lock.py (make lock).\n"


def stated() -> list[Requirement]:
    """What pyproject.toml asks for on this machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return list(_applying(map(Requirement, lines), frozenset()))


def closure(roots: Iterable[Requirement]) -> dict[str, str]:
    """Name and installed version of these and of all that they need. Raises PackageNotFoundError."""
    found: dict[str, str] = {}
    waiting, seen = list(roots), set()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        installed = distribution(wanted.name)
        found[key[0]] = installed.version
        waiting += _applying(map(Requirement, installed.requires or ()), key[1])
    return found


def _applying(requirements: Iterable[Requirement], extras: frozenset[str]) -> Iterable[Requirement]:
    for requirement in requirements:
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield requirement


def locked() -> dict[str, str]:
    """What the lock file says."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def check() -> None:
    """Exit 1 when a dependency has no version in the lock file or one that is not allowed."""
    pins = locked()
    for wanted in stated():
        pin = pins.get(canonicalize_name(wanted.name))
        if pin is None or not wanted.specifier.contains(pin, prereleases=True):
            sys.exit(f"{LOCK.name} is stale: {wanted} is wanted, {pin or 'nothing'} is locked: run make lock")
    print(f"{LOCK.name} is up to date")


def main() -> None:
    """Write or check."""
    if "--check" in sys.argv[1:]:
        check()
        return
    try:
        pins = closure(stated())
    except PackageNotFoundError as error:
        sys.exit(f"{error.name} is not installed here: run make check first")
    LOCK.write_text(HEAD + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins)), encoding="utf-8")
    print(f"wrote {LOCK.name}")


if __name__ == "__main__":
    main()
