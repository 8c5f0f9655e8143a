"""The root of every exception this project raises.

OffhookError
├── IllegalInput      a local command that the state does not allow: our bug, raised at once
└── (each package's errors.py grows its own branch and prints it as a tree)
"""


class OffhookError(Exception):
    """Root of all offhook exceptions; catch it only where a process would otherwise end."""


class IllegalInput(OffhookError):
    """A local command arrived in a state that has no row for it: the caller has a bug."""
