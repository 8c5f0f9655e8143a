"""The program: documents one after the other, media types, the fallback, the apology, and the limits."""

import asyncio

import pytest

from offhook.calls.errors import LegEnded
from offhook.calls.ports import DocumentRequest, ProgramStart
from offhook.interpreter.run import APOLOGY, Program
from offhook.model.call import CallStatus, HttpMethod, WebhookTarget
from offhook.model.timeline import Kind
from offhook.testing.clock import elapsed, virtual_time
from offhook.testing.stage import Stage
from offhook.testing.webapp import Failure, Page

SAY = "<Response><Say>hello</Say></Response>"
START = ProgramStart(document=WebhookTarget(url="http://app.test/voice"))
RESCUED = ProgramStart(
    document=WebhookTarget(url="http://app.test/voice"), fallback=WebhookTarget(url="http://app.test/rescue")
)


def purposes(stage: Stage) -> list[tuple[str, str]]:
    """What the application was asked for, and why."""
    return [(request.purpose, request.target.url) for request in stage.world.webhooks.requests]


@virtual_time
async def test_the_first_request_carries_the_standard_and_the_extra_parameters() -> None:
    """SipHeader_ and its kin come with the first request only."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", "<Response><Redirect>/next</Redirect></Response>")
    stage.world.webhooks.serve("/next", SAY)
    start = ProgramStart(document=START.document, extra_parameters={"SipHeader_X-Id": "7"})
    assert await Program().run(stage, start)
    first, second = stage.world.webhooks.requests
    assert first.parameters == {**Stage().parameters(), "SipHeader_X-Id": "7"}
    assert "SipHeader_X-Id" not in second.parameters
    assert first.account_sid == stage.record.account_sid
    assert first.call_sid == stage.record.sid


@virtual_time
async def test_redirects_resolve_against_the_url_that_answered() -> None:
    """The current document's URL is the one after HTTP redirects; the verb's method is kept."""
    stage = Stage()
    moved = Page(
        body='<Response><Redirect method="GET">next?x=1</Redirect></Response>', url="http://app.test/moved/here"
    )
    stage.world.webhooks.serve("/voice", moved)
    stage.world.webhooks.serve("/moved/next", SAY)
    await Program().run(stage, START)
    target = stage.world.webhooks.requests[1].target
    assert target == WebhookTarget(url="http://app.test/moved/next?x=1", method=HttpMethod.GET)


@virtual_time
async def test_an_empty_redirect_asks_for_the_same_document_again() -> None:
    """The body of Redirect defaults to the current URL."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", "<Response><Pause/><Redirect/></Response>", SAY)
    await Program().run(stage, START)
    assert purposes(stage) == [("voice", "http://app.test/voice"), ("redirect", "http://app.test/voice")]


@virtual_time
async def test_a_polling_document_may_redirect_for_ever() -> None:
    """A redirect chain with verbs that take time is no loop: an hour of one-second polls runs."""
    stage = Stage(is_answered=True)
    polls = ["<Response><Pause/><Redirect/></Response>"] * 3600
    stage.world.webhooks.serve("/voice", *polls, SAY)
    assert await elapsed(Program().run(stage, START)) == pytest.approx(3600, abs=1)
    assert stage.notices == []


@virtual_time
async def test_a_redirect_loop_is_cut_after_the_limit() -> None:
    """100 documents without a verb that takes time are an error that says so."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", "<Response><Redirect/></Response>")
    assert not await Program().run(stage, START)
    assert len(stage.world.webhooks.requests) == 100
    assert stage.codes() == [11215]
    assert "100 documents" in stage.notices[0].text
    assert stage.world.speech.spoken[0].text == APOLOGY


@pytest.mark.parametrize("content_type", ["text/xml", "application/xml", "text/html", "text/plain", "TEXT/XML"])
@virtual_time
async def test_these_media_types_are_read_as_twiml(content_type: str) -> None:
    """Contract 1 §7.6."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", Page(body=SAY, content_type=content_type))
    assert await Program().run(stage, START)
    assert [spoken.text for spoken in stage.world.speech.spoken] == ["hello"]


@virtual_time
async def test_plain_text_that_is_no_twiml_is_spoken() -> None:
    """text/plain is read aloud; then the call ends."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", Page(body=" Good <evening \n", content_type="text/plain"))
    assert await Program().run(stage, START)
    assert [spoken.text for spoken in stage.world.speech.spoken] == ["Good <evening"]
    assert stage.notices == []


@virtual_time
async def test_an_audio_document_is_played_once() -> None:
    """audio/* answers the call and is its whole program."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", Page(body=bytes(16000), content_type="audio/x-wav"))
    assert await Program().run(stage, START)
    assert stage.transcript == ["0 answer", "0 play 1 s"]


@virtual_time
async def test_an_unknown_media_type_is_12300_and_goes_to_the_fallback() -> None:
    """The fallback gets the same parameters with ErrorCode and ErrorUrl."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", Page(body="{}", content_type="application/json"))
    stage.world.webhooks.serve("/rescue", SAY)
    assert await Program().run(stage, RESCUED)
    assert purposes(stage) == [("voice", "http://app.test/voice"), ("fallback", "http://app.test/rescue")]
    told = stage.world.webhooks.requests[1].parameters
    same = stage.world.webhooks.requests[0].parameters
    assert told == {**same, "ErrorCode": "12300", "ErrorUrl": "http://app.test/voice"}
    assert [(notice.error_code, notice.is_error) for notice in stage.notices] == [(12300, True)]


FAILING = [
    (Failure(error_code=11205), 11205),
    (Page(body="no xml"), 12100),
    (Page(body="<Reply/>"), 12102),
    (Page(body="<Response><Play>/missing.wav</Play></Response>"), 11200),
    (Page(body="<Response><Redirect>ftp://app.test/x</Redirect></Response>"), 11100),
    (Page(body="<Response><Dial action='http:///x'>+15550003</Dial></Response>"), 11100),
]


@pytest.mark.parametrize(("answer", "code"), FAILING, ids=[str(row[0])[:60] for row in FAILING])
@virtual_time
async def test_every_failure_turns_to_the_fallback(answer: Page | Failure, code: int) -> None:
    """Failing to fetch, to parse and to execute are told with their codes."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", answer)
    stage.world.webhooks.serve("/rescue", SAY)
    assert await Program().run(stage, RESCUED)
    assert stage.world.webhooks.asked("/rescue")[0].parameters["ErrorCode"] == str(code)
    assert code in stage.codes()


@virtual_time
async def test_a_parse_error_names_line_and_column() -> None:
    """The notice says where the document is broken."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", "<Response>\n  <Say>a & b</Say>\n</Response>")
    await Program().run(stage, START)
    assert "line 2, column" in stage.notices[0].text
    assert stage.notices[0].url == "http://app.test/voice"


@virtual_time
async def test_without_a_fallback_the_caller_hears_an_apology() -> None:
    """The call is answered, told, and hung up."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", Failure(delay=2))
    assert not await Program().run(stage, START)
    assert [spoken.text for spoken in stage.world.speech.spoken] == [APOLOGY]
    heard = [line.split()[1] for line in stage.transcript]
    assert heard == ["error", "answer", "play", "hang"]


@virtual_time
async def test_a_failing_fallback_ends_in_the_apology() -> None:
    """The fallback is tried once, also when its own document fails later on."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", Failure(error_code=11200))
    stage.world.webhooks.serve("/rescue", "<Response><Redirect>/more</Redirect></Response>")
    stage.world.webhooks.serve("/more", Failure(error_code=11205))
    assert not await Program().run(stage, RESCUED)
    assert stage.codes() == [11200, 11205]
    assert stage.is_over


@virtual_time
async def test_an_apology_that_cannot_be_spoken_still_hangs_up() -> None:
    """No voice is no reason to keep the caller."""
    stage = Stage()
    stage.world.speech.failing.add(APOLOGY)
    assert not await Program().run(stage, START)
    assert stage.transcript == ["0 error 11200", "0 warning 13520", "0 hang up"]


@virtual_time
async def test_a_fallback_set_by_rest_wins() -> None:
    """FallbackUrl of an update counts from then on."""
    stage = Stage()
    stage.fallback = WebhookTarget(url="http://app.test/newer")
    stage.world.webhooks.serve("/newer", SAY)
    await Program().run(stage, RESCUED)
    assert purposes(stage)[1] == ("fallback", "http://app.test/newer")


@pytest.mark.parametrize(
    "verb", ["<Redirect>/next</Redirect>", "<Play>beep.wav</Play>", "<Dial action='/a'>+15550003</Dial>"]
)
@virtual_time
async def test_inline_twiml_needs_absolute_urls(verb: str) -> None:
    """A document that came inline has no URL to resolve against: 11100, and nothing is rung."""
    stage = Stage()
    assert not await Program().run(stage, ProgramStart(twiml=f"<Response>{verb}</Response>"))
    assert stage.codes() == [11100]
    assert stage.orders == []


@virtual_time
async def test_warnings_become_notices_with_their_position() -> None:
    """Schema violations do not stop the document."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", '<Response>\n<Say voic="man">hello</Say></Response>')
    assert await Program().run(stage, START)
    (notice,) = stage.notices
    assert (notice.error_code, notice.is_error) == (12200, False)
    assert notice.text.startswith("line 2, column 1: ")


@virtual_time
async def test_documents_and_verbs_are_on_the_timeline() -> None:
    """One entry for each document and each verb, with line and outcome."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", "<Response>\n<Say>hello</Say>\n<Redirect>/next</Redirect></Response>")
    stage.world.webhooks.serve("/next", "<Response><Hangup/></Response>")
    assert not await Program().run(stage, START)
    assert [
        (kind, detail.get("name"), detail.get("line"), detail.get("outcome")) for kind, _, detail in stage.entries
    ] == [
        (Kind.DOCUMENT, None, None, None),
        (Kind.VERB, "Say", 2, "continue"),
        (Kind.VERB, "Redirect", 3, "redirect to http://app.test/next"),
        (Kind.DOCUMENT, None, None, None),
        (Kind.VERB, "Hangup", 1, "finish"),
    ]
    assert stage.entries[0][2]["verbs"] == 2


@virtual_time
async def test_cancelling_stops_the_verb_and_says_so() -> None:
    """A REST update or the end of the call cancels the program in the middle of a verb."""
    stage = Stage(is_answered=True)
    start = ProgramStart(twiml='<Response><Pause length="60"/><Say>never</Say></Response>')
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await Program().run(stage, start)
    assert stage.world.speech.spoken == []
    assert stage.entries[-1][2]["outcome"] == "cut off"


@virtual_time
async def test_a_caller_who_is_gone_ends_the_program_quietly() -> None:
    """LegEnded is no failure of the document: no fallback, no apology, no notice."""
    stage = Stage(is_answered=True)
    loop = asyncio.get_running_loop()
    loop.call_later(1, stage.end)
    assert not await Program().run(stage, ProgramStart(twiml="<Response><Pause length='2'/><Say>hi</Say></Response>"))
    assert stage.notices == []


@virtual_time
async def test_a_leg_that_fails_while_the_call_goes_on_is_the_calls_business() -> None:
    """The supervision shows such an error; the program does not swallow it."""
    stage = Stage()

    async def refuse() -> None:
        raise LegEnded("media gone")

    stage.answer = refuse  # type: ignore[method-assign]
    with pytest.raises(LegEnded):
        await Program().run(stage, ProgramStart(twiml=SAY))


@virtual_time
async def test_the_answer_to_an_action_of_an_ended_call_is_ignored() -> None:
    """A parent that hung up while dialing still asks its action, and nothing more happens."""
    stage = Stage(is_answered=True)

    def hang_up_meanwhile(_request: DocumentRequest) -> str:
        stage.end(CallStatus.COMPLETED)
        return SAY

    stage.world.webhooks.serve("/done", hang_up_meanwhile)
    stage.world.webhooks.serve("/voice", "<Response><Dial action='/done'>+15550003</Dial></Response>")
    assert not await Program().run(stage, START)
    assert len(stage.world.webhooks.asked("/done")) == 1
    assert stage.world.speech.spoken == []


@virtual_time
async def test_a_screening_document_that_ends_bridges_and_one_that_hangs_up_does_not() -> None:
    """Contract 1 §4.2."""
    asked = WebhookTarget(url="http://app.test/screen")
    for document, is_bridged in ((SAY, True), ("<Response><Hangup/></Response>", False)):
        stage = Stage(is_answered=True)
        stage.world.webhooks.serve("/screen", document)
        assert await Program().run(stage, ProgramStart(document=asked, is_screening=True)) is is_bridged
        assert stage.world.webhooks.requests[0].purpose == "screening"


@virtual_time
async def test_a_screening_document_may_not_dial() -> None:
    """13201, and the call is not bridged."""
    stage = Stage(is_answered=True)
    stage.world.webhooks.serve("/screen", "<Response><Dial>+15550003</Dial></Response>")
    start = ProgramStart(document=WebhookTarget(url="http://app.test/screen"), is_screening=True)
    assert not await Program().run(stage, start)
    assert stage.codes() == [13201]
    assert stage.orders == []


@virtual_time
async def test_a_redirect_leaves_a_ringing_call_to_the_next_document() -> None:
    """Redirect does not answer, so that the next document can still reject."""
    stage = Stage()
    stage.world.webhooks.serve("/voice", "<Response><Redirect>/next</Redirect></Response>")
    stage.world.webhooks.serve("/next", "<Response><Reject/></Response>")
    assert not await Program().run(stage, START)
    assert stage.transcript == ["0 reject"]


@virtual_time
async def test_a_caller_who_left_during_a_dial_without_action_ends_the_program() -> None:
    """No verb after the dial begins, no document is fetched."""
    stage = Stage(is_answered=True)
    asyncio.get_running_loop().call_later(5, stage.end)
    document = "<Response><Dial>+15550003</Dial><Redirect>http://app.test/next</Redirect></Response>"
    assert not await Program().run(stage, ProgramStart(twiml=document))
    assert stage.world.webhooks.requests == []
    assert stage.transcript == ["0 dial +15550003"]
