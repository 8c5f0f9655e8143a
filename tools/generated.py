"""What every generator ends with: write the file, or with `--check` say whether it is stale."""

import sys
from pathlib import Path


def settle(target: Path, text: str) -> None:
    """Write `text` to `target`; with `--check` on the command line, compare and exit 1 when they differ."""
    if "--check" not in sys.argv[1:]:
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.name}")
        return
    present = target.read_text(encoding="utf-8") if target.exists() else ""
    if present != text:
        sys.exit(f"{target.name} is stale: run python tools/{Path(sys.argv[0]).name}")
    print(f"{target.name} is up to date")
