"""`offhook doctor`: looks at everything that the platform needs before it starts, and says what to do."""

import typer

from offhook.server.commands.checks import Finding, Verdict, examine
from offhook.server.commands.options import ConfigOption
from offhook.server.commands.terminal import say

EXAMPLE = "Example: offhook doctor --config offhook.toml"

STYLES = {Verdict.GOOD: "green", Verdict.WARNING: "yellow", Verdict.BAD: "bold red"}


def doctor(*, config: ConfigOption = None) -> None:
    """Look for what would keep calls from working; exit code 1 when there is something."""
    findings: list[Finding] = []
    for finding in examine(config):
        findings.append(finding)
        say(f"{finding.verdict.value:5} {finding.what}: {finding.text}", STYLES[finding.verdict])
        if finding.advice:
            say(f"      {finding.advice}")
    bad = sum(finding.verdict is Verdict.BAD for finding in findings)
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    say(f"{len(findings)} looked at, {bad} bad, {warnings} doubtful")
    if bad:
        raise typer.Exit(1)
