"""Dialogs: identifiers, route sets, remote targets and sequence numbers of both sides (RFC 3261 §12)."""

from dataclasses import replace

import pytest

from offhook.sip.dialog import Dialog, first_uri
from offhook.sip.errors import MalformedValue
from offhook.sip.headers import Headers
from offhook.sip.message import Request, Response, response_to
from offhook.sip.uri import SipUri

INVITE = (
    ("From", '"A" <sip:a@a.example>;tag=at'),
    ("To", "<sip:b@b.example>"),
    ("Call-ID", "one@a.example"),
    ("CSeq", "7 INVITE"),
)


def invite(*more: tuple[str, str]) -> Request:
    """An INVITE of Alice's with more headers."""
    return Request("INVITE", "sip:b@b.example", Headers((*INVITE, *more)))


def answer(*more: tuple[str, str]) -> Response:
    """Bob's 200 with more headers."""
    response = response_to(invite(), 200, to_tag="bt")
    for name, value in more:
        response.headers.add(name, value)
    return response


def routes(request: Request) -> list[str]:
    """The Route headers."""
    return request.headers.all("Route")


def test_the_caller_takes_identifiers_target_and_reversed_routes_from_the_response() -> None:
    """§12.1.2: the route set of a UAC is the Record-Route upside down."""
    record = (("Record-Route", "<sip:p2.example;lr>, <sip:p1.example;lr>"), ("Contact", "<sip:b@192.0.2.2:5080>"))
    dialog = Dialog.of_uac(invite(), answer(*record))
    assert (dialog.local_tag, dialog.remote_tag) == ("at", "bt")
    assert dialog.route_set == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    assert dialog.remote_target == "sip:b@192.0.2.2:5080"


def test_the_callee_takes_identifiers_target_and_routes_from_the_request() -> None:
    """§12.1.1: the route set of a UAS is the Record-Route as it stands."""
    record = (("Record-Route", "<sip:p2.example;lr>, <sip:p1.example;lr>"), ("Contact", "<sip:a@192.0.2.1>"))
    dialog = Dialog.of_uas(invite(*record), "bt")
    assert (dialog.local_tag, dialog.remote_tag) == ("bt", "at")
    assert dialog.route_set == ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]
    assert dialog.remote_target == "sip:a@192.0.2.1"
    assert dialog.local == "<sip:b@b.example>;tag=bt"


def test_requests_count_on_and_an_ack_keeps_its_invites_number() -> None:
    """§12.2.1.1, §13.2.2.4."""
    dialog = Dialog.of_uac(invite(), answer(("Contact", "<sip:b@192.0.2.2>")))
    assert str(dialog.request("ACK", cseq=7).cseq) == "7 ACK"
    assert str(dialog.request("BYE").cseq) == "8 BYE"
    assert str(dialog.request("INFO").cseq) == "9 INFO"


def test_a_callee_counts_from_one() -> None:
    """§12.1.1: its own numbers are empty at first."""
    assert str(Dialog.of_uas(invite(("Contact", "<sip:a@h>")), "bt").request("BYE").cseq) == "1 BYE"


def test_loose_routing_keeps_the_target_in_the_request_line() -> None:
    """§12.2.1.1: the first route has lr, so every route is a Route, and the first is where it goes."""
    record = (("Record-Route", "<sip:192.0.2.5;lr>"), ("Contact", "<sip:b@192.0.2.2>"))
    dialog = Dialog.of_uac(invite(), answer(*record))
    request = dialog.request("BYE")
    assert request.text_uri == "sip:b@192.0.2.2"
    assert routes(request) == ["<sip:192.0.2.5;lr>"]
    assert dialog.next_uri == SipUri.parse("sip:192.0.2.5;lr")


def test_strict_routing_moves_the_target_to_the_last_route() -> None:
    """§12.2.1.1: an RFC 2543 proxy finds itself in the request line, and it is where the request goes."""
    record = (("Record-Route", "<sip:p2.example;lr>, <sip:p1.example>"), ("Contact", "<sip:b@192.0.2.2>"))
    dialog = Dialog.of_uac(invite(), answer(*record))
    request = dialog.request("BYE")
    assert request.text_uri == "sip:p1.example"
    assert routes(request) == ["<sip:p2.example;lr>", "<sip:b@192.0.2.2>"]
    assert dialog.next_uri.host == "p1.example"


@pytest.mark.parametrize("contact", [(), (("Contact", "<tel:+15550100>"),), (("Contact", "*"),)])
def test_without_a_contact_that_can_be_called_the_first_uri_serves(contact: tuple[tuple[str, str], ...]) -> None:
    """A peer that leaves Contact out can still be told BYE."""
    assert Dialog.of_uac(invite(), answer(*contact)).remote_target == "sip:b@b.example"
    assert Dialog.of_uas(invite(*contact), "bt").remote_target == "sip:a@a.example"


def test_a_caller_that_cannot_be_reached_at_all_is_malformed() -> None:
    """Neither Contact nor From lead anywhere."""
    headers = Headers([(name, "<tel:+15550100>;tag=at" if name == "From" else value) for name, value in INVITE])
    with pytest.raises(MalformedValue):
        Dialog.of_uas(Request("INVITE", "sip:b@b.example", headers), "bt")


def test_a_route_that_is_no_sip_uri_is_left_out() -> None:
    """Nothing could be sent along it."""
    record = (("Record-Route", "<tel:+15550100>, <sip:p.example;lr>"),)
    assert Dialog.of_uac(invite(), answer(*record)).route_set == ["<sip:p.example;lr>"]


def test_headers_of_a_contact_uri_do_not_get_into_the_request_line() -> None:
    """§19.1.5: a Request-URI has no headers."""
    assert Dialog.of_uac(invite(), answer(("Contact", "<sip:b@h?Subject=x>"))).remote_target == "sip:b@h"


def test_requests_out_of_order_are_not_taken() -> None:
    """§12.2.2: a lower number is out of order; gaps and an equal one are not."""
    dialog = Dialog.of_uas(invite(("Contact", "<sip:a@h>")), "bt")
    numbers = [7, 9, 8, 9, 10]
    taken = [dialog.takes(numbered(number)) for number in numbers]
    assert taken == [True, True, False, True, True]


def test_a_first_request_of_a_callee_may_have_any_number() -> None:
    """§12.2.2: an empty remote number takes what comes."""
    dialog = Dialog.of_uac(invite(), answer())
    assert dialog.takes(numbered(4711))
    assert not dialog.takes(numbered(1))


def numbered(number: int) -> Request:
    """An INFO with this sequence number."""
    request = invite()
    request.headers.set("CSeq", str(replace(request.cseq, number=number)))
    return request


def test_a_target_refresh_moves_the_target_and_nothing_else() -> None:
    """§12.2.2; a message without Contact leaves it."""
    dialog = Dialog.of_uas(invite(("Contact", "<sip:a@192.0.2.1>")), "bt")
    dialog.refresh_target(invite(("Contact", "<sip:a@192.0.2.99>")))
    assert dialog.remote_target == "sip:a@192.0.2.99"
    dialog.refresh_target(invite())
    assert dialog.remote_target == "sip:a@192.0.2.99"


@pytest.mark.parametrize(
    ("route", "host"), [((), "b.example"), (("<sip:p.example;lr>",), "p.example"), (("<sip:p.example>",), "b.example")]
)
def test_a_first_request_follows_a_preloaded_loose_route(route: tuple[str, ...], host: str) -> None:
    """§8.1.2."""
    assert first_uri(invite(*(("Route", value) for value in route))).host == host


def test_a_first_request_to_something_else_than_sip_goes_nowhere() -> None:
    """A tel URI needs a proxy, and none is configured here."""
    with pytest.raises(MalformedValue):
        first_uri(Request("INVITE", "tel:+15550100", Headers(INVITE)))
