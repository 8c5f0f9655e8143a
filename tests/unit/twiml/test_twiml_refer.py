"""<Refer> in documents (contract 2 §1.11): one <Sip> with a URI, and nothing of what a dialed <Sip> has."""

import pytest

from offhook.twiml.document import Document, parse
from offhook.twiml.verbs import Refer, Verb


def read(verbs: str) -> Document:
    """The document of these verbs."""
    return parse(f"<Response>{verbs}</Response>".encode())


GOOD: list[tuple[str, Verb]] = [
    ("<Refer><Sip>sip:a@b</Sip></Refer>", Refer(uri="sip:a@b", line=1)),
    (
        "<Refer action=' /next ' method='get'><Sip>\n  a@b?X-A=1&amp;User-to-User=2 </Sip></Refer>",
        Refer(uri="a@b?X-A=1&User-to-User=2", action="/next", method="GET", line=1),
    ),
    ("<Refer><Sip><Uri>sip:a@b</Uri></Sip></Refer>", Refer(uri="sip:a@b", line=1)),
]


@pytest.mark.parametrize(("verbs", "verb"), GOOD, ids=[row[0] for row in GOOD])
def test_what_a_refer_says(verbs: str, verb: Verb) -> None:
    """The URI as written, white space around it dropped."""
    assert read(verbs) == Document(verbs=(verb,))


BAD = [
    ("<Refer/>", 0, 12200),
    ("<Refer>sip:a@b</Refer>", 0, 12200),
    ("<Refer><Sip> </Sip></Refer>", 0, 12200),
    ("<Refer><Number>+15550001</Number></Refer>", 0, 12200),
    ("<Refer timeout='3'><Sip>a@b</Sip></Refer>", 1, 12200),
    ("<Refer method='PUT'><Sip>a@b</Sip></Refer>", 1, 12200),
    ("<Refer><Sip username='u'>a@b</Sip></Refer>", 1, 12200),
    ("<Refer><Sip>a@b</Sip><Sip>c@d</Sip></Refer>", 1, 12200),
    ("<Refer><Sip>sip:a b@c</Sip></Refer>", 1, 13243),
]


@pytest.mark.parametrize(("verbs", "count", "code"), BAD, ids=[row[0] for row in BAD])
def test_what_is_wrong_with_a_refer(verbs: str, count: int, code: int) -> None:
    """A warning for each mistake; without a URI there is nothing to run."""
    document = read(verbs)
    assert len(document.verbs) == count
    assert code in {warning.code for warning in document.warnings}
