"""Session timers, both roles: who refreshes, how often, and what ends a session that nobody refreshes (RFC 4028)."""

from offhook.sip.errors import MalformedValue
from offhook.sip.events import OfferAsked, SessionExpired
from offhook.sip.fields import SessionExpires
from offhook.sip.grammar import parse_number
from offhook.sip.message import Message, Request, Response
from offhook.sip.methods import UPDATE
from offhook.sip.session.frame import Interval, SessionFrame
from offhook.sip.session.machine import SessionInput, SessionTimer
from offhook.sip.session.messages import Fields
from offhook.sip.session.within import DialogRequest, ends_dialog
from offhook.sip.settings import EndpointSettings

TIMER = "timer"
TOO_BRIEF = 422
NOT_TAKEN = frozenset({405, 501})
HIGHEST_INTERVAL = 2**31 - 1
LONGEST_MIN_SE = 86_400  # a 422 that asks for more than a day is not followed
GRACE = 32  # seconds before the end at which the side that does not refresh hangs up (§10)
EXPIRED: Fields = (("Reason", 'SIP;cause=408;text="Session expired"'),)


class Refreshing(SessionFrame):
    """How a session that is up is kept so."""

    __slots__ = ()

    # --- what requests and responses say ---------------------------------------------------------------------------

    def interval_fields(self, *, is_refresh: bool = False) -> Fields:
        """What an INVITE or UPDATE of ours asks for (§7.1, §7.4); nothing when session timers are off."""
        settings = self.stack.settings
        if not settings.session_expires:
            return ()
        least = max(settings.min_se, self.least_interval)
        seconds = max(self.interval.seconds if self.interval else settings.session_expires, least)
        refresher = "uac" if is_refresh else None
        return (("Session-Expires", str(SessionExpires(seconds=seconds, refresher=refresher))), ("Min-SE", str(least)))

    def note_peer(self, message: Message) -> None:
        """Keep what the peer can do."""
        if "Allow" in message.headers:
            self.peer_updates = UPDATE in message.allow

    def grant_interval(self, request: Request) -> Fields:
        """Agree to what a request of the peer asks for; the fields of our 2xx say it (§9)."""
        settings = self.stack.settings
        self.note_peer(request)
        self.interval = None
        asked = interval_of(request)
        is_able = TIMER in request.supported or TIMER in request.require
        if not settings.session_expires or (asked is None and not is_able):
            return ()
        least = max(settings.min_se, least_of(request))
        seconds = settings.session_expires if asked is None else min(asked.seconds, settings.session_expires)
        refresher = (asked.refresher if asked is not None else None) or "uac"
        if not is_able:
            refresher = "uas"  # a proxy asked for it, and the caller knows nothing of it
        self.interval = Interval(max(seconds, least), is_ours=refresher == "uas")
        told: Fields = (("Session-Expires", f"{self.interval.seconds};refresher={refresher}"),)
        return (*told, ("Require", TIMER)) if refresher == "uac" else told

    def take_interval(self, response: Response) -> None:
        """Keep what a 2xx to a request of ours agreed to; without Session-Expires nothing is refreshed (§7.2)."""
        self.note_peer(response)
        agreed = interval_of(response)
        if agreed is None or not self.stack.settings.session_expires:
            self.interval = None
        else:
            seconds = max(agreed.seconds, self.stack.settings.min_se)
            self.interval = Interval(seconds, is_ours=agreed.refresher != "uas")

    def raise_interval(self, response: Response) -> bool:
        """Whether a 422 asks for an interval that we can ask for next (§7.3)."""
        least = least_of(response)
        if response.code != TOO_BRIEF or not self.least_interval < least <= LONGEST_MIN_SE:
            return False
        self.least_interval = least
        return True

    # --- actions --------------------------------------------------------------------------------------------------

    def keep_alive(self, _subject: object, now: float) -> None:
        """Count the interval anew: a refresh is due at half of it, or the end shortly before its end (§10)."""
        self.stack.clear_deadline(self, SessionTimer.REFRESH)
        self.stack.clear_deadline(self, SessionTimer.EXPIRY)
        if self.interval is None:
            return
        seconds = self.interval.seconds
        if self.interval.is_ours:
            self.stack.set_deadline(self, SessionTimer.REFRESH, now + seconds / 2)
            self.stack.set_deadline(self, SessionTimer.EXPIRY, now + seconds)
        else:
            self.stack.set_deadline(self, SessionTimer.EXPIRY, now + seconds - min(GRACE, seconds / 3))

    def refresh(self, _nothing: None, now: float) -> None:
        """UPDATE where the peer takes it; else a re-INVITE, whose offer the user is asked for."""
        if self.offering is not None or self.reoffered is not None:
            return  # what is on its way refreshes the session, too
        if self.peer_updates and self.dialog is not None:
            fields = (("Supported", TIMER), *self.interval_fields(is_refresh=True))
            DialogRequest(self, self.dialog, UPDATE, self._refreshed, fields=fields).send(now)
        else:
            self.stack.tell(OfferAsked(self.number))

    def _refreshed(self, response: Response | None, now: float) -> None:
        if response is None or ends_dialog(response):
            self.feed(SessionInput.SESSION_EXPIRED, None, now)
        elif response.is_success:
            if self.dialog is not None:
                self.dialog.refresh_target(response)
            self.take_interval(response)
            self.keep_alive(None, now)
        elif response.code in NOT_TAKEN:
            self.peer_updates = False
            self.feed(SessionInput.REFRESH_DUE, None, now)
        else:
            # 491, 500 and their like: once more, soon; the session ends by itself if that does not help either.
            self.raise_interval(response)
            self.stack.set_deadline(self, SessionTimer.REFRESH, now + self.stack.settings.timers.t2)

    def blame_expiry(self, _nothing: None, _now: float) -> None:
        """The BYE says why (RFC 3326)."""
        self.bye_headers = EXPIRED

    def tell_expired(self, _nothing: None, _now: float) -> None:
        """Nobody refreshed the session."""
        self.stack.tell(SessionExpired(self.number))


def refusal_of_interval(request: Request, settings: EndpointSettings) -> Fields | None:
    """What a 422 says to a request whose interval is too brief; None when there is nothing against it (§9)."""
    asked = interval_of(request)
    if asked is None or not settings.session_expires or TIMER not in request.supported:
        return None
    return (("Min-SE", str(settings.min_se)),) if asked.seconds < settings.min_se else None


def interval_of(message: Message) -> SessionExpires | None:
    """The Session-Expires of a message; one that cannot be read counts as none."""
    value = message.headers.get("Session-Expires")
    if value is None:
        return None
    try:
        return SessionExpires.parse(value)
    except MalformedValue:
        return None


def least_of(message: Message) -> int:
    """The Min-SE of a message in seconds, 0 when there is none that can be read."""
    value = message.headers.get("Min-SE")
    try:
        return parse_number((value or "0").partition(";")[0].strip(), HIGHEST_INTERVAL, "Min-SE")
    except MalformedValue:
        return 0
