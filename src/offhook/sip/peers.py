"""The other ends of an endpoint's sessions, and what the guard is told of them."""

from dataclasses import dataclass

from offhook.sip.guard import Guard
from offhook.sip.guard_settings import Strike
from offhook.sip.hop import Hop

# Refused before it rang: whoever calls may not, or looks for what there is to call.
UNWELCOME = frozenset({403, 404, 405})


@dataclass(slots=True)
class Peer:
    """Where a session's INVITE went to or came from.

    A peer is real when we called it, or when it has acknowledged our answer, which nobody can who forged its address.
    """

    hop: Hop
    is_ours: bool
    is_real: bool
    is_struck: bool = False  # something is held against it already: one refusal is one strike


class Peers:
    """One peer for each session, by the session's number."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self._peers: dict[int, Peer] = {}

    def begin(self, session: int, hop: Hop, *, is_ours: bool) -> None:
        """A session's INVITE went there, perhaps after another hop, or came from there."""
        self.end(session)
        self._peers[session] = Peer(hop, is_ours, is_real=is_ours)
        if is_ours:
            self.guard.vouch(hop)
        else:
            self.guard.session_opened(hop)

    def confirm(self, session: int) -> None:
        """The peer has acknowledged our answer."""
        peer = self._peers.get(session)
        if peer is not None and not peer.is_real:
            peer.is_real = True
            self.guard.vouch(peer.hop)

    def refuse(self, session: int, code: int, now: float) -> None:
        """Its INVITE is refused by us, unheard."""
        if code in UNWELCOME:
            self.strike(session, Strike.REFUSED, now)

    def strike(self, session: int, reason: Strike, now: float) -> None:
        """Hold something against the peer of a session that it began."""
        peer = self._peers.get(session)
        if peer is not None and not peer.is_ours and not peer.is_struck:
            peer.is_struck = True
            self.guard.strike(peer.hop, reason, now)

    def pardon(self, session: int) -> None:
        """It has proved who it is: what the challenge before was held against it for is taken back."""
        peer = self._peers.get(session)
        if peer is not None:
            self.guard.pardon(peer.hop)

    def end(self, session: int) -> None:
        """The session is over."""
        peer = self._peers.pop(session, None)
        if peer is None:
            return
        if peer.is_real:
            self.guard.withdraw(peer.hop)
        if not peer.is_ours:
            self.guard.session_closed(peer.hop)
