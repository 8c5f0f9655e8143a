"""<Dial>: the order that calls get, and what the action request tells (contract 1 §3, §4)."""

import pytest

from offhook.calls.dialer import DialOrder, DialOutcome, DialTarget
from offhook.calls.ports import ProgramStart, SipCredentials
from offhook.interpreter.run import Program
from offhook.interpreter.verbs.dial.action import action_parameters
from offhook.model.call import CallEvent, CallStatus, HttpMethod, StatusCallback, WebhookTarget
from offhook.testing.clock import virtual_time
from offhook.testing.stage import STAGE_RECORD, Stage

VOICE = "http://app.test/flows/voice"
START = ProgramStart(document=WebhookTarget(url=VOICE))


async def dialed(stage: Stage, dial: str) -> None:
    """Run a document with one <Dial>."""
    stage.world.webhooks.serve(VOICE, f"<Response>{dial}</Response>")
    stage.world.webhooks.serve("/flows/done", "<Response/>")
    await Program().run(stage, START)


@virtual_time
async def test_an_order_with_every_attribute() -> None:
    """All attributes of <Dial>, <Sip> and <Number> reach the dialer, URLs resolved against the document."""
    stage = Stage()
    await dialed(
        stage,
        """<Dial timeout="20" timeLimit="600" hangupOnStar="true" callerId="+15557777" answerOnBridge="true"
                 ringTone="de" sequential="true">
             <Sip username="u" password="p" url="screen" method="GET" statusCallback="/told"
                  statusCallbackMethod="GET" statusCallbackEvent="initiated answered">
               sip:a@example.com;edge=dublin?x-id=1&amp;x-b=2
             </Sip>
             <Number sendDigits="1w2" statusCallback="told">+15550003</Number>
           </Dial>""",
    )
    assert stage.orders == [
        DialOrder(
            targets=(
                DialTarget(
                    to="sip:a@example.com;edge=dublin?x-id=1&x-b=2",
                    credentials=SipCredentials(username="u", password="p"),
                    screening=ProgramStart(
                        document=WebhookTarget(url="http://app.test/flows/screen", method=HttpMethod.GET),
                        is_screening=True,
                    ),
                    status_callback=StatusCallback(
                        target=WebhookTarget(url="http://app.test/told", method=HttpMethod.GET),
                        events=frozenset({CallEvent.INITIATED, CallEvent.ANSWERED}),
                    ),
                ),
                DialTarget(
                    to="+15550003",
                    is_number=True,
                    send_digits="1w2",
                    status_callback=StatusCallback(target=WebhookTarget(url="http://app.test/flows/told")),
                ),
            ),
            caller_id="+15557777",
            timeout=20.0,
            time_limit=600.0,
            hangup_on_star=True,
            answer_on_bridge=True,
            ring_tone="de",
            sequential=True,
        )
    ]
    assert not stage.is_answered


@virtual_time
async def test_the_defaults_of_an_order() -> None:
    """30 s of ringing, 4 hours of talk, together, the caller answered first."""
    stage = Stage()
    await dialed(stage, "<Dial>+1 555 0003</Dial>")
    assert stage.orders == [DialOrder(targets=(DialTarget(to="+1 555 0003", is_number=True),))]
    assert stage.transcript[0] == "0 answer"


@virtual_time
async def test_the_action_gets_every_parameter() -> None:
    """Contract 1 §3.4, with the X- headers of the final message in the callee's spelling (§4.6)."""
    stage = Stage()
    stage.outcomes.append(
        DialOutcome(
            status=CallStatus.COMPLETED,
            child=STAGE_RECORD,
            is_bridged=True,
            duration=42,
            sip_call_id="abc@host",
            sip_response_code=200,
            headers=(("X-Route-Id", "7"), ("x-b", "1"), ("X-B", "2"), ("Contact", "no"), ("User-to-User", "no")),
        )
    )
    await dialed(stage, '<Dial action="done"><Sip>sip:a@b</Sip></Dial><Say>never</Say>')
    (request,) = stage.world.webhooks.asked("/flows/done")
    assert request.purpose == "action"
    assert request.target.method is HttpMethod.POST
    assert request.parameters == {
        **stage.parameters(),
        "DialCallStatus": "completed",
        "DialCallSid": STAGE_RECORD.sid,
        "DialCallDuration": "42",
        "DialBridged": "true",
        "DialSipCallId": "abc@host",
        "DialSipResponseCode": "200",
        "DialSipHeader_X-Route-Id": "7",
        "DialSipHeader_x-b": "1,2",
    }
    assert stage.world.speech.spoken == []


@virtual_time
async def test_a_failed_dial_tells_its_error() -> None:
    """ErrorCode and ErrorMessage come with failures; the method of the action is kept."""
    stage = Stage()
    stage.outcomes.append(
        DialOutcome(status=CallStatus.BUSY, sip_response_code=486, error_code=13247, error_message="bad caller id")
    )
    await dialed(stage, '<Dial action="done" method="GET"><Sip>sip:a@b</Sip></Dial>')
    (request,) = stage.world.webhooks.asked("/flows/done")
    assert request.target.method is HttpMethod.GET
    told = {name: value for name, value in request.parameters.items() if name not in stage.parameters()}
    assert told == {
        "DialCallStatus": "busy",
        "DialBridged": "false",
        "DialSipResponseCode": "486",
        "ErrorCode": "13247",
        "ErrorMessage": "bad caller id",
    }


def test_a_completed_dial_tells_no_error() -> None:
    """An error of one attempt does not show when another one was answered."""
    outcome = DialOutcome(status=CallStatus.COMPLETED, is_bridged=True, error_code=32011, error_message="earlier")
    assert "ErrorCode" not in action_parameters(outcome)


@virtual_time
async def test_nothing_to_dial_is_a_failed_dial() -> None:
    """A <Dial> whose targets are all unusable asks its action without ringing anybody."""
    stage = Stage()
    await dialed(stage, '<Dial action="done"><Client>bob</Client></Dial>')
    assert stage.orders == []
    assert stage.codes() == [13750, 13223]
    (request,) = stage.world.webhooks.asked("/flows/done")
    assert request.parameters["DialCallStatus"] == "failed"
    assert request.parameters["ErrorCode"] == "13223"


@virtual_time
async def test_the_eleventh_target_is_not_called() -> None:
    """At most ten, in document order, with 13250."""
    stage = Stage()
    nouns = "".join(f"<Sip>sip:{number}@example.com</Sip>" for number in range(11))
    await dialed(stage, f"<Dial>{nouns}</Dial>")
    assert [target.to for target in stage.orders[0].targets] == [f"sip:{number}@example.com" for number in range(10)]
    assert 13250 in stage.codes()


@virtual_time
async def test_half_a_pair_of_credentials_is_not_used() -> None:
    """13249; the call is still tried."""
    stage = Stage()
    await dialed(stage, '<Dial><Sip username="u">sip:a@b</Sip></Dial>')
    assert stage.orders[0].targets[0].credentials is None
    assert stage.codes() == [13249]


@pytest.mark.parametrize(
    "dial",
    [
        '<Dial callReason="hello">+15550003</Dial>',
        '<Dial><Number machineDetection="Enable">+15550003</Number></Dial>',
    ],
)
@virtual_time
async def test_what_is_not_built_is_told_and_the_call_goes_on(dial: str) -> None:
    """Nothing is left out in silence."""
    stage = Stage()
    await dialed(stage, dial)
    assert stage.codes() == [13750]
    assert len(stage.orders) == 1
