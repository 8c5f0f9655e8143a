"""What is wrong with a document: an error ends the reading, a warning is told and read past.

OffhookError
└── TwimlError       the document cannot be run; `code` is 11750, 12100 or 12102

TwimlWarning is a value: the document runs without what the warning names.
"""

from dataclasses import dataclass

from offhook.base.errors import OffhookError

BODY_TOO_LARGE = 11750
NOT_XML = 12100
WRONG_ROOT = 12102
SCHEMA_VIOLATION = 12200


class TwimlError(OffhookError):
    """The document cannot be run. `line` and `column` count from 1 and point at what was refused."""

    def __init__(self, code: int, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True, kw_only=True)
class TwimlWarning:
    """Something in the document that is ignored; `line` and `column` (from 1) are those of its element."""

    code: int
    message: str
    line: int
    column: int
