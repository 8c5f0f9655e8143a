"""What the API refuses, as HTTP status, code and message (contract 1 §1.9).

ApiError
├── MissingCredentials   401, 20003
├── NotOffered           403, 20010
├── ResourceNotFound     404, 20404
└── InvalidParameter     400, the code that names the parameter
"""

from offhook.base.errors import OffhookError
from offhook.calls.errors import (
    BadPageToken,
    CallError,
    CallNotFound,
    CallRefused,
    IllegalCallState,
    StoreFailed,
)

UNKNOWN_PARAMETERS = 20001
INVALID_FRIENDLY_NAME = 20002
AUTHENTICATE = 20003
METHOD_NOT_ALLOWED = 20004
PAGE_SIZE = 20007
DELETE_UNFINISHED = 20009
DISABLED = 20010
FORBIDDEN = 20403
NOT_FOUND = 20404
TOO_LARGE = 20413
CONFLICT = 20409
INVALID_PARAMETER = 20422
INVALID_SID = 20423
TOO_MANY_REQUESTS = 20429
INTERNAL = 20500
UNAVAILABLE = 20503
NO_TO = 21201
INVALID_URL = 21205
SEND_DIGITS = 21206
TIMEOUT = 21208
METHOD = 21209
INVALID_TO = 21211
INVALID_FROM = 21212
NO_FROM = 21213
UNREACHABLE_TO = 21214
INVALID_APPLICATION = 21218
USERNAME_TOO_LONG, USERNAME_CHARACTERS, PASSWORD_TOO_LONG, PASSWORD_CHARACTERS, NO_PASSWORD = range(21221, 21226)
HEADERS_TOO_LONG, HEADER_NAME, HEADER_VALUE = range(21227, 21230)
TOO_MANY_DOMAINS, INVALID_DOMAIN, DOMAIN_TAKEN, DOMAIN_HAS_SUBDOMAINS = range(21230, 21234)
INVALID_ADDRESS_LIST, ADDRESS_LIST_IN_USE, TOO_MANY_ADDRESSES, INVALID_ADDRESS = range(21235, 21239)
TOO_MANY_CREDENTIAL_LISTS, INVALID_CREDENTIAL_LIST, CREDENTIAL_LIST_IN_USE = range(21239, 21242)
TOO_MANY_CREDENTIALS, INVALID_CREDENTIAL = 21242, 21243
TOO_MANY_ADDRESS_LISTS = 21255
NOT_A_NUMBER = NO_NUMBER = 21421
NUMBER_TAKEN = 21422
CALLER_ID_TAKEN = 21450
QUEUE_NAME_TAKEN = 22003
TWIML_TOO_LONG = 32018
TWIML_AND_URL = 32019
CONCURRENCY = 10004

# What the exchange says in the words of <Dial>, in those of the API.
_CODE_OF_REFUSAL = {13223: INVALID_TO, 13224: UNREACHABLE_TO, 13243: INVALID_TO, 13247: INVALID_FROM}


class ApiError(OffhookError):
    """A request that is answered with an error body."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class MissingCredentials(ApiError):
    """No credentials, or wrong ones; does not say which."""

    def __init__(self) -> None:
        super().__init__(401, AUTHENTICATE, "Authenticate")


class ResourceNotFound(ApiError):
    """Nothing stands at this path for this account."""

    def __init__(self, path: str) -> None:
        super().__init__(404, NOT_FOUND, f"The requested resource {path} was not found")


class NotOffered(ApiError):
    """The platform has nothing that could do this; it says so, and begins nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(403, DISABLED, message)


class InvalidParameter(ApiError):
    """A parameter is missing or has a value that is not taken."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(400, code, message)


def translate(error: CallError, path: str) -> ApiError:
    """The API's answer to what the exchange or the store raised."""
    match error:
        case CallNotFound():
            return ResourceNotFound(path)
        case CallRefused() if error.error_code == CONCURRENCY:
            return ApiError(429, CONCURRENCY, str(error))
        case IllegalCallState() | BadPageToken() | CallRefused():
            return ApiError(400, _CODE_OF_REFUSAL.get(error.error_code, error.error_code), str(error))
        case StoreFailed():
            return ApiError(503, UNAVAILABLE, f"The request was not carried out: {error}")
        case _:
            return ApiError(400, _CODE_OF_REFUSAL.get(error.error_code, error.error_code), str(error))
