"""Why a document or a verb could not be carried out; the program turns each into a notice and the fallback URL.

CallError (offhook.calls.errors)
└── DocumentFailed    a document or verb that cannot be carried out; `error_code` is the API's
"""

from offhook.calls.errors import CallError
from offhook.model.ending import EndReason


class DocumentFailed(CallError):
    """What was asked for cannot be done; `error_code` is from the 11xxx to 13xxx families, `url` what it is about."""

    ending = EndReason.DOCUMENT_FAILED

    def __init__(self, error_code: int, message: str, *, url: str = "") -> None:
        super().__init__(message)
        self.error_code = error_code
        self.url = url
