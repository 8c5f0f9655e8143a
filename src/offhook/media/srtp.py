"""libsrtp for the native plane (RFC 3711): the addresses of its functions, and sessions made from keys.

It comes in pylibsrtp's wheel; no packet passes Python (docs/decisions/0021-libsrtp-through-pylibsrtp.md).
"""

from dataclasses import dataclass
from typing import Any

from pylibsrtp import Policy
from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found] # compiled by cffi, without stubs

from offhook.media.errors import SrtpUnavailable
from offhook.sdp.crypto import CryptoSuite
from offhook.sdp.negotiate import Security

_PROFILES = {
    CryptoSuite.AES_CM_128_HMAC_SHA1_80: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    CryptoSuite.AES_CM_128_HMAC_SHA1_32: Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
_ON_PACKET = "srtp_err_status_t(*)(struct srtp_ctx_t_ *, void *, int *)"  # of libsrtp 2; that of 3 differs
_FUNCTIONS = {  # in the order of srtp_library in native/srtp.h
    "srtp_protect": _ON_PACKET,
    "srtp_unprotect": _ON_PACKET,
    "srtp_protect_rtcp": _ON_PACKET,
    "srtp_unprotect_rtcp": _ON_PACKET,
    "srtp_remove_stream": "srtp_err_status_t(*)(struct srtp_ctx_t_ *, unsigned int)",
    "srtp_dealloc": "srtp_err_status_t(*)(struct srtp_ctx_t_ *)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SrtpSessions:
    """Addresses of a sending and a receiving session of libsrtp, 0 for none, and what they were made for."""

    sending: int = 0
    receiving: int = 0
    security: Security | None = None


def library_addresses() -> list[int]:
    """The functions that native/srtp.h names, in its order. Raises SrtpUnavailable when they are not of libsrtp 2."""
    addresses = []
    for name, kind in _FUNCTIONS.items():
        function = ffi.addressof(lib, name)
        if ffi.typeof(function).cname != kind:
            raise SrtpUnavailable(f"expected {name} of libsrtp 2, got {ffi.typeof(function).cname}")
        addresses.append(_address(function))
    return addresses


def renew(present: SrtpSessions, security: Security | None) -> SrtpSessions:
    """The sessions for what is agreed: those whose key stays are kept, with their rollover counters.

    Raises SrtpUnavailable.
    """
    if security is None:
        return SrtpSessions()
    before = present.security
    is_same_suite = before is not None and before.suite is security.suite
    keeps_sending = before is not None and is_same_suite and before.local_key == security.local_key
    keeps_receiving = before is not None and is_same_suite and before.remote_key == security.remote_key
    suite = security.suite
    return SrtpSessions(
        sending=present.sending if keeps_sending else _create(suite, security.local_key, lib.ssrc_any_outbound),
        receiving=present.receiving if keeps_receiving else _create(suite, security.remote_key, lib.ssrc_any_inbound),
        security=security,
    )


def discard(created: SrtpSessions, present: SrtpSessions) -> None:
    """Let go of sessions that the plane did not take over, those in use excepted."""
    for session, used in ((created.sending, present.sending), (created.receiving, present.receiving)):
        if session not in {0, used}:
            lib.srtp_dealloc(ffi.cast("srtp_t", session))


def _create(suite: CryptoSuite, key: bytes, ssrc_type: int) -> int:
    policy = Policy(key=key, ssrc_type=ssrc_type, srtp_profile=_PROFILES[suite])
    session = ffi.new("srtp_t *")
    status = lib.srtp_create(session, policy._policy)  # noqa: SLF001 - its Session would end with the Python object
    if status != lib.srtp_err_status_ok:
        raise SrtpUnavailable(f"libsrtp made no session: status {status}")
    return _address(session[0])


def _address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))
