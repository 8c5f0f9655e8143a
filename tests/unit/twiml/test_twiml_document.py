"""Documents as values: verbs, defaults, nesting, warnings."""

import time
from collections.abc import Mapping
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.twiml.document import MAX_WARNINGS, Document, parse
from offhook.twiml.errors import TwimlError
from offhook.twiml.nouns import MachineDetection, NumberNoun, SipNoun, UnbuiltNoun
from offhook.twiml.schema import ELEMENTS, VERBS
from offhook.twiml.schema_unbuilt import UNBUILT_VERBS
from offhook.twiml.verbs import (
    Dial,
    DialRecording,
    Gather,
    GatherSpeech,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Unbuilt,
)


def read(inside: str, *, is_screening: bool = False) -> Document:
    """The document of these verbs, all on line 1 from column 11."""
    return parse(f"<Response>{inside}</Response>".encode(), is_screening=is_screening)


def dial(text: str) -> Dial:
    """The one <Dial> of a document without warnings."""
    document = read(text)
    assert document.warnings == ()
    (verb,) = document.verbs
    assert isinstance(verb, Dial)
    return verb


def codes(document: Document) -> list[int]:
    """The codes of the warnings, in order."""
    return [warning.code for warning in document.warnings]


# --- verbs -------------------------------------------------------------------------------------------------------


def test_the_documents_of_a_first_call() -> None:
    """The <Dial><Sip> of the contract, indented as in its samples."""
    document = parse(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n  <Dial>\n    <Sip>\n'
        b"      sip:jack@example.com?x-mycustomheader=foo&amp;x-myotherheader=bar\n    </Sip>\n  </Dial>\n</Response>\n"
    )
    noun = SipNoun(uri="sip:jack@example.com?x-mycustomheader=foo&x-myotherheader=bar", line=4)
    assert document == Document(verbs=(Dial(nouns=(noun,), line=3),))


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("<Say> Hello\n  world </Say>", Say(text="Hello world", line=1)),
        (
            "<Say voice='alice' language='fr-CA' loop='0'>a</Say>",
            Say(text="a", voice="alice", language="fr-CA", loop=0, line=1),
        ),
        ("<Say/>", Say(text="", line=1)),
        ("<Play> /a b.mp3\n</Play>", Play(url="/a b.mp3", line=1)),
        ("<Play digits='1 2wW#A' loop='3'/>", Play(digits="12wW#A", loop=3, line=1)),
        ("<Pause/>", Pause(line=1)),
        ("<Pause length='5'/>", Pause(length=5, line=1)),
        ("<Redirect/>", Redirect(line=1)),
        (
            "<Redirect method='GET'>../next?a=1&amp;b=2</Redirect>",
            Redirect(url="../next?a=1&b=2", method="GET", line=1),
        ),
        ("<Reject/>", Reject(line=1)),
        ("<Reject reason='busy'/>", Reject(reason="busy", line=1)),
        ("<Hangup><Parameter name='a' value='b'/></Hangup>", Hangup(line=1)),
        (
            "<Gather numDigits='1'><Say>x</Say></Gather>",
            Gather(num_digits=1, prompts=(Say(text="x", line=1),), line=1),
        ),
        (
            "<Gather input='speech dtmf' speechTimeout='auto' timeout='auto' hints='a  b, ,c' finishOnKey=''/>",
            Gather(
                kinds=frozenset({"speech", "dtmf"}),
                speech=GatherSpeech(timeout=0, hints=("a b", "c")),
                timeout=0,
                finish_on_key="",
                line=1,
            ),
        ),
        ("<Dial><Sip>a@b</Sip></Dial>", Dial(nouns=(SipNoun(uri="a@b", line=1),), line=1)),
        ("<Dial> +14155550100 </Dial>", Dial(nouns=(NumberNoun(number="+14155550100", line=1),), line=1)),
    ],
)
def test_verbs(text: str, verb: object) -> None:
    """Each verb with its attributes, its body trimmed, and nothing to warn of."""
    assert read(text) == Document(verbs=(verb,))  # type: ignore[arg-type]  # a table of all verbs


def test_verbs_stay_in_order_and_an_empty_document_has_none() -> None:
    """Verbs come as written; an empty Response is a document."""
    assert [verb.name for verb in read("<Say>a</Say><Pause/><Say>b</Say><Hangup/>").verbs] == [
        "Say",
        "Pause",
        "Say",
        "Hangup",
    ]
    assert read("") == Document()
    assert parse(b"<Response/>") == Document()


@pytest.mark.parametrize("name", sorted(UNBUILT_VERBS))
def test_every_other_verb_of_the_contract_is_known(name: str) -> None:
    """A verb that is not built is no mistake of the document."""
    document = read(f"<{name}/>")
    assert document == Document(verbs=(Unbuilt(name=name, line=1),))


def test_ssml_is_read_as_its_text() -> None:
    """Breaks and sentences part words, a substitution reads as its alias, marks inside words do not part them."""
    document = read(
        "<Say>One<break time='1s'/>two <sub alias='World Wide Web'>WWW</sub>, <p>three</p><s>four</s>"
        "<prosody rate='slow'>fi<emphasis>ve</emphasis></prosody></Say>"
    )
    say = document.verbs[0]
    assert isinstance(say, Say)
    assert say.text == "One two World Wide Web, three four five"
    assert say.ssml == (
        'One<break time="1s"></break>two <sub alias="World Wide Web">WWW</sub>, <p>three</p><s>four</s>'
        '<prosody rate="slow">fi<emphasis>ve</emphasis></prosody>'
    )


# --- Dial --------------------------------------------------------------------------------------------------------


def test_all_attributes_of_dial() -> None:
    """Every attribute of contract 1 §3.1 reaches its field."""
    verb = dial(
        "<Dial action='/done' method='GET' timeout='5' timeLimit='60' hangupOnStar='true' callerId='alice' "
        "answerOnBridge='true' ringTone='us-old' record='record-from-ringing-dual' recordingTrack='inbound' "
        "trim='trim-silence' recordingStatusCallback='https://h/r' recordingStatusCallbackMethod='GET' "
        "recordingStatusCallbackEvent='in-progress absent' recordingConfigurationId='x' sequential='true' "
        "referUrl='/refer' referMethod='GET' callReason='why' events='e' passports='p' ifMachine='Hangup'>"
        "<Sip>a@b</Sip></Dial>"
    )
    assert verb == Dial(
        action="/done",
        method="GET",
        timeout=5,
        time_limit=60,
        hangup_on_star=True,
        caller_id="alice",
        answer_on_bridge=True,
        ring_tone="us-old",
        sequential=True,
        recording=DialRecording(
            record="record-from-ringing-dual",
            track="inbound",
            trim="trim-silence",
            callback="https://h/r",
            callback_method="GET",
            callback_event=frozenset({"in-progress", "absent"}),
            configuration_id="x",
        ),
        refer_url="/refer",
        refer_method="GET",
        call_reason="why",
        nouns=(SipNoun(uri="a@b", line=1),),
        line=1,
    )


@pytest.mark.parametrize(
    ("written", "record"),
    [("true", "record-from-answer"), ("false", "do-not-record"), ("do-not-record", "do-not-record")],
)
def test_record_has_two_old_spellings(written: str, record: str) -> None:
    """True and false stand for two of the modes."""
    assert dial(f"<Dial record='{written}'><Sip>a@b</Sip></Dial>").recording.record == record


def test_all_attributes_of_sip() -> None:
    """Every attribute of contract 1 §4.1 reaches its field, and the password is never printed."""
    verb = dial(
        "<Dial><Sip username='u' password='s3cret' url='/screen' method='GET' statusCallback='/cb' "
        "statusCallbackMethod='GET' statusCallbackEvent='initiated ringing  answered' "
        "machineDetection='DetectMessageEnd' machineDetectionTimeout='3' machineDetectionSpeechThreshold='1000' "
        "machineDetectionSpeechEndThreshold='500' machineDetectionSilenceTimeout='2000' "
        "amdStatusCallback='/amd' amdStatusCallbackMethod='GET'>a@b</Sip></Dial>"
    )
    assert verb.nouns == (
        SipNoun(
            uri="a@b",
            username="u",
            password="s3cret",
            url="/screen",
            method="GET",
            status_callback="/cb",
            status_callback_method="GET",
            status_callback_event=frozenset({"initiated", "ringing", "answered"}),
            machine_detection=MachineDetection(
                mode="DetectMessageEnd",
                timeout=3,
                speech_threshold=1000,
                speech_end_threshold=500,
                silence_timeout=2000,
                callback="/amd",
                callback_method="GET",
            ),
            line=1,
        ),
    )
    assert "s3cret" not in repr(verb)


def test_number_and_unbuilt_nouns() -> None:
    """<Number> is typed; nouns that nothing calls yet keep what was written."""
    verb = dial("<Dial><Number sendDigits='ww12#' byoc='BY1' url='/s'> 415-555-0100 </Number></Dial>")
    assert verb.nouns == (NumberNoun(number="415-555-0100", send_digits="ww12#", byoc="BY1", url="/s", line=1),)
    verb = dial("<Dial><Client statusCallback='/x'><Identity>bob</Identity></Client></Dial>")
    assert verb.nouns == (UnbuiltNoun(name="Client", attributes=(("statusCallback", "/x"),), line=1),)
    verb = dial("<Dial><Conference>Room</Conference></Dial>")
    assert verb.nouns == (UnbuiltNoun(name="Conference", text="Room", line=1),)


def test_the_uri_may_stand_in_an_element() -> None:
    """The old form <Sip><Uri> is read; headers in elements are told."""
    verb = dial("<Dial><Sip><Uri>sip:a@b</Uri></Sip></Dial>")
    assert verb.nouns == (SipNoun(uri="sip:a@b", line=1),)
    document = read("<Dial><Sip><Uri>a@b</Uri><Headers><Header name='X-A' value='1'/></Headers></Sip></Dial>")
    assert codes(document) == [12200]


def test_ten_nouns_are_called() -> None:
    """The eleventh is left out with 13250."""
    assert len(dial("<Dial>" + "<Sip>a@b</Sip>" * 10 + "</Dial>").nouns) == 10
    document = read("<Dial>" + "<Sip>a@b</Sip>" * 11 + "</Dial>")
    assert codes(document) == [13250]
    assert isinstance(document.verbs[0], Dial)
    assert len(document.verbs[0].nouns) == 10


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("", 13215),
        ("+1415<Sip>a@b</Sip>", 13215),
        ("<Say>hi</Say><Sip>a@b</Sip>", 13215),
        ("<sip>a@b</sip><Sip>a@b</Sip>", 13215),
        ("<Conference>r</Conference><Sip>a@b</Sip>", 13000),
        ("<Sip>a b@c</Sip>", 13243),
        ("<Sip method='PUT'>a@b</Sip>", 13241),
        (f"<Sip username='{'u' * 256}'>a@b</Sip>", 13249),
        ("<Number sendDigits='xyz'>+1</Number>", 13222),
        ("<Number method='x'>+1</Number>", 13221),
        ("<Sip statusCallback='ftp://h/x'>a@b</Sip>", 11100),
        ("<Sip statusCallbackEvent='initiated,ringing'>a@b</Sip>", 12200),
        ("<Sip machineDetectionTimeout='61'>a@b</Sip>", 12200),
    ],
)
def test_mistakes_in_dial(inside: str, code: int) -> None:
    """One warning with the contract's code, and the verb is there all the same."""
    document = read(f"<Dial>{inside}</Dial>")
    assert codes(document) == [code]
    assert isinstance(document.verbs[0], Dial)


def test_dial_is_not_run_in_a_screening_document() -> None:
    """13201, and the verbs around it stay."""
    document = read("<Say>a</Say><Dial>+1</Dial><Hangup/>", is_screening=True)
    assert codes(document) == [13201]
    assert [verb.name for verb in document.verbs] == ["Say", "Hangup"]


# --- bad values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ("method='PUT'", 13210),
        ("timeout='4'", 13212),
        ("timeout='601'", 13212),
        ("timeout='1e1'", 13212),
        ("timeout='-30'", 13212),
        ("timeout='+30'", 13212),
        ("timeout='30.0'", 13212),
        ("timeout='٣٠'", 13212),
        ("timeout=''", 13212),
        ("timeout='9999999999999999999999'", 13212),
        ("timeLimit='0'", 13216),
        ("hangupOnStar='yes'", 13213),
        ("hangupOnStar='True'", 13213),
        ("answerOnBridge='1'", 13219),
        ("ringTone='zz'", 13220),
        ("sequential='no'", 13218),
        ("record='always'", 13217),
        ("recordingStatusCallback='mailto:x'", 13256),
        ("recordingStatusCallbackEvent='done'", 13621),
        ("recordingTrack='left'", 12200),
        ("trim='yes'", 12200),
        ("ifMachine='x'", 13211),
        (f"callerId='{'1' * 256}'", 13248),
        (f"callReason='{'x' * 51}'", 12200),
        ("callerID='x'", 12200),
    ],
)
def test_a_bad_attribute_of_dial_leaves_its_default(attribute: str, code: int) -> None:
    """The warning has the code of contract 1 §3.1 and the default is used."""
    document = read(f"<Dial {attribute}><Sip>a@b</Sip></Dial>")
    assert codes(document) == [code]
    assert document.verbs == (Dial(nouns=(SipNoun(uri="a@b", line=1),), line=1),)


@pytest.mark.parametrize(
    ("text", "code", "verbs"),
    [
        ("<Say loop='x'>a</Say>", 13510, (Say(text="a", line=1),)),
        ("<Say loop='-1'>a</Say>", 13510, (Say(text="a", line=1),)),
        (f"<Say voice='{'v' * 129}'>a</Say>", 13511, (Say(text="a", line=1),)),
        (f"<Say language='{'l' * 33}'>a</Say>", 13512, (Say(text="a", line=1),)),
        ("<Play loop='x'>a</Play>", 13410, (Play(url="a", line=1),)),
        ("<Play digits='1x'>a</Play>", 13430, (Play(url="a", line=1),)),
        ("<Play digits='1x'/>", 13430, ()),
        ("<Pause length='0'/>", 13910, (Pause(line=1),)),
        ("<Redirect method='x'>a</Redirect>", 13710, (Redirect(url="a", line=1),)),
        ("<Reject reason='x'/>", 13810, (Reject(line=1),)),
        ("<Hangup now='1'/>", 12200, (Hangup(line=1),)),
        ("<Hangup>now</Hangup>", 12200, (Hangup(line=1),)),
        ("<Gather finishOnKey='12'/>", 13310, (Gather(line=1),)),
        ("<Gather method='x'/>", 13311, (Gather(line=1),)),
        ("<Gather timeout='0'/>", 13312, (Gather(line=1),)),
        ("<Gather numDigits='0'/>", 13313, (Gather(line=1),)),
        ("<Gather input='voice'/>", 13326, (Gather(line=1),)),
        ("<Gather speechTimeout='x'/>", 13327, (Gather(line=1),)),
        ("<Gather maxSpeechTime='61'/>", 13328, (Gather(line=1),)),
        ("<Gather partialResultCallbackMethod='x'/>", 13329, (Gather(line=1),)),
        (f"<Gather hints='{'a' * 101}'/>", 13330, (Gather(line=1),)),
        (f"<Gather language='{'a' * 33}'/>", 13331, (Gather(line=1),)),
        ("<Gather bargeIn='x'/>", 13332, (Gather(line=1),)),
        ("<Gather profanityFilter='x'/>", 13333, (Gather(line=1),)),
        (f"<Gather speechModel='{'a' * 65}'/>", 13334, (Gather(line=1),)),
        ("<Gather actionOnEmptyResult='x'/>", 13338, (Gather(line=1),)),
        ("<Gather><Dial/></Gather>", 13314, (Gather(line=1),)),
        ("<Play/>", 12200, ()),
        ("hello", 12200, ()),
        ("<Sip>a@b</Sip>", 12200, ()),
        ("<Frobnicate><Say>a</Say></Frobnicate>", 12200, ()),
        ("<x:Say xmlns:x='y'>a</x:Say>", 12200, ()),
    ],
)
def test_mistakes_of_other_verbs(text: str, code: int, verbs: tuple[object, ...]) -> None:
    """Each mistake is one warning (two when nothing is left to play), and what is left runs."""
    document = read(text)
    assert codes(document)[0] == code
    assert document.verbs == verbs


def test_urls_that_steer_the_call_are_kept_as_they_are() -> None:
    """A bad action or screening URL must fail when it is followed: without it the call would do something else."""
    verb = dial("<Dial action=' javascript:x '><Sip url='ftp://h/x'>a@b</Sip></Dial>")
    assert verb.action == "javascript:x"
    assert verb.nouns == (SipNoun(uri="a@b", url="ftp://h/x", line=1),)


def test_blank_text_and_urls_count_as_not_given() -> None:
    """Templates leave attributes empty: that is no mistake."""
    assert dial("<Dial action='' callerId=' '><Sip url=''>a@b</Sip></Dial>") == Dial(
        nouns=(SipNoun(uri="a@b", line=1),), line=1
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("<say>a</say>", "did you mean <Say>? Names are case-sensitive."),
        ("<Redirct>a</Redirct>", "did you mean <Redirect>?"),
        ("<Sip>a@b</Sip>", "it belongs in <Dial>, <Refer>"),
        ("<Dial><Number action='/x'>+1</Number></Dial>", "'action': it is ignored; it belongs on <Dial>"),
        ("<Dial callerID='x'>+1</Dial>", "did you mean 'callerId'? Names are case-sensitive."),
        ("<Dial timeout='x'>+1</Dial>", "timeout='x' of <Dial>: expected whole number from 5 to 600; 30 is used"),
    ],
)
def test_warnings_say_what_was_meant(text: str, hint: str) -> None:
    """A wrong name or place comes with a hint."""
    assert hint in read(text).warnings[0].message


def test_warnings_have_places_and_come_in_order() -> None:
    """Line and column of the element, sorted as in the document."""
    document = parse(b"<Response>\n <Dial timeout='x'>\n  <Say/>\n  <Sip bad='1'>a@b</Sip></Dial>\n <Foo/></Response>")
    assert [(found.line, found.column, found.code) for found in document.warnings] == [
        (2, 2, 13212),
        (3, 3, 13215),
        (4, 3, 12200),
        (5, 2, 12200),
    ]


def test_mistakes_inside_unbuilt_verbs_are_told() -> None:
    """A verb that is not built is checked all the same; what a vendor's service holds is not."""
    assert codes(read("<Enqueue><Dial/></Enqueue>")) == [12200]
    assert codes(read("<Connect><Stream url='http://h'/></Connect>")) == [31922]
    assert codes(read("<Connect><VirtualAgent anything='1'><Foo/></VirtualAgent></Connect>")) == []


@pytest.mark.parametrize(("root", "hint"), [("response", "case-sensitive"), ("html", "not <html>")])
def test_another_root_is_refused(root: str, hint: str) -> None:
    """12102, with its place."""
    with pytest.raises(TwimlError, match=hint) as caught:
        parse(f"<!-- x -->\n<{root}/>".encode())
    assert (caught.value.code, caught.value.line, caught.value.column) == (12102, 2, 1)


def test_attributes_of_the_root_are_of_no_interest() -> None:
    """Namespaces and schema locations on Response are read past in silence."""
    assert parse(b"<Response xmlns:xsi='a' xsi:noNamespaceSchemaLocation='b' version='1'/>") == Document()


# --- limits ------------------------------------------------------------------------------------------------------


def test_a_hostile_document_is_read_fast_and_told_briefly() -> None:
    """Thousands of mistakes cost little and give a bounded number of warnings."""
    elements = "".join(f"<Frobnicat{number} a='1'/>" for number in range(2000))
    attributes = " ".join(f"actio{number}='1'" for number in range(1000))
    began = time.process_time()
    document = read(f"<Dial {attributes}>+1</Dial>{elements}")
    assert time.process_time() - began < 1
    assert len(document.warnings) == MAX_WARNINGS


# --- the schema --------------------------------------------------------------------------------------------------


def built_rows() -> list[tuple[str, str, str | None]]:
    """Each attribute of an element that is built, with the text of its default."""
    return [(name, row.name, row.default) for name, rule in ELEMENTS.items() if rule.make for row in rule.attributes]


@pytest.mark.parametrize(("element", "attribute", "default"), built_rows())
def test_the_schemas_default_is_the_dataclass_default(element: str, attribute: str, default: str | None) -> None:
    """The table that people read and the values that code gets agree."""
    rule = ELEMENTS[element]
    row = rule.attribute(attribute)
    assert row is not None
    assert rule.make is not None
    value: object = rule.make(**({} if rule.body_field not in names(rule.make) else {rule.body_field: ""}))
    for part in row.target.split("."):
        value = getattr(value, part)
    assert value == (None if default is None else row.kind.read(default))


def names(made: object) -> Mapping[str, object]:
    """The fields of a dataclass."""
    return {field.name: field for field in fields(made)}  # type: ignore[arg-type]  # a class of the schema


def test_the_schema_closes_over_itself() -> None:
    """Every child that a row names has a row of its own, and every verb is a child of the root."""
    children = {child for rule in ELEMENTS.values() for child in rule.children}
    assert children <= ELEMENTS.keys()
    assert set(ELEMENTS) - children == {"Response"}
    assert set(ELEMENTS["Response"].children) == {*VERBS, *UNBUILT_VERBS}


NAMES = st.sampled_from([*ELEMENTS, "say", "Foo"])
ATTRIBUTES = st.sampled_from(["action", "timeout", "loop", "url", "method", "record", "digits", "length", "reason"])
VALUES = st.sampled_from(["", "1", "GET", "true", "-1", "x y", "http://h/", "&amp;", "\u00e9", "99999999999"])


@st.composite
def element_texts(draw: st.DrawFn, depth: int = 0) -> str:
    """Well-formed elements with names, attributes and nesting at random."""
    name = draw(NAMES)
    attributes = draw(st.dictionaries(ATTRIBUTES, VALUES, max_size=3))
    inside = draw(VALUES)
    if depth < 3:
        inside += "".join(draw(st.lists(element_texts(depth + 1), max_size=3)))
    return f"<{name} " + " ".join(f"{key}='{value}'" for key, value in attributes.items()) + f">{inside}</{name}>"


@given(st.lists(element_texts(), max_size=4).map("".join), st.booleans())
def test_any_well_formed_document_is_read(text: str, is_screening: bool) -> None:  # noqa: FBT001  # drawn
    """Whatever stands in a Response, reading gives verbs and warnings and raises nothing."""
    document = read(text, is_screening=is_screening)
    assert all(verb.name in ELEMENTS and verb.line == 1 for verb in document.verbs)
    assert all(warning.column > len("<Response") or "text in" in warning.message for warning in document.warnings)
