"""SRTP as every calls.ports.MediaPlane agrees to it (RFC 4568), on the native plane and on the fake."""

import asyncio
import re
from collections.abc import Callable

import pytest

from offhook.calls.errors import OfferRefused
from offhook.calls.events import PortId
from offhook.calls.ports import MediaPlane, SrtpPolicy
from offhook.net.media_service import MediaEdge, MediaService
from offhook.testing.clock import run
from offhook.testing.plane import FakePlane

EDGE = "ashburn"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
OTHER = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CB"
SUITE_80, SUITE_32 = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
HEAD = "v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
PLAIN = "m=audio 4000 RTP/AVP 0\r\n"
CRYPTO = re.compile(rb"a=crypto:(\d+) (\S+) inline:(\S{40})\r\n")

Scenario = Callable[[MediaPlane], None]
RunOn = Callable[[Scenario], None]


async def _on_native(scenario: Scenario) -> None:
    edge = MediaEdge(address="127.0.0.1", low=32_100, high=32_239)
    plane = MediaService({EDGE: edge}, asyncio.get_running_loop(), lambda _: None, seed=1)
    try:
        scenario(plane)
    finally:
        plane.shut_down()


async def _on_fake(scenario: Scenario) -> None:
    scenario(FakePlane([EDGE], lambda _: None))


@pytest.fixture(params=["native", "fake"])
def on_plane(request: pytest.FixtureRequest) -> RunOn:
    """Runs a scenario on one of the planes."""
    if request.param == "native":
        return lambda scenario: asyncio.run(_on_native(scenario))
    return lambda scenario: run(_on_fake(scenario))


def secure(*keys: tuple[str, str], direction: str = "sendrecv", port: int = 4000) -> str:
    """One SRTP line with these suites and keys."""
    lines = "".join(f"a=crypto:{tag} {suite} inline:{key}\r\n" for tag, (suite, key) in enumerate(keys, 1))
    return f"m=audio {port} RTP/SAVP 0\r\n{lines}a={direction}\r\n"


def body(*media: str) -> bytes:
    """A description with these media lines."""
    return (HEAD + "".join(media)).encode()


def keys_of(sdp: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Tag, suite and key of each a=crypto line."""
    return CRYPTO.findall(sdp)


def suite_of(plane: MediaPlane, port: PortId) -> str:
    """What the port says at its end."""
    return plane.close(port).srtp


def refusal(command: Callable[[], object]) -> tuple[int, int]:
    """SIP code and API code of a refused offer or answer."""
    with pytest.raises(OfferRefused) as refused:
        command()
    assert KEY not in str(refused.value)
    return refused.value.sip_code, refused.value.error_code


def test_an_offer_of_srtp_is_answered_with_srtp(on_plane: RunOn) -> None:
    """The first suite that is known, under the offerer's tag, with a key of our own; suites that are not are passed."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE)
        offer = secure(("AEAD_AES_256_GCM", "x" * 60), (SUITE_32, KEY), (SUITE_80, KEY))
        answer = plane.make_answer(port, body(offer))
        assert b"RTP/SAVP 0\r\n" in answer
        ((tag, suite, key),) = keys_of(answer)
        assert (tag, suite.decode()) == (b"2", SUITE_32)
        assert key.decode() != KEY
        assert suite_of(plane, port) == SUITE_32

    on_plane(scenario)


def test_two_ports_have_two_keys(on_plane: RunOn) -> None:
    """No key is used for two sessions."""

    def scenario(plane: MediaPlane) -> None:
        offers = [plane.make_offer(plane.open(EDGE), is_secure=True) for _ in range(3)]
        assert len({keys_of(offer)[0][2] for offer in offers}) == 3

    on_plane(scenario)


def test_a_secure_offer_has_one_suite(on_plane: RunOn) -> None:
    """Exactly AES_CM_128_HMAC_SHA1_80 under tag 1, in RTP/SAVP (contract 1 §2.5); its answer is taken, also twice."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE)
        offer = plane.make_offer(port, is_secure=True)
        assert b"RTP/SAVP 0 8 101\r\n" in offer
        assert [(tag, suite.decode()) for tag, suite, _ in keys_of(offer)] == [(b"1", SUITE_80)]
        for key in (KEY, KEY, OTHER):  # an early answer, the final one, and that of another branch of a fork
            plane.accept_answer(port, body(secure((SUITE_80, key))))
        assert suite_of(plane, port) == SUITE_80

    on_plane(scenario)


@pytest.mark.parametrize(
    ("answer", "error_code"),
    [
        (PLAIN, 32208),
        (secure(), 32102),
        (secure((SUITE_32, KEY)), 32102),
        (secure((SUITE_80, KEY + "=====")), 32102),
        (secure((SUITE_80, KEY)).replace("crypto:1", "crypto:2"), 32102),
        (secure((SUITE_80, KEY), port=0), 32102),
        (secure((SUITE_80, KEY)).replace("RTP/SAVP", "UDP/TLS/RTP/SAVP"), 32102),
    ],
    ids=["clear", "no key", "other suite", "bad key", "other tag", "rejected", "dtls"],
)
def test_an_answer_that_is_not_what_was_offered_is_refused(on_plane: RunOn, answer: str, error_code: int) -> None:
    """A secure offer never ends in the clear (32208), nor under a suite or tag that was not offered."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE)
        plane.make_offer(port, is_secure=True)
        assert refusal(lambda: plane.accept_answer(port, body(answer))) == (488, error_code)
        assert not suite_of(plane, port)

    on_plane(scenario)


def test_an_answer_with_srtp_to_a_plain_offer_is_refused(on_plane: RunOn) -> None:
    """The profile of an answer is that of the offer (RFC 3264 §6)."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE)
        plane.make_offer(port)
        assert refusal(lambda: plane.accept_answer(port, body(secure((SUITE_80, KEY))))) == (488, 32102)

    on_plane(scenario)


@pytest.mark.parametrize(
    ("policy", "offer", "outcome"),
    [
        (SrtpPolicy.REFUSED, [PLAIN], ""),
        (SrtpPolicy.REFUSED, [secure((SUITE_80, KEY))], 32207),
        (SrtpPolicy.REFUSED, [secure((SUITE_80, KEY)), PLAIN], ""),
        (SrtpPolicy.ACCEPTED, [PLAIN], ""),
        (SrtpPolicy.ACCEPTED, [secure((SUITE_80, KEY))], SUITE_80),
        (SrtpPolicy.ACCEPTED, [PLAIN, secure((SUITE_80, KEY))], SUITE_80),
        (SrtpPolicy.ACCEPTED, [secure(("F8_128_HMAC_SHA1_80", KEY)), PLAIN], ""),
        (SrtpPolicy.REQUIRED, [PLAIN], 32208),
        (SrtpPolicy.REQUIRED, [PLAIN + f"a=crypto:1 {SUITE_80} inline:{KEY}\r\n"], 32208),
        (SrtpPolicy.REQUIRED, [PLAIN, secure((SUITE_32, KEY))], SUITE_32),
        (SrtpPolicy.REQUIRED, [secure(("F8_128_HMAC_SHA1_80", KEY))], 32102),
        (SrtpPolicy.ACCEPTED, [secure(("F8_128_HMAC_SHA1_80", KEY))], 32102),
        (SrtpPolicy.ACCEPTED, [secure((SUITE_80, KEY)).replace("RTP/SAVP", "UDP/TLS/RTP/SAVP")], 32102),
        (SrtpPolicy.ACCEPTED, [secure((SUITE_80, KEY)).replace("RTP/SAVP", "UDP/TLS/RTP/SAVPF")], 32102),
        (SrtpPolicy.ACCEPTED, [secure((SUITE_80, KEY)).replace("RTP/SAVP", "RTP/SAVPF")], 32102),
    ],
)
def test_what_a_policy_makes_of_an_offer(
    on_plane: RunOn, policy: SrtpPolicy, offer: list[str], outcome: str | int
) -> None:
    """SRTP before RTP where both are offered and allowed; a=crypto beside RTP/AVP is not SRTP; all else is 488."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE, srtp=policy)
        if isinstance(outcome, int):
            assert refusal(lambda: plane.make_answer(port, body(*offer))) == (488, outcome)
            if outcome != 32102:
                assert refusal(lambda: plane.check_offer(body(*offer), policy)) == (488, outcome)
            return
        plane.check_offer(body(*offer), policy)
        answer = plane.make_answer(port, body(*offer))
        assert answer.count(b"m=audio ") == len(offer)
        assert answer.count(b"m=audio 0 ") == len(offer) - 1
        assert suite_of(plane, port) == outcome

    on_plane(scenario)


def test_what_is_wrong_otherwise_is_not_a_matter_of_policy(on_plane: RunOn) -> None:
    """An offer that nobody could answer passes the check of its security and is refused when it is answered."""

    def scenario(plane: MediaPlane) -> None:
        for offer in (b"", b"hello", body("m=audio 4000 RTP/AVP 18\r\n"), body()):
            for policy in SrtpPolicy:
                plane.check_offer(offer, policy)

    on_plane(scenario)


def test_a_port_that_requires_srtp_offers_it_unasked(on_plane: RunOn) -> None:
    """An INVITE without SDP to a secure domain is offered SRTP in the 200."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE, srtp=SrtpPolicy.REQUIRED)
        assert b"RTP/SAVP" in plane.make_offer(port)

    on_plane(scenario)


def test_hold_and_resume_keep_the_keys(on_plane: RunOn) -> None:
    """Our key stays through re-offers of either side, and so does SRTP: a re-offer in the clear changes nothing."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE)
        first = keys_of(plane.make_answer(port, body(secure((SUITE_80, KEY)))))
        held = plane.make_answer(port, body(secure((SUITE_80, KEY), direction="sendonly")))
        assert b"a=recvonly" in held
        assert keys_of(held) == first
        assert refusal(lambda: plane.make_answer(port, body(PLAIN))) == (488, 32208)
        assert keys_of(plane.make_answer(port, body(secure((SUITE_80, KEY))))) == first
        assert keys_of(plane.make_offer(port)) == first
        plane.accept_answer(port, body(secure((SUITE_80, OTHER))))
        assert keys_of(plane.make_answer(port, body(secure((SUITE_80, OTHER))))) == first

    on_plane(scenario)


def test_another_suite_has_another_key(on_plane: RunOn) -> None:
    """Going from suite to suite and back, no key of ours is used twice, and our offers keep what is in use."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE)
        suites = [SUITE_80, SUITE_32, SUITE_80, SUITE_32]
        answers = [keys_of(plane.make_answer(port, body(secure((suite, KEY)))))[0] for suite in suites]
        assert len({key for _, _, key in answers}) == len(suites)
        assert keys_of(plane.make_offer(port))[0][1:] == answers[-1][1:]

    on_plane(scenario)


def test_rtp_may_become_srtp(on_plane: RunOn) -> None:
    """A re-offer with SRTP is taken where it is accepted, and there is no way back."""

    def scenario(plane: MediaPlane) -> None:
        port = plane.open(EDGE)
        plane.make_answer(port, body(PLAIN))
        assert keys_of(plane.make_answer(port, body(secure((SUITE_80, KEY)))))
        assert refusal(lambda: plane.make_answer(port, body(PLAIN))) == (488, 32208)

    on_plane(scenario)
