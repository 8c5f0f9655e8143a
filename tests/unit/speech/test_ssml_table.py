"""Contract 2 §1.1, SSML line by line: what voices with markup, voices without it and the local voice are given."""

import pytest

from offhook.speech.local_markup import MOST_SILENCE, local_markup
from offhook.twiml.document import parse
from offhook.twiml.elements import MAX_DEPTH
from offhook.twiml.errors import TwimlError
from offhook.twiml.verbs import Say


def said(inside: str) -> Say:
    """The only verb of a document."""
    verb = parse(f"<Response><Say>{inside}</Say></Response>".encode()).verbs[0]
    assert isinstance(verb, Say)
    return verb


# element and attributes; what Google and Polly get ("" is: the same); what the rest get; what espeak-ng gets
TABLE = [
    ('a<break time="2s"></break>b', "", "a b", 'a<break time="2000ms"/>b'),
    ('a<break time="250ms"></break>b', "", "a b", 'a<break time="250ms"/>b'),
    ('a<break strength="x-strong"></break>b', "", "a b", 'a<break strength="x-strong"/>b'),
    *((f'<emphasis level="{level}">a</emphasis>', "", "a", "") for level in ("strong", "moderate", "reduced")),
    ("<emphasis>a</emphasis>", "", "a", '<emphasis level="moderate">a</emphasis>'),
    ('<lang xml:lang="fr-FR">a</lang>', "", "a", '<voice xml:lang="fr">a</voice>'),
    ("<p>a</p>", "", "a", ""),
    ("<s>a</s>", "", "a", ""),
    *(
        (f'<phoneme alphabet="{name}" ph="x">a</phoneme>', "", "a", "a")
        for name in ("ipa", "x-sampa", "x-amazon-jyutping")
    ),
    *(
        (f'<prosody {name}="{word}">a</prosody>', "", "a", "")
        for name, words in {
            "volume": "default silent x-soft soft medium loud x-loud",
            "rate": "x-slow slow medium fast x-fast 80%",
            "pitch": "default x-low low medium high x-high +10% -10%",
        }.items()
        for word in words.split()
    ),
    ('<prosody volume="+6dB">a</prosody>', "", "a", '<prosody volume="x-loud">a</prosody>'),
    ('<prosody volume="-2dB">a</prosody>', "", "a", '<prosody volume="soft">a</prosody>'),
    ('<prosody volume="soft" rate="50%" pitch="low">a</prosody>', "", "a", ""),
    *(
        (f'<say-as interpret-as="{kind}">12</say-as>', "", "12", "12")
        for kind in ("cardinal", "number", "ordinal", "fraction", "unit", "date", "time", "address", "expletive")
    ),
    *(
        (f'<say-as interpret-as="{kind}">12</say-as>', "", "12", '<say-as interpret-as="characters">12</say-as>')
        for kind in ("characters", "spell-out")
    ),
    *((f'<say-as interpret-as="{kind}">12</say-as>', "", "12", "1 2") for kind in ("digits", "telephone")),
    ('<say-as interpret-as="date" format="mdy">1/2/2026</say-as>', "", "1/2/2026", "1/2/2026"),
    ('<sub alias="one &amp; two">12</sub>', "", "one & two", "one &amp; two"),
    ("<sub>12</sub>", "", "12", "12"),
    ('<w role="amazon:VB">read</w>', "", "read", "read"),
    # further SSML inside of those that may hold it
    ("<p><s>a <emphasis>b</emphasis></s></p>", "", "a b", '<p><s>a <emphasis level="moderate">b</emphasis></s></p>'),
    (
        '<prosody rate="slow"><lang xml:lang="de-DE"><w role="x">a</w></lang></prosody>',
        "",
        "a",
        '<prosody rate="slow"><voice xml:lang="de">a</voice></prosody>',
    ),
    # attributes that the contract does not have reach nobody
    ('<p onclick="x">a</p>', "<p>a</p>", "a", "<p>a</p>"),
    ('<break time="1s" src="/etc/passwd"/>', '<break time="1s"></break>', "", '<break time="1000ms"/>'),
    # values out of range: a provider has limits of its own, espeak-ng is never given them
    ('a<break time="1h"/>', 'a<break time="1h"></break>', "a", "a<break/>"),
    ('a<break time="-1s"/>', 'a<break time="-1s"></break>', "a", "a<break/>"),
    ('a<break time="3600s"/>', 'a<break time="3600s"></break>', "a", 'a<break time="10000ms"/>'),
    ('a<break strength="huge"/>', 'a<break strength="huge"></break>', "a", "a<break/>"),
    ('<prosody rate="99999%">a</prosody>', "", "a", "a"),
    ('<prosody volume="+9999dB">a</prosody>', "", "a", "a"),
    ('<prosody volume="500%">a</prosody>', "", "a", "a"),
    ('<prosody pitch="400Hz">a</prosody>', "", "a", "a"),
    ('<emphasis level="extreme">a</emphasis>', "", "a", "a"),
    ('<lang xml:lang="../../etc">a</lang>', "", "a", "a"),
]


@pytest.mark.parametrize(("inside", "marked", "plain", "local"), TABLE, ids=[row[0] for row in TABLE])
def test_what_each_kind_of_voice_is_given(inside: str, marked: str, plain: str, local: str) -> None:
    """As it is, as text, and in espeak-ng's words."""
    verb = said(inside)
    assert (verb.ssml, verb.text) == (marked or inside, plain)
    assert local_markup(verb.ssml) == f"<speak>{local or inside}</speak>"


@pytest.mark.parametrize(
    "inside",
    ["<audio src='/etc/passwd'/>", "<mark name='x'/>", "<voice name='x'>a</voice>", "<speak>a</speak>", "<Pause/>"],
)
def test_what_is_no_ssml_of_the_contract_reaches_no_voice(inside: str) -> None:
    """An unknown element inside of <Say> is warned about, and no markup of it is left."""
    document = parse(f"<Response><Say>b<s>c</s>{inside}</Say></Response>".encode())
    verb = document.verbs[0]
    assert isinstance(verb, Say)
    assert document.warnings
    assert verb.ssml.startswith("b<s>c</s>")
    assert not any(word in verb.ssml for word in ("audio", "mark", "voice", "speak", "Pause", "passwd"))


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Response><Say>&b;</Say></Response>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Response><Say><s>&a;</s></Say></Response>',
        "<Response><Say>&a;</Say></Response>",
        f"<Response><Say>{'<p>' * MAX_DEPTH}{'</p>' * MAX_DEPTH}</Say></Response>",
        f"<Response><Say>{'<break/>' * 4000}</Say></Response>",
        "<Response><Say><p>a</s></Say></Response>",
        '<Response><Say><sub alias="<break/>">a</sub></Say></Response>',
    ],
    ids=["entity bomb", "file", "entity", "deep", "many", "crossed", "in an attribute"],
)
def test_a_hostile_document_is_refused_whole(document: str) -> None:
    """With the place of the mistake, before any voice sees it."""
    with pytest.raises(TwimlError):
        parse(document.encode())


def test_all_breaks_together_are_limited() -> None:
    """Many small ones as well as few long ones; what is beyond is left out."""
    told = local_markup('a<break time="7s"/>' * 100)
    assert told.count('<break time="7000ms"/>') == MOST_SILENCE // 7
    assert told.count('<break time="4000ms"/>') == 1
    assert told.count('<break time="0ms"/>') == 100 - MOST_SILENCE // 7 - 1
    assert told.count("a<") == 100


def test_text_never_becomes_markup() -> None:
    """Neither for a provider nor for espeak-ng."""
    verb = said('<s>&lt;break time="9s"/&gt; &amp;lt;</s><sub alias="&lt;audio src=&quot;x&quot;/&gt;">y</sub>')
    assert verb.ssml.count("<") == 4
    assert local_markup(verb.ssml) == ('<speak><s>&lt;break time="9s"/&gt; &amp;lt;</s>&lt;audio src="x"/&gt;</speak>')
