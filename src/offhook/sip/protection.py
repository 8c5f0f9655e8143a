"""What stands between the network and an endpoint, shared by all endpoints of a process."""

from dataclasses import dataclass, field

from offhook.sip.authenticator import Authenticator
from offhook.sip.guard import Guard
from offhook.sip.guard_settings import Refusal
from offhook.sip.hop import Hop
from offhook.sip.message import Request
from offhook.sip.methods import ACK, CANCEL, INVITE, OPTIONS
from offhook.sip.overload import Overload
from offhook.sip.transaction.layer import TransactionLayer

# §11.2: OPTIONS is answered as an INVITE would be, so whoever asks whether calls are taken hears that they are not.
CALLING = frozenset({INVITE, OPTIONS})
WITHOUT_ANSWER = frozenset({Refusal.SCANNER})  # to a scanner every answer is news


@dataclass(frozen=True, slots=True)
class Protection:
    """A guard, a gauge of load, and who checks credentials; by default nobody is kept out, and nobody can be asked."""

    guard: Guard = field(default_factory=Guard)
    overload: Overload = field(default_factory=Overload)
    authenticator: Authenticator | None = None

    def judge(self, request: Request, source: Hop, layer: TransactionLayer, now: float) -> Refusal | None:
        """Why a request may not open a transaction; None when it may. Nothing within a dialog is ever refused."""
        if request.to_tag is not None or request.method in (ACK, CANCEL):
            return None
        is_too_much = self.overload.is_on and request.method in CALLING
        if (not is_too_much and self.guard.trusts(source)) or layer.holds(request):
            return None
        if is_too_much:
            self.guard.refused[Refusal.OVERLOADED] += 1
            return Refusal.OVERLOADED
        return self.guard.judge_new(source, request.headers.get("User-Agent") or "", now)
