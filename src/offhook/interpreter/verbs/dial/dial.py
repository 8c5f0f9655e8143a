"""<Dial>: rings its targets, joins the one that answers, and asks the action what comes next (contract 1 §3)."""

from offhook.calls.dialer import DialOrder, DialOutcome, DialTarget
from offhook.calls.recording import RecordingOrder
from offhook.interpreter.context import Context
from offhook.interpreter.errors import DocumentFailed
from offhook.interpreter.outcome import Continue, Finish, Outcome, Redirect
from offhook.interpreter.verbs.dial.action import action_parameters
from offhook.interpreter.verbs.dial.recording import recording_order, recording_parameters
from offhook.interpreter.verbs.dial.targets import targets_of
from offhook.model.call import CallStatus, WebhookTarget
from offhook.twiml.verbs import Dial

DIAL_IN_SCREENING = 13201
NOTHING_TO_DIAL = 13223
NOT_AVAILABLE = 13750


async def dial(verb: Dial, context: Context) -> Outcome:
    """Ring, join, wait for the end. Raises DocumentFailed in a screening document (13201) and for a bad URL (11100)."""
    if context.is_screening:
        raise DocumentFailed(DIAL_IN_SCREENING, f"line {context.line}: a screening document may not <Dial>")
    # Before anything rings: an action that leads nowhere must not cost the caller a conversation.
    action = context.target(verb.action, verb.method) if verb.action is not None else None
    refer = context.target(verb.refer_url, verb.refer_method) if verb.refer_url is not None else None
    recording = recording_order(verb, context)
    _warn_unbuilt(verb, context)
    outcome = await _carry_out(verb, targets_of(verb.nouns, context), refer, recording, context)
    if outcome.was_transferred:
        return Finish()
    if refer is not None and outcome.refer_parameters is not None:
        return Redirect(target=refer, parameters=outcome.refer_parameters, purpose="refer")
    if action is None:
        return Continue()
    parameters = action_parameters(outcome)
    if outcome.recording_sid is not None:
        parameters |= recording_parameters(context.call, outcome.recording_sid)
    return Redirect(target=action, parameters=parameters, purpose="action")


async def _carry_out(
    verb: Dial,
    targets: tuple[DialTarget, ...],
    refer: WebhookTarget | None,
    recording: RecordingOrder | None,
    context: Context,
) -> DialOutcome:
    call = context.call
    if not verb.answer_on_bridge:
        await call.answer()
    if not targets:
        told = "<Dial> has nothing that can be called"
        context.warn(NOTHING_TO_DIAL, told)
        return DialOutcome(status=CallStatus.FAILED, error_code=NOTHING_TO_DIAL, error_message=told)
    return await call.dial(
        DialOrder(
            targets=targets,
            caller_id=verb.caller_id,
            timeout=float(verb.timeout),
            time_limit=float(verb.time_limit),
            hangup_on_star=verb.hangup_on_star,
            answer_on_bridge=verb.answer_on_bridge,
            ring_tone=verb.ring_tone,
            sequential=verb.sequential,
            refer=refer,
            recording=recording,
            records_ringing=verb.recording.record.startswith("record-from-ringing"),
        )
    )


def _warn_unbuilt(verb: Dial, context: Context) -> None:
    if verb.call_reason is not None:
        context.warn(NOT_AVAILABLE, "callReason is not built yet: the callee is not shown it")
