"""What an endpoint lets in, by source: rates, open transactions and sessions, strikes and bans.

Fed by endpoints with where messages come from, before these are read, and with what became of them. Sans-IO; time is
an argument, and everything it remembers is bounded. One guard may stand before several endpoints.
"""

from collections import Counter, OrderedDict

from offhook.sip.guard_settings import UNGUARDED, GuardSettings, Refusal, Strike
from offhook.sip.hop import Hop
from offhook.sip.source import is_within, source_of

# How many messages each request of ours lets its target send beyond its rate: provisional and final responses, some
# of them twice, and the requests of the call that comes of it; and how many may be saved up.
ANSWERS = 20
MOST_ANSWERS = 20_000
ROUNDING = 1 + 1e-6  # sums of fractions may end a little above


class Known:
    """One source that was heard of lately; each rate is kept as the time at which what it has used up is paid off."""

    __slots__ = ("dialogs", "expected", "is_trusted", "lost", "messages", "strikes")

    def __init__(self, *, is_trusted: bool) -> None:
        self.is_trusted = is_trusted
        self.messages = 0.0
        self.dialogs = 0.0
        self.strikes = 0.0
        self.expected = 0  # messages beyond its rate that requests of ours have asked for
        self.lost = 0  # messages refused since it last kept to its rate


class Held:
    """What one source has open."""

    __slots__ = ("sessions", "transactions", "vouched")

    def __init__(self) -> None:
        self.transactions = 0
        self.sessions = 0  # that it began
        self.vouched = 0  # calls that prove that it is there


class Guard:
    """Keeps the books of all sources."""

    def __init__(self, settings: GuardSettings = UNGUARDED) -> None:
        self.settings = settings
        self.refused: Counter[Refusal] = Counter()
        self.struck: Counter[Strike] = Counter()
        self.bans_made = 0
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._bans: dict[str, float] = {}
        self._held: dict[str, Held] = {}
        self._strangers = 0
        self._message_cost = 1.0 / settings.messages
        self._message_room = settings.messages_burst / settings.messages * ROUNDING
        self._scanners = tuple(name.lower() for name in settings.scanners)

    # --- what may come in -----------------------------------------------------------------------------------------

    def admits(self, source: Hop, now: float) -> bool:
        """Whether a message may be read at all; asked before anything is. A refused one gets no answer."""
        key = source_of(source)
        if key in self._bans and self._is_banned(key, now):
            self.refused[Refusal.BANNED] += 1
            return False
        known = self._known.get(key) or self._learn(key, source.host)
        if known.is_trusted:
            return True
        self._known.move_to_end(key)
        paid_off = known.messages
        if paid_off < now:
            paid_off = now
            known.lost = 0
        paid_off += self._message_cost
        if paid_off - now <= self._message_room:
            known.messages = paid_off
            return True
        if known.expected:
            known.expected -= 1
            return True
        self._lose(key, known, now)
        return False

    def is_banned(self, source: Hop, now: float) -> bool:
        """Whether nothing is taken from this source at present."""
        return self._is_banned(source_of(source), now)

    def trusts(self, source: Hop) -> bool:
        """Whether a source has no limits."""
        key = source_of(source)
        return (self._known.get(key) or self._learn(key, source.host)).is_trusted

    def judge_new(self, source: Hop, user_agent: str, now: float) -> Refusal | None:
        """Whether a request outside of any dialog, which has been read, may open a transaction; None when it may."""
        key = source_of(source)
        known = self._known.get(key) or self._learn(key, source.host)
        if known.is_trusted:
            return None
        refusal = self._refusal_of_new(key, known, user_agent.lower(), now)
        if refusal is not None:
            self.refused[refusal] += 1
        if refusal is Refusal.SCANNER:
            self.strike(source, Strike.SCANNER, now)
        return refusal

    def has_room_for_session(self, source: Hop) -> bool:
        """Whether a source may begin one more session."""
        held = self._held.get(source_of(source))
        if held is None or held.sessions < self.settings.sessions or self.trusts(source):
            return True
        self.refused[Refusal.SESSIONS] += 1
        return False

    # --- what became of it ----------------------------------------------------------------------------------------

    def strike(self, source: Hop, reason: Strike, now: float) -> None:
        """Hold something against a source; too much of it brings a ban, and a scanner is banned at once."""
        key = source_of(source)
        known = self._known.get(key) or self._learn(key, source.host)
        self.struck[reason] += 1
        if known.is_trusted:
            return
        window = self.settings.strike_window
        known.strikes = max(known.strikes, now) + window / self.settings.strikes
        if reason is Strike.SCANNER or known.strikes - now > window * ROUNDING:
            self._ban(key, now)

    def pardon(self, source: Hop) -> None:
        """Take one strike back."""
        known = self._known.get(source_of(source))
        if known is not None:
            known.strikes -= self.settings.strike_window / self.settings.strikes

    def expect_answers(self, target: Hop) -> None:
        """A request of ours goes there: let its answers in."""
        key = source_of(target)
        known = self._known.get(key) or self._learn(key, target.host)
        known.expected = min(known.expected + ANSWERS, MOST_ANSWERS)

    def transaction_opened(self, source: Hop) -> None:
        """A source has one more transaction open."""
        if not self.trusts(source):
            self._hold(source_of(source)).transactions += 1
            self._strangers += 1

    def transaction_closed(self, source: Hop) -> None:
        """It has one less."""
        key = source_of(source)
        held = self._held.get(key)
        if held is not None and held.transactions:
            held.transactions -= 1
            self._strangers -= 1
            self._let_go(key, held)

    def session_opened(self, source: Hop) -> None:
        """A source began a session."""
        self._hold(source_of(source)).sessions += 1

    def session_closed(self, source: Hop) -> None:
        """It ended."""
        key = source_of(source)
        held = self._held.get(key)
        if held is not None and held.sessions:
            held.sessions -= 1
            self._let_go(key, held)

    def vouch(self, peer: Hop) -> None:
        """A call with this peer is real: whoever forges its address shall not have it banned meanwhile."""
        self._hold(source_of(peer)).vouched += 1

    def withdraw(self, peer: Hop) -> None:
        """That call is over."""
        key = source_of(peer)
        held = self._held.get(key)
        if held is not None and held.vouched:
            held.vouched -= 1
            self._let_go(key, held)

    # --- what others ask ------------------------------------------------------------------------------------------

    def bans(self, now: float) -> int:
        """How many sources are banned."""
        self._bans = {key: until for key, until in self._bans.items() if now < until}
        return len(self._bans)

    @property
    def remembered(self) -> int:
        """How many entries the books have, of whatever kind."""
        return len(self._known) + len(self._bans) + len(self._held)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _refusal_of_new(self, key: str, known: Known, user_agent: str, now: float) -> Refusal | None:
        settings, held = self.settings, self._held.get(key)
        if user_agent and any(name in user_agent for name in self._scanners):
            return Refusal.SCANNER
        if held is not None and held.transactions >= settings.transactions:
            return Refusal.TRANSACTIONS
        if self._strangers >= settings.strangers:
            return Refusal.STRANGERS
        paid_off = max(known.dialogs, now) + 1.0 / settings.dialogs
        if paid_off - now > settings.dialogs_burst / settings.dialogs * ROUNDING:
            return Refusal.DIALOGS
        known.dialogs = paid_off
        return None

    def _lose(self, key: str, known: Known, now: float) -> None:
        """A message above the rate; as many without a pause as were let in at once are a flood."""
        self.refused[Refusal.MESSAGES] += 1
        known.lost += 1
        if known.lost >= self.settings.messages_burst:
            self.struck[Strike.FLOOD] += 1
            self._ban(key, now)

    def _ban(self, key: str, now: float) -> None:
        held = self._held.get(key)
        if not self.settings.ban or (held is not None and held.vouched):
            return
        if len(self._bans) >= self.settings.bans:
            del self._bans[next(iter(self._bans))]
        self._bans.pop(key, None)
        self._bans[key] = now + self.settings.ban
        self.bans_made += 1
        self._known.pop(key, None)

    def _is_banned(self, key: str, now: float) -> bool:
        until = self._bans.get(key)
        if until is None:
            return False
        if now < until:
            return True
        del self._bans[key]
        return False

    def _learn(self, key: str, host: str) -> Known:
        if len(self._known) >= self.settings.sources:
            self._known.popitem(last=False)
        known = self._known[key] = Known(is_trusted=is_within(host, self.settings.trusted))
        return known

    def _hold(self, key: str) -> Held:
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = Held()
        return held

    def _let_go(self, key: str, held: Held) -> None:
        if not (held.transactions or held.sessions or held.vouched):
            del self._held[key]
