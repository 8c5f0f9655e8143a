"""Which message belongs to which transaction (RFC 3261 §17.1.3, §17.2.3, §9.2)."""

import pytest

from offhook.sip.headers import Headers
from offhook.sip.message import Request, response_to
from offhook.sip.transaction.key import client_key, identity, invite_key_of_cancel, server_key

VIA = "SIP/2.0/UDP h.example:5060;branch=z9hG4bKone"
OLD_VIA = "SIP/2.0/UDP h.example;branch=7"


def request(method: str = "INVITE", via: str = VIA, *, to: str = "<sip:b@h>", number: int = 1) -> Request:
    """A request with what keys are made of."""
    fields = (("Via", via), ("From", "<sip:a@h>;tag=a"), ("To", to), ("Call-ID", "c"), ("CSeq", f"{number} {method}"))
    return Request(method, "sip:b@h", Headers(fields))


def test_an_ack_belongs_to_its_invite() -> None:
    """§17.2.3: the method of an ACK counts as INVITE."""
    assert server_key(request("ACK")) == server_key(request("INVITE"))


def test_a_cancel_is_a_transaction_of_its_own_that_names_its_invite() -> None:
    """§9.1: it has the branch of the INVITE."""
    assert server_key(request("CANCEL")) != server_key(request("INVITE"))
    assert invite_key_of_cancel(request("CANCEL")) == server_key(request("INVITE"))


@pytest.mark.parametrize(
    "via",
    [
        "SIP/2.0/UDP h.example:5060;branch=z9hG4bKtwo",
        "SIP/2.0/UDP other.example:5060;branch=z9hG4bKone",
        "SIP/2.0/UDP h.example:5062;branch=z9hG4bKone",
    ],
)
def test_another_branch_or_sender_is_another_transaction(via: str) -> None:
    """§17.2.3: sent-by counts, because a branch is only unique to who made it."""
    assert server_key(request(via=via)) != server_key(request())


def test_letters_of_the_host_do_not_matter() -> None:
    """Host names are compared without case."""
    assert server_key(request(via=VIA.replace("h.example", "H.Example"))) == server_key(request())


def test_without_the_cookie_the_request_itself_is_the_key() -> None:
    """RFC 2543 peers: URI, From tag, Call-ID and number; the To tag of the ACK is that of our answer."""
    key = server_key(request(via=OLD_VIA))
    assert server_key(request("ACK", OLD_VIA, to="<sip:b@h>;tag=ours")) == key
    assert server_key(request(via=OLD_VIA, number=2)) != key
    assert server_key(request("BYE", OLD_VIA)) != key


def test_a_response_is_matched_by_branch_and_method() -> None:
    """§17.1.3: the CSeq's method tells a CANCEL's 200 from the INVITE's."""
    assert client_key(response_to(request(), 200)) == ("z9hG4bKone", "INVITE")
    assert client_key(response_to(request("CANCEL"), 200)) == ("z9hG4bKone", "CANCEL")


def test_a_merged_request_is_known_by_what_forks_share() -> None:
    """§8.2.2.2: From tag, Call-ID and CSeq; not for requests within a dialog, and not for CANCEL."""
    assert identity(request(via=OLD_VIA)) == identity(request())
    assert identity(request(number=2)) != identity(request())
    assert identity(request(to="<sip:b@h>;tag=ours")) is None
    assert identity(request("CANCEL")) is None
