"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="The configuration file; OFFHOOK_CONFIG names it too."),
]
PlainOption = Annotated[bool, typer.Option("--plain", help="ASCII only, without colour.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
