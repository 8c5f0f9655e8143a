"""What a command can fail with; the text is one sentence that says what to do.

OffhookError
└── CommandFailed          the command cannot go on
    ├── NotRunning         nothing answers where the platform should be
    └── Refused            the platform refused a request, with the API's error code
"""

from offhook.base.errors import OffhookError


class CommandFailed(OffhookError):
    """The command ends with this sentence and exit code 1."""


class NotRunning(CommandFailed):
    """No platform answers."""

    def __init__(self, url: str) -> None:
        super().__init__(f"no offhook is running at {url}: start one with `offhook serve`")


class Refused(CommandFailed):
    """The API answered with an error."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"the call was refused with error {code}: {message}" if code else f"the API said {message}")
        self.status = status
        self.code = code
