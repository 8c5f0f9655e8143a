"""How a leg sounded is on the call's timeline when the leg is over."""

from offhook.calls.ports import Quality, Reception
from offhook.model.timeline import Kind
from offhook.testing.clock import advance, virtual_time
from offhook.testing.switchboard import Switchboard


@virtual_time
async def test_the_quality_of_a_leg() -> None:
    """Both directions and the round trip, as its port had them at its end."""
    board = Switchboard()
    record = await board.place("<Response><Pause length='3'/></Response>", to="sip:phone@192.0.2.8")
    await advance(2)
    (session,) = board.signalling.sessions
    inbound = Reception(packets_lost=5, loss=0.05, jitter_ms=12.0, mos=3.9)
    quality = Quality(inbound=inbound, outbound=Reception(mos=4.3), round_trip_ms=80.0)
    board.plane.ports[board.port_of(session)].quality = quality
    await board.all_over()
    (closed,) = [
        entry.detail["quality"]
        for entry in board.timeline.entries
        if entry.call_sid == record.sid and entry.kind is Kind.MEDIA and entry.detail.get("event") == "closed"
    ]
    assert closed["inbound"] == {"packets_lost": 5, "loss": 0.05, "jitter_ms": 12.0, "mos": 3.9}
    assert closed["outbound"]["mos"] == 4.3
    assert closed["round_trip_ms"] == 80.0
