"""Makes one real call and shows it; exits 0 when everything happened that should."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.findings import Finding, findings, invite_of
from demo.processes import BIN, Cast, DemoFailed, inherited
from demo.setting import LOOPBACK, Setting, make_setting
from demo.story import Outcome, place_call, start_all

LIMIT = 45.0  # seconds until the call has to be over, on a machine that has much else to do

CONSOLE = Console(highlight=False)


def main() -> int:
    """The exit code."""
    os.environ["NO_PROXY"] = LOOPBACK  # whatever proxy this machine uses, nothing here is for it
    began = time.monotonic()
    with TemporaryDirectory(prefix="offhook-demo-") as folder:
        try:
            kept = _play(Path(folder))
        except DemoFailed as error:
            CONSOLE.print(Text(f"The demonstration failed: {error}", style="red"))
            return 1
        except KeyboardInterrupt:
            return 130
    took = time.monotonic() - began
    verdict = "Everything happened as promised" if kept else "Something did not happen: see the crosses above"
    CONSOLE.print(Text(f"\n{verdict} ({took:.1f} s).", style="green" if kept else "red"))
    return 0 if kept else 1


def _play(folder: Path) -> bool:
    setting = make_setting(folder)
    with Cast(folder, LIMIT) as cast:
        _step("starting offhook, a sample application and two SIP telephones")
        to = start_all(cast, setting)
        _step(f"calling {to} with Twilio's Python SDK")
        outcome = place_call(cast, setting, to)
        _step(f"the call's ladder, from `offhook show {outcome.sid}`")
        _show_ladder(setting, outcome.sid)
    found = findings(outcome, setting)
    _show(outcome, found)
    return all(finding.is_kept for finding in found)


def _step(text: str) -> None:
    CONSOLE.print(Text(f"==> {text}", style="bold"), soft_wrap=True)


def _show_ladder(setting: Setting, sid: str) -> None:
    command: list[str | Path] = [BIN / "offhook", "show", sid, "--config", setting.config]
    if not CONSOLE.is_terminal:
        command.append("--plain")
    shown = subprocess.run(command, env=inherited() | {"OFFHOOK_DATA": str(setting.data)}, check=False, timeout=15)
    if shown.returncode != 0:
        raise DemoFailed("offhook show could not show the call")


def _show(outcome: Outcome, found: list[Finding]) -> None:
    _step("headers that arrived at the reception")
    for name, value in invite_of(outcome.reception).get("headers", ()):
        if name.lower().startswith("x-") or name == "User-to-User":
            CONSOLE.print(Text(f"    {name}: {value}"), soft_wrap=True)
    _step("what the application was asked and told")
    for request in outcome.requests:
        form = request["form"]
        CONSOLE.print(Text(f"    POST {request['path']:14} {form['CallSid']} {form['CallStatus']}"), soft_wrap=True)
    _step("what was promised, and what was found")
    table = Table(box=None, show_header=False, padding=(0, 1))
    for finding in found:
        mark = Text("✓", style="green") if finding.is_kept else Text("✗", style="red")
        table.add_row("  ", mark, Text(finding.promise), Text(finding.found))
    CONSOLE.print(table)


if __name__ == "__main__":
    sys.exit(main())
