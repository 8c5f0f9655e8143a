"""The pump law stands at every method that may leave something to send, to tell or to wait for."""

import inspect

from offhook.sip.endpoint import Endpoint
from offhook.sip.user_agent import UserAgent

LAW = "Pump law: drain transmissions, then events, then re-arm the timer."


def test_every_input_of_the_endpoint_ends_its_docstring_with_the_law() -> None:
    """Whoever calls one has to read it; whatever takes `now` may change something."""
    moving = {
        name: inspect.getdoc(method) or ""
        for name, method in inspect.getmembers(Endpoint, inspect.isfunction)
        if name in vars(Endpoint) and not name.startswith("_") and "now" in inspect.signature(method).parameters
    }
    assert {"receive", "receive_stream", "handle_timer", "answer_next_hop"} <= moving.keys()
    assert [name for name, text in moving.items() if not text.endswith(LAW)] == []


def test_the_law_stands_once_for_all_commands() -> None:
    """Every command of the user agent is under it."""
    assert LAW.removeprefix("Pump law: ").lower() in (inspect.getdoc(UserAgent) or "").lower()
