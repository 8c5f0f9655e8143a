"""SIP as calls need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from offhook.calls.events import HeaderList, SessionId
from offhook.sip.authenticator import Checked
from offhook.sip.digest import Password


@dataclass(frozen=True, slots=True, kw_only=True)
class SipCredentials:
    """What answers a 401 or 407; the password never reaches a log or a timeline."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteOrder:
    """One INVITE to send: `target` is a SIP URI without headers and platform parameters, `headers` are checked.

    `is_secure` asks for SRTP in the offer, and for TLS all the way to the first hop; `proxy` is the SIP URI of the
    outbound proxy that it goes through, "" for none. With `needs_public` the target may lead to no private address.
    """

    edge: str
    target: str
    from_user: str
    from_host: str
    from_display: str = ""
    headers: HeaderList = ()
    offer: bytes
    credentials: SipCredentials | None = None
    is_secure: bool = False
    proxy: str = ""
    needs_public: bool = False
    max_forwards: int = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedInvite:
    """The session of an INVITE on its way, and what of it the API shows."""

    session: SessionId
    call_id: str
    from_uri: str
    to_uri: str


class Signalling(Protocol):
    """INVITE sessions on the edges; satisfied by net.sip_service and by testing."""

    def invite(self, order: InviteOrder) -> PlacedInvite:
        """Send an INVITE; events follow, InviteRefused included when the host cannot be resolved or reached.

        The order is traced under the Call-ID it returns. Raises UnknownEdge.
        """

    def cancel(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Give up an INVITE without a final response; InviteRefused(CANCELED) or InviteAnswered follows."""

    def ring(self, session: SessionId, code: int = 180, answer: bytes | None = None) -> None:
        """Send a provisional response to a received INVITE."""

    def accept(self, session: SessionId, answer: bytes, headers: HeaderList = ()) -> None:
        """Answer a received INVITE with 200; AckReceived or AckMissed follows."""

    def reject(self, session: SessionId, code: int, reason: str = "", headers: HeaderList = ()) -> None:
        """Refuse a received INVITE with a final response of 300 to 699; the session is over."""

    def verify(self, session: SessionId, realm: str, passwords: Mapping[str, Password]) -> Checked:
        """What the credentials of a received INVITE prove; it still waits for its answer."""

    def challenge(self, session: SessionId, realm: str, *, is_stale: bool = False) -> None:
        """Ask a received INVITE's caller for credentials (407); the session is over, its next INVITE is another."""

    def offer(self, session: SessionId, offer: bytes) -> None:
        """Send a re-INVITE with this SDP; OfferAnswered follows, or the end of the session."""

    def answer_offer(self, session: SessionId, answer: bytes) -> None:
        """Answer an OfferReceived with 200 and this SDP."""

    def refuse_offer(self, session: SessionId, code: int) -> None:
        """Refuse an OfferReceived; the session stays as it was."""

    def bye(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Hang up a session that is up; ByeAnswered follows."""

    def follow_redirect(self, session: SessionId, target: str, *, needs_public: bool = False) -> None:
        """Send the INVITE of a RedirectReceived again, to this SIP URI, in the same session.

        With `needs_public` it leads to no private address, whatever its name says.
        """

    def refuse_redirect(self, session: SessionId) -> None:
        """Go nowhere; InviteRefused with the 3xx follows."""

    def refer(self, session: SessionId, target: str, headers: HeaderList = ()) -> None:
        """Send REFER to this URI; ReferAnswered follows, then ReferProgressed for each NOTIFY."""

    def accept_refer(self, session: SessionId) -> None:
        """Answer a ReferReceived with 202, and its first NOTIFY (100 Trying)."""

    def refuse_refer(self, session: SessionId, code: int) -> None:
        """Refuse a ReferReceived with a final response of 300 to 699."""

    def notify_refer(self, session: SessionId, code: int, reason: str) -> None:
        """Tell the sender of an accepted REFER how its call goes; a final code ends the subscription."""
