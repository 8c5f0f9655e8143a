"""An INVITE that takes the place of another leg: attended transfer and call pick-up as telephones do them (RFC 3891).

Used by the exchange. The call, its documents and its media port go on; only its SIP session is another one.
"""

from offhook.calls.admission import FORBIDDEN, UNPROVED, Directory, NotAdmitted, admit, refuse
from offhook.calls.call import Call
from offhook.calls.errors import LegEnded, OfferRefused
from offhook.calls.events import InviteReceived, SessionId
from offhook.calls.leg import CallLeg
from offhook.calls.world import World

NO_SUCH_DIALOG, NOT_ACCEPTABLE = 481, 488
WRONG_ACCOUNT = 32201


def take_over(world: World, directory: Directory, invite: InviteReceived, replaced: SessionId) -> None:
    """Let an admitted caller take the place of an answered leg of its account; otherwise refuse the INVITE.

    Its Request-URI is usually our Contact and no number of ours: then only the source is checked (RFC 3891 §8).
    """
    try:
        account_sid = admit(directory, invite, world.signalling, world.media).route.account_sid
    except NotAdmitted as error:
        if error.code in (FORBIDDEN, UNPROVED):
            refuse(world.signalling, invite, error)
            return
        account_sid = None
    leg = world.legs.by_session.get(replaced)
    call = leg.observer if isinstance(leg, CallLeg) else None
    if not isinstance(leg, CallLeg) or not isinstance(call, Call):
        world.signalling.reject(invite.session, NO_SUCH_DIALOG)
        return
    if account_sid not in (None, call.account_sid):
        foreign = NotAdmitted(FORBIDDEN, WRONG_ACCOUNT, "the call to be replaced is not this account's")
        refuse(world.signalling, invite, foreign)
        return
    try:
        leg.take_over(invite)
    except LegEnded:
        world.signalling.reject(invite.session, NO_SUCH_DIALOG)
    except OfferRefused as refused:
        call.leg_told("not-replaced", f"an INVITE with Replaces was refused: {refused}")
        world.signalling.reject(invite.session, NOT_ACCEPTABLE)
