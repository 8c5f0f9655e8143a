"""Which Contacts of a 3xx are called, in which order, and why the others are not (RFC 3261 §8.1.3.4; contract 1 §2.7).

Kept by a leg from its INVITE on; nothing is sent here.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from offhook.calls.errors import CallError
from offhook.calls.events import InviteRefused, RefusalCause
from offhook.calls.ports import InviteOrder
from offhook.model.ending import EndReason
from offhook.sip.errors import SipError
from offhook.sip.hop_rules import is_private
from offhook.sip.uri import SipUri

GLOBAL_FAILURE = 600  # §21.6: the callee is not to be had at any of its places
MOST_WAITING = 16  # Contacts kept to be tried; far more than anybody lists
MOST_SHOWN = 3


class RedirectRefused(CallError):
    """A 3xx led nowhere that may be called."""

    error_code = 32219
    ending = EndReason.UNREACHABLE


class _Skipped(Exception):
    """Why one Contact is not called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectRules:
    """How many redirections one call follows, whether to private addresses, and the domain that is our own."""

    limit: int = 5
    allows_private: bool = True
    own_domain: str = "sip.localhost"


class Search:
    """For whoever takes one call: the places that were called, and those that may be called yet."""

    __slots__ = ("_followed", "_is_secure", "_order", "_rules", "_tried", "_waiting")

    def __init__(self, order: InviteOrder, rules: RedirectRules) -> None:
        uri = SipUri.parse(order.target)
        self._order = order
        self._rules = rules
        self._is_secure = order.is_secure or _is_tls(uri)
        self._tried = [_as_called(uri)]
        self._waiting: deque[str] = deque()
        self._followed = 0

    @property
    def needs_public(self) -> bool:
        """Whether a redirected call may lead to no private address, which its name may hide."""
        return not self._rules.allows_private

    @property
    def has_next(self) -> bool:
        """Whether another place may be called."""
        return bool(self._waiting) and self._followed < self._rules.limit

    def goes_on_after(self, refusal: InviteRefused) -> bool:
        """Whether a refusal leads to the next place."""
        is_final = refusal.cause is RefusalCause.CANCELED or refusal.code >= GLOBAL_FAILURE
        return self.has_next and not is_final

    def add(self, contacts: Iterable[str]) -> tuple[str, ...]:
        """Take the Contacts of a 3xx, best first and before all that wait; why each of the others is left out."""
        taken: list[str] = []
        skipped: list[str] = []
        for contact in contacts:
            try:
                taken.append(self._checked(contact))
            except _Skipped as why:
                skipped.append(f"{contact[:80]} {why}")
        self._waiting.extendleft(reversed(taken[:MOST_WAITING]))
        if taken and not self.has_next:
            skipped.append(f"more than {self._rules.limit} redirections are not followed")
        return tuple(skipped)

    def next(self) -> str:
        """The place to call now, as a SIP URI; ask has_next before."""
        self._followed += 1
        return self._waiting.popleft()

    def next_order(self) -> InviteOrder:
        """An INVITE to the place to call now; likewise."""
        return replace(self._order, target=self.next(), needs_public=self.needs_public)

    def _checked(self, contact: str) -> str:
        try:
            uri = SipUri.parse(contact)
        except SipError as error:
            raise _Skipped("is no SIP URI") from error
        if self._is_secure and not _is_tls(uri):
            raise _Skipped("is not TLS, and the call is secure")
        host = uri.host.lower().rstrip(".")
        own = self._rules.own_domain.lower()
        if host == own or host.endswith(f".{own}"):
            raise _Skipped("is a SIP Domain here")
        if not self._rules.allows_private and _is_private(host):
            raise _Skipped("is a private address")
        called = _as_called(uri)
        if any(called.equivalent(tried) for tried in self._tried):
            raise _Skipped("was called already")
        self._tried.append(called)
        return str(called)


def refusal_of(code: int, skipped: tuple[str, ...]) -> RedirectRefused:
    """The error that a 3xx comes to which cannot be followed."""
    told = "; ".join(skipped[:MOST_SHOWN]) or "it names no place to call"
    return RedirectRefused(f"the redirection ({code}) is not followed: {told}")


def _as_called(uri: SipUri) -> SipUri:
    """Ready for a request line: a sips: URI becomes sip: by TLS, as everywhere here; headers are not taken over."""
    transport = "tls" if uri.scheme == "sips" else uri.transport
    called = replace(uri, scheme="sip", headers=()).with_params(method=None)
    return called if transport == uri.transport else called.with_params(transport=transport)


def _is_tls(uri: SipUri) -> bool:
    return uri.scheme == "sips" or uri.transport == "tls"


def _is_private(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or is_private(host)
