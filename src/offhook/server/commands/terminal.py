"""Where commands print: results on standard output, complaints on standard error."""

import sys

from rich.console import Console
from rich.text import Text

from offhook.telemetry.printable import printable

OUT = Console(highlight=False)


def complain(error: Exception) -> None:
    """Print one sentence on standard error."""
    sys.stderr.write(f"offhook: {printable(error)}\n")


def say(text: str, style: str = "") -> None:
    """Print one line as it is: no markup is read in it, and nothing in it steers the terminal."""
    OUT.print(Text(printable(text), style=style), soft_wrap=True)
