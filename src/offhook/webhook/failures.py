"""What went wrong with a request, as the API's error codes (contract 1 §8.1)."""

import ssl

import aiohttp

from offhook.calls.errors import WebhookFailed
from offhook.webhook.addresses import PrivateAddress
from offhook.webhook.overrides import RequestTiming, RetryCause

INVALID_URL = 11100
RETRIEVAL_FAILURE = 11200
CONNECT_TIMEOUT = 11201
CONNECTION_REFUSED = 11202
TOTAL_TIMEOUT = 11203
CONNECTION_FAILURE = 11205
PROTOCOL_VIOLATION = 11206
BAD_HOST_NAME = 11210
TOO_MANY_REDIRECTS = 11215
INVALID_REDIRECT = 11216
TLS_FAILURE = 11220
CERTIFICATE_MISMATCH = 11235
CERTIFICATE_EXPIRED = 11236
CERTIFICATE_WITHOUT_PATH = 11237
BODY_TOO_LARGE = 11750
BODY_EMPTY = 11770
INVALID_CONTENT_TYPE = 12300
CALLBACK_WARNING = 15003

# OpenSSL's X509_V_ERR_…: the two that have an error code of their own.
_HAS_EXPIRED = 10
_HOST_MISMATCH = frozenset({62, 64})


class TotalTimeout(Exception):
    """The delivery as a whole took too long."""


def retry_cause(error: Exception) -> RetryCause | None:
    """Which kind of retry covers this error."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return RetryCause.CONNECT_TIMEOUT
    if isinstance(error, aiohttp.SocketTimeoutError):
        return RetryCause.READ_TIMEOUT
    return None


def translate(error: Exception, url: str, timing: RequestTiming) -> WebhookFailed:
    """The WebhookFailed that says what came of requesting `url`."""
    code, reason = _classify(error, timing)
    failure = WebhookFailed(code, f"{url}: {reason}", url=url)
    failure.__cause__ = error
    return failure


def _classify(error: Exception, timing: RequestTiming) -> tuple[int, str]:
    if isinstance(error, aiohttp.ClientConnectorDNSError) and isinstance(error.os_error, PrivateAddress):
        error = error.os_error
    match error:
        case TotalTimeout() | aiohttp.ServerTimeoutError():
            return _classify_timeout(error, timing)
        case PrivateAddress():
            return BAD_HOST_NAME, f"{error}; webhook.allow_private_addresses is false"
        case aiohttp.InvalidURL():
            return INVALID_URL, "the URL cannot be requested"
        case aiohttp.ClientError() | OSError():
            return _classify_connection(error)
        case _:
            return PROTOCOL_VIOLATION, f"the server's answer is not HTTP ({type(error).__name__}: {error})"


def _classify_timeout(error: Exception, timing: RequestTiming) -> tuple[int, str]:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return CONNECT_TIMEOUT, f"the connection timed out ({timing.retries + 1} times {timing.connect:g} s)"
        case aiohttp.SocketTimeoutError():
            return CONNECTION_FAILURE, f"the server was silent for {timing.read:g} s"
        case _:
            code = TOTAL_TIMEOUT if timing.has_own_total else CONNECTION_FAILURE
            return code, f"no complete answer within {timing.total:g} s"


def _classify_connection(error: Exception) -> tuple[int, str]:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _classify_certificate(error.certificate_error)
        case aiohttp.ClientConnectorDNSError():
            return BAD_HOST_NAME, f"the host name does not resolve ({error.os_error})"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return TLS_FAILURE, f"the TLS handshake failed ({error})"
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionRefusedError):
            return CONNECTION_REFUSED, "the connection was refused"
        case aiohttp.ClientOSError() | ConnectionError() | OSError():
            return CONNECTION_FAILURE, f"the connection failed ({error})"
        case _:
            return PROTOCOL_VIOLATION, f"the server's answer broke off or is not HTTP ({error})"


def _classify_certificate(error: Exception) -> tuple[int, str]:
    number = getattr(error, "verify_code", 0)
    reason = getattr(error, "verify_message", str(error))
    if number == _HAS_EXPIRED:
        return CERTIFICATE_EXPIRED, f"the certificate has expired ({reason})"
    if number in _HOST_MISMATCH:
        return CERTIFICATE_MISMATCH, f"the certificate is for another host ({reason})"
    return CERTIFICATE_WITHOUT_PATH, f"the certificate leads to no known authority ({reason})"
