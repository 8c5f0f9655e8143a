"""SSML of the contract in the words of espeak-ng."""

import pytest

from offhook.speech.local_markup import local_markup


@pytest.mark.parametrize(
    ("ssml", "expected"),
    [
        ('a <break time="500ms"/>', 'a <break time="500ms"/>'),
        ('a <break time="1.5s"/>', 'a <break time="1500ms"/>'),
        ('a <break time="9999s"/>', 'a <break time="10000ms"/>'),
        ('a <break time="soon" strength="weak"/>', 'a <break strength="weak"/>'),
        ("a <break/>", "a <break/>"),
        ("<p>a</p><s>b</s>", "<p>a</p><s>b</s>"),
        ('<emphasis level="strong">a</emphasis>', '<emphasis level="strong">a</emphasis>'),
        ('<emphasis level="none">a</emphasis>', "a"),
        ('<lang xml:lang="de-DE">a</lang>', '<voice xml:lang="de">a</voice>'),
        ('<lang xml:lang="xx">a</lang>', "a"),
        ('<phoneme alphabet="ipa" ph="x">a</phoneme>', "a"),
        ('<prosody rate="x-slow" pitch="+5%">a</prosody>', '<prosody rate="x-slow" pitch="+5%">a</prosody>'),
        ('<prosody volume="+6dB">a</prosody>', '<prosody volume="x-loud">a</prosody>'),
        ('<prosody volume="-3dB">a</prosody>', '<prosody volume="soft">a</prosody>'),
        ('<prosody rate="&quot;/&gt;&lt;audio src=&quot;x">a</prosody>', "a"),
        ('<say-as interpret-as="digits">a1234</say-as>', "a1 2 3 4"),
        ('<say-as interpret-as="spell-out">ab</say-as>', '<say-as interpret-as="characters">ab</say-as>'),
        ('<say-as interpret-as="date" format="mdy">1/2</say-as>', "1/2"),
        ('<sub alias="World &amp; Web">WW</sub>', "World &amp; Web"),
        ('<w role="amazon:VB">read</w>', "read"),
        ("[[h@l'oU]] &lt;audio src=x>", "[ [h@l'oU]] &lt;audio src=x&gt;"),
    ],
)
def test_each_element_is_said_or_read_plainly(ssml: str, expected: str) -> None:
    """What espeak-ng knows is written in its words; of the rest the text is left."""
    assert local_markup(ssml) == f"<speak>{expected}</speak>"


@pytest.mark.parametrize("ssml", ["<p>", "<a>" * 40 + "</a>" * 40, "x" * 70_000])
def test_what_cannot_be_read_gives_nothing(ssml: str) -> None:
    """Then the plain text is spoken."""
    assert local_markup(ssml) == ""
