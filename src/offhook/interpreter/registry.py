"""Which function runs which verb."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Outcome
from offhook.interpreter.verbs.dial.dial import dial
from offhook.interpreter.verbs.ending import hang_up, redirect, reject
from offhook.interpreter.verbs.say_play import pause, play, say
from offhook.interpreter.verbs.unbuilt import skip
from offhook.twiml.verbs import Dial, Hangup, Pause, Play, Redirect, Reject, Say, Unbuilt, Verb

Runner = Callable[[Any, Context], Awaitable[Outcome]]

RUNNERS: Mapping[type, Runner] = MappingProxyType(
    {
        Say: say,
        Play: play,
        Pause: pause,
        Redirect: redirect,
        Reject: reject,
        Hangup: hang_up,
        Dial: dial,
        Unbuilt: skip,
    }
)


def runner_of(verb: Verb) -> Runner:
    """The function that runs this verb; every verb that a document can hold has one."""
    return RUNNERS[type(verb)]
