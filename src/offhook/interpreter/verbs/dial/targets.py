"""The nouns of a <Dial> as targets to ring (contract 1 §4.1, contract 2 §1.18)."""

from offhook.calls.dialer import DialTarget
from offhook.calls.ports import ProgramStart, SipCredentials
from offhook.interpreter.context import Context
from offhook.model.call import CallEvent, StatusCallback
from offhook.twiml.nouns import Noun, NumberNoun, SipNoun, UnbuiltNoun

BAD_CREDENTIALS, NOT_AVAILABLE = 13249, 13750


def targets_of(nouns: tuple[Noun, ...], context: Context) -> tuple[DialTarget, ...]:
    """What can be rung, in document order; the rest is warned about. Raises DocumentFailed (11100)."""
    targets: list[DialTarget] = []
    for noun in nouns:
        if isinstance(noun, UnbuiltNoun):
            context.warn(NOT_AVAILABLE, f"<{noun.name}> in <Dial> is not built yet: it is not called")
        else:
            targets.append(_target(noun, context))
    return tuple(targets)


def _target(noun: SipNoun | NumberNoun, context: Context) -> DialTarget:
    if noun.machine_detection.mode is not None:
        context.warn(NOT_AVAILABLE, "machineDetection is not built yet: nobody is told whether a machine answered")
    screening, callback = _screening(noun, context), _status_callback(noun, context)
    if isinstance(noun, SipNoun):
        return DialTarget(
            to=noun.uri,
            credentials=_credentials(noun, context),
            screening=screening,
            status_callback=callback,
        )
    return DialTarget(
        to=noun.number,
        is_number=True,
        screening=screening,
        status_callback=callback,
        send_digits=noun.send_digits,
    )


def _screening(noun: SipNoun | NumberNoun, context: Context) -> ProgramStart | None:
    if noun.url is None:
        return None
    return ProgramStart(document=context.target(noun.url, noun.method), is_screening=True)


def _status_callback(noun: SipNoun | NumberNoun, context: Context) -> StatusCallback | None:
    if noun.status_callback is None:
        return None
    return StatusCallback(
        target=context.target(noun.status_callback, noun.status_callback_method),
        events=frozenset(CallEvent(event) for event in noun.status_callback_event),
    )


def _credentials(noun: SipNoun, context: Context) -> SipCredentials | None:
    if noun.username and noun.password is not None:
        return SipCredentials(username=noun.username, password=noun.password)
    if noun.username or noun.password:
        context.warn(BAD_CREDENTIALS, "<Sip> has only one of username and password: neither is used")
    return None
