"""No secret stands in what is logged."""

from typing import Any

import pytest

from offhook.telemetry.scrub import Scrubber


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Authorization: Digest username=a, response=b", "Authorization: ***"),
        ("a\r\nProxy-Authorization: Basic eDp5\r\nTo: b", "a\r\nProxy-Authorization: ***\r\nTo: b"),
        ("{'Authorization': 'Basic eDp5'}", "{'Authorization': ***"),
        ("got Bearer abc123= today", "got Bearer ***"),
        ("http://user:pw@h.example/x", "http://***@h.example/x"),
        ("wss://token@h.example", "wss://***@h.example"),
        ("sip:kate:pw@h.example;lr", "sip:kate:***@h.example;lr"),
        ("auth_token=abc&x=1", "auth_token=***&x=1"),
        ('password = "two words" next', "password = *** next"),
        ("sip:kate@h.example", "sip:kate@h.example"),
        ("a basic call of 3 legs", "a basic call of 3 legs"),
        ("https://h.example/a@b", "https://h.example/a@b"),
    ],
)
def test_secrets_go_and_the_rest_stays(text: str, scrubbed: str) -> None:
    """Header fields, schemes, userinfo and assignments lose their secret part alone."""
    assert Scrubber().text(text) == scrubbed


def test_known_secrets_go_wherever_they_stand() -> None:
    """A secret that is known needs no name beside it; short ones are left, they would hit ordinary words."""
    scrubber = Scrubber(["0123456789abcdef", "abc"])
    assert scrubber.text("x0123456789abcdefx abc") == "x***x abc"


@pytest.mark.parametrize("name", ["auth_token", "AuthToken", "sip.password", "x-api-key", "Authorization", "Cookie"])
def test_values_with_a_secret_name_go_whole(name: str) -> None:
    """What is called a password is one, whatever it looks like; an empty one hides nothing."""
    assert Scrubber().value({name: "x y"}) == {name: "***"}
    assert Scrubber().value({name: ""}) == {name: ""}


@pytest.mark.parametrize(
    ("value", "scrubbed"),
    [
        (7, 7),
        (None, None),
        (b"password=x", "password=***"),
        (["sip:a:b@c", {"token": ["x"]}], ["sip:a:***@c", {"token": "***"}]),
        ({1: ("a",)}, {"1": ["a"]}),
    ],
)
def test_values_within_values_are_scrubbed(value: Any, scrubbed: Any) -> None:
    """Mappings, lists and bytes are looked into."""
    assert Scrubber().value(value) == scrubbed


def test_depth_is_bounded() -> None:
    """A value that contains itself ends in dots."""
    value: list[Any] = []
    value.append(value)
    assert str(Scrubber().value(value)).count("…") == 1


@pytest.mark.parametrize("piece", ["sip:a:", "sip:a", "authorization ", "token=", "Basic ", "http://a", "_-."])
def test_a_text_is_scrubbed_in_one_pass(piece: str) -> None:
    """Two hundred thousand characters of beginnings that never end: squared, they would take the time of the test."""
    Scrubber().text(piece * (200_000 // len(piece)))
