"""Offer and answer of one port: what was sent last, in which version and under which keys, and which offer waits."""

from collections.abc import Callable

from offhook.sdp.codecs import G711, Codec
from offhook.sdp.crypto import MASTER_OCTETS, CryptoSuite, SrtpUse
from offhook.sdp.description import Direction, SessionDescription
from offhook.sdp.errors import MalformedDescription
from offhook.sdp.negotiate import Agreement, LocalMedia, accept_answer, make_answer, make_offer
from offhook.sdp.parse import parse


class Negotiation:
    """One side's session description through offers, answers and re-offers; every error is an SdpError.

    `codecs` are those of audio that may be used, the best first. `random_octets` makes the keys of SRTP:
    secrets.token_bytes, or something seeded in tests; there is no SRTP without. `srtp` is what may be agreed at first.
    Media that is SRTP stays SRTP: neither side can talk the other out of it.
    """

    __slots__ = (
        "_keys",
        "_offer",
        "_random_octets",
        "_sent",
        "address",
        "agreement",
        "codecs",
        "port",
        "session_id",
        "srtp",
    )

    def __init__(
        self,
        *,
        address: str,
        port: int,
        session_id: int,
        random_octets: Callable[[int], bytes] | None = None,
        srtp: SrtpUse = SrtpUse.ACCEPTED,
        codecs: tuple[Codec, ...] = G711,
    ) -> None:
        self.address = address
        self.port = port
        self.session_id = session_id
        self.codecs = codecs
        self.agreement: Agreement | None = None
        self.srtp = srtp if random_octets is not None else SrtpUse.REFUSED
        self._random_octets = random_octets
        self._keys: dict[CryptoSuite, bytes] = {}
        self._sent: SessionDescription | None = None
        self._offer: SessionDescription | None = None

    def make_offer(self, *, is_secure: bool = False) -> bytes:
        """Offer everything we can; each offer after the first is a new version.

        As SRTP when `is_secure`, required, or so already: with the suite of the contract (1 §2.5), or that in use.
        """
        security = self.agreement.security if self.agreement is not None else None
        suite = CryptoSuite.AES_CM_128_HMAC_SHA1_80 if is_secure or self.srtp is SrtpUse.REQUIRED else None
        offer = make_offer(self._local(), suite if security is None else security.suite)
        self._sent = self._offer = offer
        return bytes(offer)

    def repeat_offer(self) -> bytes:
        """The description that was sent last, unchanged, as an offer: a refresh of the session (RFC 4028 §7.4)."""
        if self._sent is None:
            return self.make_offer()
        self._offer = self._sent
        return bytes(self._sent)

    def make_answer(self, offer: bytes) -> bytes:
        """Answer an offer; the same answer again keeps its version (RFC 3264 §8). Raises SdpError."""
        answer, agreement = make_answer(self._local(), parse(offer), self._present_use())
        if self._sent is not None and answer.with_version(self._sent.origin.version) == self._sent:
            answer = self._sent
        self._sent = answer
        self._settle(agreement)
        return bytes(answer)

    def accept_answer(self, answer: bytes) -> Agreement:
        """Take the answer to the last offer; it may come again, early and final. Raises SdpError."""
        if self._offer is None:
            raise MalformedDescription("an answer came without an offer of ours")
        agreement = accept_answer(self._offer, parse(answer))
        self._settle(agreement)
        return agreement

    @property
    def peer_direction(self) -> str:
        """What the peer does as of the last agreement; 0.0.0.0 counts as wanting nothing (RFC 3264 §8.4)."""
        agreement = self.agreement
        if agreement is None:
            return Direction.SENDRECV.value
        may_receive = agreement.direction.may_send and agreement.remote_address is not None
        return Direction.of(may_send=agreement.direction.may_receive, may_receive=may_receive).value

    def _local(self) -> LocalMedia:
        version = 1 if self._sent is None else self._sent.origin.version + 1
        return LocalMedia(
            session_id=self.session_id,
            version=version,
            address=self.address,
            port=self.port,
            key_of=self._key_of if self._random_octets is not None else None,
            codecs=self.codecs,
            noise=() if self.agreement is None else self.agreement.received_noise,
        )

    def _present_use(self) -> SrtpUse:
        is_secure = self.agreement is not None and self.agreement.security is not None
        return SrtpUse.REQUIRED if is_secure else self.srtp

    def _settle(self, agreement: Agreement) -> None:
        """Keep the key in use, and no other: SRTP that begins anew under a key of before would repeat its keystream."""
        self.agreement = agreement
        security = agreement.security
        self._keys = {} if security is None else {security.suite: security.local_key}

    def _key_of(self, suite: CryptoSuite) -> bytes:
        assert self._random_octets is not None  # noqa: S101 - _local gives this method only when there is one
        if suite not in self._keys:
            self._keys[suite] = self._random_octets(MASTER_OCTETS)
        return self._keys[suite]
