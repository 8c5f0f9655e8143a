"""The rows of elements that are known and not built yet, so that their mistakes are told all the same.

Contract 2 §0.1, §1, §2.7, §5. Read by schema. An element moves to schema when it gets a dataclass.
"""

from collections.abc import Mapping
from types import MappingProxyType

from offhook.twiml.kinds import Choice, Text, Url, Whole, Words
from offhook.twiml.rules import (
    ACTION,
    FLAG,
    LINK,
    METHOD,
    RECORDING_CALLBACK,
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

PROMPTS = ("Say", "Play", "Pause")

_SOCKET = Url(("ws", "wss"))
_TRACKS = Choice.of("inbound_track outbound_track both_tracks")
_CONFERENCE_EVENTS = Words.of("start end join leave mute hold modify speaker announcement")
_INTERRUPTIONS = Choice.of("none dtmf speech any", aliases=(("true", "any"), ("false", "none")))

UNBUILT_VERBS: Mapping[str, Rule] = MappingProxyType(
    {
        "Enqueue": Rule(
            body=Body.TEXT,
            children=("Task",),
            attributes=(
                *ACTION,
                Attribute("waitUrl", LINK, None, 11100),
                Attribute("waitUrlMethod", METHOD, "POST"),
                Attribute("maxQueueSize", Whole(1)),
                *rows(TEXT, "workflowSid"),
            ),
        ),
        "Leave": Rule(),
        "Echo": Rule(),
        "Pay": Rule(
            children=("Prompt", "Parameter"),
            attributes=rows(
                Text(4000),
                "input action statusCallback statusCallbackMethod paymentMethod bankAccountType timeout "
                "maxAttempts securityCode postalCode minPostalCodeLength paymentConnector tokenType "
                "chargeAmount currency language description validCardTypes",
            ),
        ),
        "Sms": Rule(
            body=Body.TEXT,
            attributes=(*ACTION, Attribute("statusCallback", URL, None, 11100), *rows(TEXT, "to from")),
        ),
    }
)

UNBUILT_NOUNS: Mapping[str, Rule] = MappingProxyType(
    {
        "Client": Rule(
            body=Body.TEXT,
            children=("Identity", "Parameter"),
            attributes=(
                Attribute("url", LINK, None, 11100),
                Attribute("method", METHOD, "POST"),
                *STATUS_CALLBACK,
                Attribute("clientNotificationUrl", URL, None, 11100),
            ),
        ),
        "Conference": Rule(
            body=Body.TEXT,
            attributes=(
                Attribute("muted", FLAG, "false"),
                Attribute("beep", Choice(("true", "false", "onEnter", "onExit")), "true"),
                Attribute("startConferenceOnEnter", FLAG, "true"),
                Attribute("endConferenceOnExit", FLAG, "false"),
                Attribute("participantLabel", Text(128)),
                Attribute("jitterBufferSize", Choice(("small", "medium", "large", "off")), "large"),
                Attribute("waitUrl", URL, None, 13233),
                Attribute("waitMethod", METHOD, "POST"),
                Attribute("maxParticipants", Whole(1, 250), "250"),
                Attribute("record", Choice(("do-not-record", "record-from-start")), "do-not-record"),
                Attribute("trim", TRIM, "trim-silence"),
                Attribute("statusCallback", URL, None, 11100),
                Attribute("statusCallbackMethod", METHOD, "POST"),
                Attribute("statusCallbackEvent", _CONFERENCE_EVENTS),
                *RECORDING_CALLBACK,
                *rows(TEXT, "region coach eventCallbackUrl"),
            ),
        ),
        "Queue": Rule(
            body=Body.TEXT,
            attributes=(
                Attribute("url", LINK, None, 11100),
                Attribute("method", METHOD, "POST"),
                *rows(TEXT, "reservationSid postWorkActivitySid"),
            ),
        ),
        "Application": Rule(
            body=Body.TEXT,
            children=("ApplicationSid", "Parameter"),
            attributes=(
                Attribute("customerId", Text(256)),
                Attribute("copyParentTo", FLAG, "false"),
                Attribute("url", LINK, None, 11100),
                Attribute("method", METHOD, "POST"),
                *STATUS_CALLBACK,
            ),
        ),
        "Sim": Rule(body=Body.TEXT),
        "WhatsApp": Rule(
            body=Body.TEXT,
            attributes=(Attribute("url", LINK, None, 11100), Attribute("method", METHOD, "POST"), *STATUS_CALLBACK),
        ),
        "Siprec": Rule(
            children=("Parameter",),
            attributes=(
                Attribute("track", _TRACKS, "both_tracks"),
                Attribute("statusCallback", URL, None, 11100),
                Attribute("statusCallbackMethod", METHOD, "POST"),
                *rows(TEXT, "name connectorName"),
            ),
        ),
        "ConversationRelay": Rule(
            children=("Language", "Parameter"),
            attributes=(
                Attribute("url", _SOCKET, None, 31922),
                Attribute("welcomeGreeting", Text(4096)),
                Attribute("welcomeGreetingInterruptible", _INTERRUPTIONS, "any"),
                Attribute("interruptible", _INTERRUPTIONS, "any"),
                Attribute("interruptSensitivity", Choice(("low", "medium", "high")), "high"),
                Attribute("reportInputDuringAgentSpeech", _INTERRUPTIONS, "none"),
                Attribute("preemptible", FLAG, "false"),
                Attribute("dtmfDetection", FLAG, "false"),
                *rows(
                    Text(51_000),
                    "language ttsLanguage ttsProvider voice transcriptionLanguage transcriptionProvider "
                    "speechModel hints debug elevenlabsTextNormalization intelligenceService profanityFilter "
                    "partialPrompts backgroundNoiseReduction speechTimeout deepgramSmartFormat ignoreBackchannel "
                    "events",
                ),
            ),
        ),
    }
)

# What stands inside the elements above.
DETAILS: Mapping[str, Rule] = MappingProxyType(
    {
        "Parameter": Rule(attributes=rows(Text(500), "name value")),
        "Identity": Rule(body=Body.TEXT),
        "ApplicationSid": Rule(body=Body.TEXT),
        "Task": Rule(body=Body.TEXT, attributes=rows(TEXT, "priority timeout")),
        "Uri": Rule(body=Body.TEXT),
        "Headers": Rule(children=("Header",)),
        "Header": Rule(attributes=rows(TEXT, "name value")),
        "Language": Rule(attributes=rows(TEXT, "code ttsProvider voice transcriptionProvider speechModel")),
        "Prompt": Rule(
            children=PROMPTS,
            attributes=rows(TEXT, "for attempt cardType errorType requireMatchingInputs"),
        ),
        "break": Rule(attributes=rows(TEXT, "strength time")),
        "emphasis": Rule(children=SSML, body=Body.SSML, attributes=rows(TEXT, "level")),
        "lang": Rule(children=SSML, body=Body.SSML, attributes=rows(TEXT, "xml:lang")),
        "p": Rule(children=SSML, body=Body.SSML),
        "s": Rule(children=SSML, body=Body.SSML),
        "phoneme": Rule(body=Body.TEXT, attributes=rows(TEXT, "alphabet ph")),
        "prosody": Rule(children=SSML, body=Body.SSML, attributes=rows(TEXT, "volume rate pitch")),
        "say-as": Rule(body=Body.TEXT, attributes=rows(TEXT, "interpret-as format")),
        "sub": Rule(body=Body.TEXT, attributes=rows(TEXT, "alias")),
        "w": Rule(children=SSML, body=Body.SSML, attributes=rows(TEXT, "role")),
    }
)

# Vendor services behind <Connect> that have no place here; whatever they hold is not looked at.
OPAQUE = frozenset(
    {"Room", "VirtualAgent", "Conversation", "Autopilot", "AiSession", "ConversationRelaySession", "Config"}
)
