"""<Refer>: passes the call's own party on to somebody else, and asks the action what next (contract 2 §1.11)."""

from offhook.calls.refer_target import refer_target
from offhook.calls.referral import ReferOutcome
from offhook.calls.sip_target import InvalidTarget
from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Continue, Outcome, Redirect
from offhook.model.call import CallStatus
from offhook.twiml.verbs import Refer


async def refer(verb: Refer, context: Context) -> Outcome:
    """Answer the call if need be, send REFER, wait for the end of its story. Raises DocumentFailed for a bad URL."""
    action = context.target(verb.action, verb.method) if verb.action is not None else None
    outcome = await _carry_out(verb, context)
    if action is None:
        return Continue()
    return Redirect(target=action, parameters=refer_parameters(outcome), purpose="action")


async def _carry_out(verb: Refer, context: Context) -> ReferOutcome:
    try:
        target, warnings = refer_target(verb.uri)
    except InvalidTarget as error:
        context.warn(error.error_code, f"<Refer> leads nowhere: {error}")
        return ReferOutcome(status=CallStatus.FAILED)
    for code, text in warnings:
        context.warn(code, text)
    await context.call.answer()
    return await context.call.refer(target)


def refer_parameters(outcome: ReferOutcome) -> dict[str, str]:
    """What the action is told on top of the standard parameters; what is not known is left out."""
    known = {
        "ReferCallStatus": None if outcome.status is None else outcome.status.value,
        "ReferSipResponseCode": outcome.sip_response_code,
        "NotifySipResponseCode": outcome.notify_code,
    }
    return {name: str(value) for name, value in known.items() if value is not None}
