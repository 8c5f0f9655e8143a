"""Offer and answer of one port: what was sent last, in which version, and which offer waits for its answer."""

from offhook.sdp.description import SessionDescription
from offhook.sdp.errors import MalformedDescription
from offhook.sdp.negotiate import Agreement, LocalMedia, accept_answer, make_answer, make_offer
from offhook.sdp.parse import parse


class Negotiation:
    """One side's session description through offers, answers and re-offers; every error is an SdpError."""

    __slots__ = ("_offer", "_sent", "address", "agreement", "port", "session_id")

    def __init__(self, *, address: str, port: int, session_id: int) -> None:
        self.address = address
        self.port = port
        self.session_id = session_id
        self.agreement: Agreement | None = None
        self._sent: SessionDescription | None = None
        self._offer: SessionDescription | None = None

    def make_offer(self) -> bytes:
        """Offer everything we can; each offer after the first is a new version."""
        offer = make_offer(self._local())
        self._sent = self._offer = offer
        return bytes(offer)

    def make_answer(self, offer: bytes) -> bytes:
        """Answer an offer; the same answer again keeps its version (RFC 3264 §8). Raises SdpError."""
        answer, agreement = make_answer(self._local(), parse(offer))
        if self._sent is not None and answer.with_version(self._sent.origin.version) == self._sent:
            answer = self._sent
        self._sent = answer
        self.agreement = agreement
        return bytes(answer)

    def accept_answer(self, answer: bytes) -> Agreement:
        """Take the answer to the last offer; it may come again, early and final. Raises SdpError."""
        if self._offer is None:
            raise MalformedDescription("an answer came without an offer of ours")
        self.agreement = accept_answer(self._offer, parse(answer))
        return self.agreement

    def _local(self) -> LocalMedia:
        version = 1 if self._sent is None else self._sent.origin.version + 1
        return LocalMedia(session_id=self.session_id, version=version, address=self.address, port=self.port)
