"""Which function runs which verb, and which makes its sound."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from offhook.calls.ports import Sound
from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Outcome
from offhook.interpreter.verbs.beside.connecting import connect
from offhook.interpreter.verbs.beside.starting import start, stop
from offhook.interpreter.verbs.dial.dial import dial
from offhook.interpreter.verbs.ending import hang_up, redirect, reject
from offhook.interpreter.verbs.gather.gather import gather
from offhook.interpreter.verbs.record import record
from offhook.interpreter.verbs.refer import refer
from offhook.interpreter.verbs.say_play import fetch_sound, make_speech, pause, play, say
from offhook.interpreter.verbs.unbuilt import skip
from offhook.twiml.verbs import (
    Connect,
    Dial,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    Start,
    Stop,
    Unbuilt,
    Verb,
)

Runner = Callable[[Any, Context], Awaitable[Outcome]]
Maker = Callable[[Any, Context], Awaitable[Sound]]

RUNNERS: Mapping[type, Runner] = MappingProxyType(
    {
        Say: say,
        Play: play,
        Pause: pause,
        Gather: gather,
        Record: record,
        Start: start,
        Stop: stop,
        Connect: connect,
        Redirect: redirect,
        Reject: reject,
        Hangup: hang_up,
        Dial: dial,
        Refer: refer,
        Unbuilt: skip,
    }
)


def runner_of(verb: Verb) -> Runner:
    """The function that runs this verb; every verb that a document can hold has one."""
    return RUNNERS[type(verb)]


def maker_of(verb: Verb) -> Maker | None:
    """The function that makes what this verb plays; None when it plays nothing."""
    match verb:
        case Say() if verb.text.strip():
            return make_speech
        case Play() if not verb.digits:
            return fetch_sound
        case _:
            return None


def is_heard(verb: Verb) -> bool:
    """Whether the verb after this one surely comes, and soon: then its sound is made meanwhile."""
    return isinstance(verb, Say | Play)
