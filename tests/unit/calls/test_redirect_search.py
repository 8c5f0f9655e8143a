"""The search for whoever takes a redirected call: order, limit, and what no Contact can bring about."""

from hypothesis import given
from hypothesis import strategies as some

from offhook.calls.events import InviteRefused, RefusalCause, SessionId
from offhook.calls.ports import InviteOrder
from offhook.calls.redirects import RedirectRules, Search, refusal_of
from offhook.sip.uri import SipUri

CONTACTS = some.lists(
    some.one_of(
        some.text(max_size=40),
        some.from_regex(r"sips?:[a-z]{0,3}@(192\.0\.2\.[0-9]|10\.0\.0\.1|\[::1\]|h\.example)(;transport=(udp|tls))?"),
    ),
    max_size=30,
)


def search(target: str = "sip:a@192.0.2.1", *, is_secure: bool = False, rules: RedirectRules | None = None) -> Search:
    """A search that begins at a target."""
    order = InviteOrder(edge="ashburn", target=target, from_user="a", from_host="b", offer=b"", is_secure=is_secure)
    return Search(order, rules or RedirectRules())


def refused(code: int, cause: RefusalCause = RefusalCause.RESPONSE) -> InviteRefused:
    """The end of an INVITE."""
    return InviteRefused(session=SessionId(1), cause=cause, code=code, reason="", headers=())


def places(found: Search) -> list[str]:
    """Every place that would be called."""
    called = []
    while found.has_next:
        called.append(found.next())
    return called


def test_contacts_of_a_later_redirection_come_first() -> None:
    """Who was asked last knows best; what waited from before waits on."""
    found = search()
    assert found.add(("sip:b@192.0.2.2", "sip:c@192.0.2.3")) == ()
    assert found.next() == "sip:b@192.0.2.2"
    assert found.add(("sip:d@192.0.2.4", "sip:e@192.0.2.5")) == ()
    assert places(found) == ["sip:d@192.0.2.4", "sip:e@192.0.2.5", "sip:c@192.0.2.3"]


def test_an_invite_to_the_next_place_is_the_same_otherwise() -> None:
    """Credentials, headers and edge stay; headers of the Contact are not taken over."""
    found = search()
    found.add(("sips:b@192.0.2.2?Replaces=x&Subject=y",))
    order = found.next_order()
    assert (order.target, order.edge, order.from_user) == ("sip:b@192.0.2.2;transport=tls", "ashburn", "a")


def test_what_ends_a_search() -> None:
    """A 6xx, our own CANCEL, and having nowhere to go."""
    found = search()
    assert not found.goes_on_after(refused(486))
    found.add(("sip:b@192.0.2.2",))
    assert found.goes_on_after(refused(486))
    assert found.goes_on_after(refused(408, RefusalCause.TIMEOUT))
    assert not found.goes_on_after(refused(600))
    assert not found.goes_on_after(refused(487, RefusalCause.CANCELED))


def test_the_error_names_the_code_and_a_few_reasons() -> None:
    """Enough to see what is wrong, however many Contacts there were."""
    error = refusal_of(302, tuple(f"sip:{number}@x is a private address" for number in range(9)))
    assert error.error_code == 32219
    assert str(error).startswith("the redirection (302) is not followed: sip:0@x is a private address; sip:1@x")
    assert "sip:3@x" not in str(error)
    assert str(refusal_of(300, ())).endswith("it names no place to call")


@given(some.lists(CONTACTS, max_size=5), some.booleans(), some.booleans(), some.integers(0, 8))
def test_no_contact_breaks_the_rules(
    answers: list[list[str]],
    is_secure: bool,  # noqa: FBT001 - drawn
    allows_private: bool,  # noqa: FBT001
    limit: int,
) -> None:
    """Whatever peers list, the search ends, calls nobody twice, stays secure, and keeps out of what is forbidden."""
    rules = RedirectRules(limit=limit, allows_private=allows_private, own_domain="h.example")
    found = search(is_secure=is_secure, rules=rules)
    called: list[SipUri] = []
    for contacts in answers:
        found.add(contacts)
        if found.has_next:
            called.append(SipUri.parse(found.next()))
    called += [SipUri.parse(place) for place in places(found)]
    assert len(called) <= limit
    for uri in called:
        assert uri.scheme == "sip"
        assert not uri.headers
        assert uri.transport == "tls" or not is_secure
        assert allows_private or uri.host not in {"10.0.0.1", "::1"}
        assert uri.host != "h.example"
    assert not any(one.equivalent(other) for place, one in enumerate(called) for other in called[:place])
