"""Calls over real SIP and media on loopback: what the scenarios show in virtual time holds where messages take time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial, wraps
from ipaddress import ip_network
from typing import Any

from signalling_rigs import EDGE, OUR_HOST, PATIENCE, RealPeer

from offhook.calls.events import SessionId
from offhook.calls.world import CallSettings
from offhook.model.call import CallRecord, CallStatus
from offhook.net.clock import SystemClock
from offhook.net.edge import SipEdge
from offhook.net.media_service import MediaEdge, MediaService
from offhook.net.sip_service import SipService
from offhook.net.tokens import SystemTokens
from offhook.testing.switchboard import Switchboard


@dataclass(slots=True)
class Town:
    """Our exchange, and a peer that plays everybody else."""

    board: Switchboard
    peer: RealPeer

    def serve(self, url: str, verbs: str) -> None:
        """Answer a URL with a document; users stand for their URIs."""
        for user in ("agent", "desk", "plays"):
            verbs = verbs.replace(f"<Sip>{user}<", f"<Sip>{self.peer.uri(user)}<")
        self.board.app.serve(url, f"<Response>{verbs}</Response>")

    async def until(self, what: Callable[[], object]) -> None:
        """Wait until this is so."""
        async with asyncio.timeout(PATIENCE):
            while not what():  # noqa: ASYNC110 - what a peer has seen is not told to us
                await asyncio.sleep(0.01)

    def statuses(self) -> list[str]:
        """The status of each call so far."""
        return [record.status.value for record in self.board.records()]

    async def call_in(self, calls: int) -> SessionId:
        """Let the peer's bob call our number until so many calls are joined; bob's session."""
        self.peer.call()
        await self.until(lambda: 2 * len(self.joined()) == calls)
        return self.peer.newest("bob")

    async def refer(self, record: CallRecord, target: str, session: SessionId) -> None:
        """Let the peer send REFER in its session of a call of ours, once that is confirmed."""
        await self.until(lambda: self.peer.heard(self.call_id(record), "ACK"))
        self.peer.line.refer(session, target)

    def call_id(self, record: CallRecord) -> str:
        """The Call-ID of a call's leg."""
        return record.sip_call_id or ""

    def joined(self) -> set[frozenset[str]]:
        """Who is joined to whom, by Call-ID."""
        calls = [supervision.call for supervision in self.board.exchange.registry.all()]
        pairs = ((call, call.partnership.partner) for call in calls if call.partnership.partner is not None)
        return {frozenset((self.call_id(one.record), self.call_id(other.record))) for one, other in pairs}


@asynccontextmanager
async def town() -> AsyncIterator[Town]:
    """Everything real but the customer's application and the store."""
    board = Switchboard(settings=CallSettings(ring_buffer=0.0))
    board.answer_number_with("/voice")
    networks = (ip_network("127.0.0.0/8"),)
    dialplan = board.exchange.dialplan
    dialplan = replace(dialplan, directory=replace(dialplan.directory, networks=networks))
    sip = SipService(
        {EDGE: SipEdge(name=EDGE, host=OUR_HOST, port=0)},
        board.timeline,
        SystemClock(),
        SystemTokens(),
        lambda event: board.exchange.receive_signalling(event),  # noqa: PLW0108 - the exchange is made later
    )
    media = MediaService(
        {EDGE: MediaEdge(address=OUR_HOST, low=34_000, high=34_999)},
        asyncio.get_running_loop(),
        lambda event: board.exchange.receive_media(event),  # noqa: PLW0108
        seed=1,
    )
    board.use(replace(board.world, signalling=sip, media=media))
    board.exchange.dialplan = dialplan
    await sip.start()
    peer = RealPeer(lambda _: "", sip.port(EDGE))
    await peer.line.start()
    try:
        yield Town(board, peer)
    finally:
        await board.exchange.close()
        left = (media.open_ports, len(board.world.legs.by_session))
        await peer.line.close()
        await sip.close()
        media.shut_down()
    assert left == (0, 0)


def on_loopback(scenario: Callable[[Town], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a scenario a test."""

    @wraps(scenario)
    def run() -> None:
        async def live() -> None:
            async with town() as place:
                await scenario(place)

        asyncio.run(live())

    del run.__wrapped__  # pytest would look there for fixtures
    return run


@on_loopback
async def test_a_redirected_call(place: Town) -> None:
    """The best Contact of the 302 is called."""
    record = await place.board.place("<Response><Pause/></Response>", to=place.peer.uri("elsewhere"))
    ended = await place.board.over(record.sid)
    assert (ended.status, ended.sip_response_code) == (CallStatus.COMPLETED, 200)


@on_loopback
async def test_a_redirected_call_that_nobody_takes(place: Town) -> None:
    """The second Contact is called when the first refuses; the last refusal counts."""
    place.peer.contacts = (("busy", "0.5"), ("busy.too", "0.4"))
    record = await place.board.place("<Response/>", to=place.peer.uri("elsewhere"))
    ended = await place.board.over(record.sid)
    assert (ended.status, ended.sip_response_code) == (CallStatus.BUSY, 486)


@on_loopback
async def test_a_blind_transfer(place: Town) -> None:
    """The agent is let go with NOTIFY 200 and BYE, the caller talks to the desk."""
    place.serve("/voice", '<Dial referUrl="/refer"><Sip>agent</Sip></Dial>')
    place.serve("/refer", "<Dial><Sip>desk</Sip></Dial>")
    await place.call_in(2)
    await place.refer(place.board.children()[0], "sip:desk@example.com", place.peer.newest("agent"))
    await place.until(lambda: place.statuses() == ["in-progress", "completed", "in-progress"])
    caller, agent, desk = place.board.records()
    await place.until(place.joined)
    assert place.joined() == {frozenset((place.call_id(caller), place.call_id(desk)))}
    for what in ("REFER 202", "NOTIFY 100", "NOTIFY 200"):
        assert place.peer.heard(place.call_id(agent), what), what
    assert place.board.app.asked("/refer")[0].parameters["ReferTransferTarget"] == "sip:desk@example.com"


@on_loopback
async def test_a_transfer_that_is_refused(place: Town) -> None:
    """Without referUrl the two go on talking."""
    place.serve("/voice", "<Dial><Sip>agent</Sip></Dial>")
    await place.call_in(2)
    agent = place.board.children()[0]
    await place.refer(agent, "sip:desk@example.com", place.peer.newest("agent"))
    await place.until(lambda: place.peer.heard(place.call_id(agent), "REFER 603"))
    assert place.statuses() == ["in-progress", "in-progress"]
    assert len(place.joined()) == 1


@on_loopback
async def test_an_attended_transfer(place: Town) -> None:
    """The agent's two calls end, the far ends are joined."""
    place.serve("/voice", "<Dial><Sip>agent</Sip></Dial>")
    await place.call_in(2)
    first_agent = place.peer.newest("agent")
    place.serve("/voice", "<Dial><Sip>desk</Sip></Dial>")
    await place.call_in(4)
    caller, agent, consulting, desk = place.board.records()
    dialog = place.peer.dialog(place.call_id(consulting)).replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
    await place.refer(agent, f"sip:desk@{OUR_HOST}?Replaces={dialog}", first_agent)
    await place.until(lambda: place.statuses() == ["in-progress", "completed", "completed", "in-progress"])
    await place.until(place.joined)
    assert place.joined() == {frozenset((place.call_id(caller), place.call_id(desk)))}


@on_loopback
async def test_a_leg_that_is_replaced(place: Town) -> None:
    """An INVITE with Replaces takes over; the call goes on under its SID."""
    place.serve("/voice", "<Dial><Sip>agent</Sip></Dial>")
    await place.call_in(2)
    agent = place.board.children()[0]
    old = place.call_id(agent)
    place.peer.call_for(old)
    await place.until(lambda: place.board.store.record(agent.sid).sip_call_id != old)
    await place.until(lambda: place.peer.heard(old, "BYE"))
    assert place.statuses() == ["in-progress", "in-progress"]
    assert len(place.joined()) == 1


@on_loopback
async def test_refer_as_the_first_verb_of_a_caller(place: Town) -> None:
    """Answered, confirmed, referred: the NOTIFYs lead to the action."""
    place.serve("/voice", '<Refer action="/done"><Sip>desk</Sip></Refer>')
    place.serve("/done", "<Hangup/>")
    place.peer.call()
    await place.until(lambda: place.statuses() == ["completed"])
    (request,) = place.board.app.asked("/done")
    told = {name: value for name, value in request.parameters.items() if "Refer" in name or "Notify" in name}
    assert told == {"ReferCallStatus": "in-progress", "ReferSipResponseCode": "202", "NotifySipResponseCode": "200"}


@on_loopback
async def test_early_media_to_a_caller_who_is_not_answered(place: Town) -> None:
    """183 with SDP passes on to the caller, and its SDP is that of the 200."""
    place.serve("/voice", '<Dial answerOnBridge="true"><Sip>plays</Sip></Dial>')
    await place.call_in(2)
    caller = place.call_id(place.board.records()[0])
    await place.until(lambda: len(place.peer.descriptions(caller)) > 1)  # they are joined before the 200 is there
    early, answer = place.peer.descriptions(caller)
    assert early == answer


def told(place: Town, record: CallRecord, word: str) -> bool:
    """Whether the timeline of a call has this word."""
    return any(word in line for line in place.board.timeline.summaries(record.sid))


@on_loopback
async def test_hold_and_resume(place: Town) -> None:
    """Answered with the direction that fits, and told on the timeline."""
    place.serve("/voice", "<Dial><Sip>agent</Sip></Dial>")
    await place.call_in(2)
    agent = place.board.children()[0]
    await place.until(lambda: place.peer.heard(place.call_id(agent), "ACK"))
    for direction in ("sendonly", "sendrecv"):
        place.peer.offer(place.peer.newest("agent"), direction)
        word = "held" if direction == "sendonly" else "resumed"
        await place.until(partial(told, place, agent, word))
    answers = place.peer.descriptions(place.call_id(agent))
    assert ["a=recvonly" in answers[0], "a=sendrecv" in answers[1]] == [True, True]
