"""The one table of TwiML: which element stands where, and each attribute's kind, default and warning code.

Contract 1 §3.1, §4.1; contract 2 §0.1, §1. Read by document, by its hints and by the reference page.
"""

from collections.abc import Mapping
from types import MappingProxyType

from offhook.twiml.kinds import Choice, Digits, Hints, Keys, Text, Url, Whole, WholeOrAuto, Words
from offhook.twiml.media_nouns import RecordingNoun, StreamNoun, TranscriptionNoun
from offhook.twiml.nouns import NumberNoun, SipNoun
from offhook.twiml.rules import (
    ACTION,
    FLAG,
    LINK,
    METHOD,
    RECORDING_CALLBACK,
    SIDES,
    SSML,
    STATUS_CALLBACK,
    TEXT,
    TRIM,
    URL,
    Attribute,
    Body,
    Rule,
    rows,
)
from offhook.twiml.schema_unbuilt import DETAILS, OPAQUE, PROMPTS, UNBUILT_NOUNS, UNBUILT_VERBS
from offhook.twiml.verbs import (
    Connect,
    Dial,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    Start,
    Stop,
)

ROOT = "Response"
VERBS = (
    "Say",
    "Play",
    "Pause",
    "Gather",
    "Record",
    "Redirect",
    "Reject",
    "Hangup",
    "Dial",
    "Refer",
    "Start",
    "Stop",
    "Connect",
)
DIAL_NOUNS = ("Client", "Conference", "Queue", "Application", "Sim", "WhatsApp")
MAX_NOUNS = 10  # contract 1 §3.3

_LOOP = Whole()
_SOCKET = Url(("ws", "wss"))
_TRACKS = Choice.of("inbound_track outbound_track both_tracks")
_RING_TONES = Choice.of(
    "at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl pt ru se sg th uk us "
    "us-old tw ve za"
)
_RECORD = Choice.of(
    "do-not-record record-from-answer record-from-ringing record-from-answer-dual record-from-ringing-dual",
    aliases=(("true", "record-from-answer"), ("false", "do-not-record")),
)

_MACHINE_DETECTION = (
    Attribute("machineDetection", Choice(("Enable", "DetectMessageEnd")), field="machine_detection.mode"),
    Attribute("machineDetectionTimeout", Whole(3, 60), "30", field="machine_detection.timeout"),
    Attribute("machineDetectionSpeechThreshold", Whole(1000, 6000), "2400", field="machine_detection.speech_threshold"),
    Attribute(
        "machineDetectionSpeechEndThreshold", Whole(500, 5000), "1200", field="machine_detection.speech_end_threshold"
    ),
    Attribute("machineDetectionSilenceTimeout", Whole(2000, 10000), "5000", field="machine_detection.silence_timeout"),
    Attribute("amdStatusCallback", URL, None, 11100, field="machine_detection.callback"),
    Attribute("amdStatusCallbackMethod", METHOD, "POST", field="machine_detection.callback_method"),
)

_DIAL = (
    Attribute("action", LINK, None, 11100),
    Attribute("method", METHOD, "POST", 13210),
    Attribute("timeout", Whole(5, 600), "30", 13212),
    Attribute("timeLimit", Whole(1), "14400", 13216),
    Attribute("hangupOnStar", FLAG, "false", 13213),
    Attribute("callerId", Text(255), None, 13248),
    Attribute("answerOnBridge", FLAG, "false", 13219),
    Attribute("ringTone", _RING_TONES, None, 13220),
    Attribute("sequential", FLAG, "false", 13218),
    Attribute("record", _RECORD, "do-not-record", 13217, field="recording.record"),
    Attribute("recordingTrack", SIDES, "both", field="recording.track"),
    Attribute("trim", TRIM, "do-not-trim", field="recording.trim"),
    *RECORDING_CALLBACK,
    Attribute("referUrl", LINK, None, 11100),
    Attribute("referMethod", METHOD, "POST"),
    Attribute("callReason", Text(50)),
)
# Known, and without a meaning here: they are read past in silence (contract 1 §3.1).
_DIAL_IGNORED = (
    *rows(TEXT, "events passports"),
    Attribute("ifMachine", Choice(("Continue", "Hangup")), None, 13211),
)

_BUILT: Mapping[str, Rule] = MappingProxyType(
    {
        "Say": Rule(
            make=Say,
            children=SSML,
            body=Body.SSML,
            attributes=(
                Attribute("voice", Text(128), "man", 13511),
                Attribute("language", Text(32), "en-US", 13512),
                Attribute("loop", _LOOP, "1", 13510),
            ),
        ),
        "Play": Rule(
            make=Play,
            body=Body.TEXT,
            body_field="url",
            attributes=(Attribute("loop", _LOOP, "1", 13410), Attribute("digits", Digits(), None, 13430)),
        ),
        "Pause": Rule(make=Pause, attributes=(Attribute("length", Whole(1), "1", 13910),)),
        "Redirect": Rule(
            make=Redirect, body=Body.TEXT, body_field="url", attributes=(Attribute("method", METHOD, "POST", 13710),)
        ),
        "Reject": Rule(
            make=Reject,
            children=("Parameter",),
            attributes=(Attribute("reason", Choice(("rejected", "busy")), "rejected", 13810),),
        ),
        "Hangup": Rule(make=Hangup, children=("Parameter",)),
        "Dial": Rule(make=Dial, children=("Sip", "Number", *DIAL_NOUNS), body=Body.TEXT, attributes=_DIAL),
        "Refer": Rule(make=Refer, children=("Sip",), body_field="uri", attributes=ACTION),
        "Gather": Rule(
            make=Gather,
            children=PROMPTS,
            attributes=(
                Attribute("input", Words(("dtmf", "speech")), "dtmf", 13326, field="kinds"),
                Attribute("action", LINK, None, 11100),
                Attribute("method", METHOD, "POST", 13311),
                Attribute("timeout", WholeOrAuto(), "5", 13312),
                Attribute("finishOnKey", Keys(), "#", 13310),
                Attribute("numDigits", Whole(1), None, 13313),
                Attribute("actionOnEmptyResult", FLAG, "false", 13338),
                Attribute("partialResultCallback", LINK, None, 11100, field="speech.partial_callback"),
                Attribute("partialResultCallbackMethod", METHOD, "POST", 13329, field="speech.partial_method"),
                Attribute("language", Text(32), "en-US", 13331, field="speech.language"),
                Attribute("hints", Hints(), "", 13330, field="speech.hints"),
                Attribute("speechModel", Text(64), "default", 13334, field="speech.model"),
                Attribute("profanityFilter", FLAG, "true", 13333, field="speech.hides_profanity"),
                Attribute("speechTimeout", WholeOrAuto(), None, 13327, field="speech.timeout"),
                Attribute("maxSpeechTime", Whole(1, 60), "60", 13328, field="speech.longest"),
                Attribute("bargeIn", FLAG, "true", 13332),
                Attribute("enhanced", FLAG, "false", field="speech.is_enhanced"),
                Attribute("debug", FLAG, "false"),
            ),
        ),
        "Record": Rule(
            make=Record,
            attributes=(
                ACTION[0],
                Attribute("method", METHOD, "POST", 13610),
                Attribute("timeout", Whole(), "5", 13611),
                Attribute("finishOnKey", Keys(is_single=False), "1234567890*#", 13613),
                Attribute("maxLength", Whole(1, 86400), None, 13612),  # 3600, or 120 when it is transcribed
                Attribute("playBeep", FLAG, "true", 13616),
                Attribute("trim", TRIM, "trim-silence"),
                *RECORDING_CALLBACK,
                Attribute("transcribe", FLAG, "false", 13614),
                Attribute("transcribeCallback", URL, None, 13257),
            ),
        ),
        "Recording": Rule(
            make=RecordingNoun,
            attributes=(
                Attribute("name", TEXT, "", field="own_name"),
                Attribute("track", SIDES, "both"),
                Attribute("channels", Choice(("mono", "dual")), "dual"),
                Attribute("trim", TRIM, "trim-silence"),
                *RECORDING_CALLBACK,
            ),
        ),
        "Start": Rule(make=Start, children=("Stream", "Siprec", "Transcription", "Recording"), attributes=ACTION),
        "Stop": Rule(make=Stop, children=("Stream", "Siprec", "Transcription", "Recording")),
        "Connect": Rule(
            make=Connect,
            children=(
                "Stream",
                "ConversationRelay",
                "Room",
                "VirtualAgent",
                "Conversation",
                "Autopilot",
                "AiSession",
                "ConversationRelaySession",
            ),
            attributes=ACTION,
        ),
        "Stream": Rule(
            make=StreamNoun,
            children=("Parameter",),
            attributes=(
                Attribute("url", _SOCKET, None, 31922),
                Attribute("name", TEXT, "", field="own_name"),
                Attribute("track", _TRACKS, "inbound_track", 31941),
                Attribute("statusCallback", LINK, None, 11100),
                Attribute("statusCallbackMethod", METHOD, "POST"),
                Attribute("connectorName", TEXT, ""),
            ),
        ),
        "Transcription": Rule(
            make=TranscriptionNoun,
            children=("Parameter", "Config"),
            attributes=(
                Attribute("name", TEXT, "", field="own_name"),
                Attribute("statusCallbackUrl", LINK, None, 11100, field="status_callback"),
                Attribute("statusCallbackMethod", METHOD, "POST"),
                Attribute("languageCode", Text(32), "en-US", field="language"),
                Attribute("track", _TRACKS, "both_tracks"),
                Attribute("inboundTrackLabel", TEXT, "", field="inbound_label"),
                Attribute("outboundTrackLabel", TEXT, "", field="outbound_label"),
                Attribute("transcriptionEngine", TEXT, "google", field="engine"),
                Attribute("speechModel", TEXT, "telephony", field="model"),
                Attribute("enableProviderData", FLAG, "false", field="has_provider_data"),
                Attribute("profanityFilter", FLAG, "true", field="hides_profanity"),
                Attribute("partialResults", FLAG, "false", field="is_partial"),
                Attribute("enableAutomaticPunctuation", FLAG, "true", field="is_punctuated"),
                Attribute("hints", Hints(), ""),
            ),
        ),
        "Sip": Rule(
            make=SipNoun,
            children=("Uri", "Headers"),
            body=Body.TEXT,
            body_field="uri",
            attributes=(
                Attribute("username", Text(255), None, 13249),
                Attribute("password", Text(255), None, 13249),
                Attribute("url", LINK, None, 11100),
                Attribute("method", METHOD, "POST", 13241),
                *STATUS_CALLBACK,
                *_MACHINE_DETECTION,
            ),
        ),
        "Number": Rule(
            make=NumberNoun,
            body=Body.TEXT,
            body_field="number",
            attributes=(
                Attribute("sendDigits", Digits(), None, 13222),
                Attribute("url", LINK, None, 11100),
                Attribute("method", METHOD, "POST", 13221),
                Attribute("byoc", TEXT),
                *STATUS_CALLBACK,
                *_MACHINE_DETECTION,
            ),
        ),
    }
)

ELEMENTS: Mapping[str, Rule] = MappingProxyType(
    {
        ROOT: Rule(children=(*VERBS, *UNBUILT_VERBS)),
        **_BUILT,
        **UNBUILT_VERBS,
        **UNBUILT_NOUNS,
        **DETAILS,
        **{name: Rule() for name in OPAQUE},
    }
)

IGNORED_ATTRIBUTES: Mapping[str, tuple[Attribute, ...]] = MappingProxyType(
    {
        "Dial": _DIAL_IGNORED,
        "Transcription": rows(TEXT, "intelligenceService conversationConfiguration conversationId"),
    }
)


def parents_of(name: str) -> tuple[str, ...]:
    """The elements in which `name` may stand; none for an unknown one."""
    return tuple(parent for parent, rule in ELEMENTS.items() if name in rule.children)
