"""The other end of a media port that speaks SRTP, through pylibsrtp. For tests of the native plane."""

from collections.abc import Sequence
from typing import TypeVar

from pylibsrtp import Policy, Session

from offhook.rtp.packet import RtpPacket, parse
from offhook.sdp.crypto import MASTER_OCTETS, Crypto, CryptoSuite, parse_crypto
from offhook.sdp.parse import parse as parse_sdp
from offhook.testing.far_end import FarEnd

PROFILES = {
    CryptoSuite.AES_CM_128_HMAC_SHA1_80: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    CryptoSuite.AES_CM_128_HMAC_SHA1_32: Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}


Value = TypeVar("Value")


def _known(value: Value | None) -> Value:
    if value is None:
        raise RuntimeError("the other side's key is not known yet: call aim first")
    return value


class SecureFarEnd(FarEnd):
    """A peer that offers these suites, all under one key, and sends and reads SRTP once it knows ours."""

    def __init__(
        self,
        *,
        suites: Sequence[CryptoSuite] = (CryptoSuite.AES_CM_128_HMAC_SHA1_80,),
        key: bytes = bytes(range(MASTER_OCTETS)),
        formats: Sequence[int] = (0, 8),
        telephone_event: int | None = 101,
        ssrc: int = 7,
    ) -> None:
        super().__init__(formats=formats, telephone_event=telephone_event, ssrc=ssrc)
        self.suites = tuple(suites)
        self.key = key
        self.agreed: Crypto | None = None
        self._sending: Session | None = None
        self._receiving: Session | None = None

    def sdp(self, *, direction: str = "sendrecv", port: int | None = None) -> bytes:
        """An offer, or an answer when there is one suite only."""
        lines = super().sdp(direction=direction, port=port).decode().replace("RTP/AVP", "RTP/SAVP")
        keys = [str(Crypto(tag=tag, suite=suite, key=self.key).attribute()) for tag, suite in enumerate(self.suites, 1)]
        return (lines + "".join(f"{line}\r\n" for line in keys)).encode()

    def aim(self, sdp: bytes) -> None:
        """Send from now on to where this description says, under its suite; contexts whose keys stay go on."""
        super().aim(sdp)
        theirs = parse_crypto(parse_sdp(sdp).media[0].values("crypto")[0])
        before, self.agreed = self.agreed, theirs
        if before is None or before.suite is not theirs.suite:
            self.renew_sending()
        if before is None or (before.suite, before.key) != (theirs.suite, theirs.key):
            self._receiving = Session(self._policy(theirs.key, Policy.SSRC_ANY_INBOUND))

    def renew_sending(self) -> None:
        """Begin to send anew under `key`, with a rollover counter of 0."""
        self._sending = Session(self._policy(self.key, Policy.SSRC_ANY_OUTBOUND))

    def _policy(self, key: bytes, ssrc_type: int) -> Policy:
        return Policy(key=key, ssrc_type=ssrc_type, srtp_profile=PROFILES[_known(self.agreed).suite])

    def protect(self, octets: bytes) -> bytes:
        """An RTP packet as SRTP."""
        return _known(self._sending).protect(octets)

    def protect_control(self, octets: bytes) -> bytes:
        """An RTCP packet as SRTCP."""
        return _known(self._sending).protect_rtcp(octets)

    def unprotect_control(self, octets: bytes) -> bytes:
        """An SRTCP packet as RTCP. Raises pylibsrtp.Error."""
        return _known(self._receiving).unprotect_rtcp(octets)

    def send_packet(self, packet: RtpPacket) -> None:
        """Send one packet, as SRTP."""
        self.send_raw(self.protect(bytes(packet)))

    def receive(self) -> RtpPacket:
        """Wait for the next packet. Raises TimeoutError, pylibsrtp.Error when it is not for our key."""
        return parse(_known(self._receiving).unprotect(self.socket.recv(2048)))
