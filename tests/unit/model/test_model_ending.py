"""How a call ended, in one sentence and as callback parameters."""

import msgspec
import pytest

from offhook.model.ending import WORDS, CallEnding, EndReason, SipReason, VerbPlace
from offhook.model.webhook import ending_parameters

Q850 = SipReason(protocol="Q.850", cause=16, text="Normal call clearing")
HUNG_UP = CallEnding(
    reason=EndReason.CALLEE_HUNG_UP, by="callee", is_answered=True, after=12.42, sip_method="BYE", sip_code=200
)

SENTENCES = [
    (HUNG_UP, "callee hung up after 12.4 s, SIP 200 BYE"),
    (
        CallEnding(
            reason=EndReason.CALLER_HUNG_UP,
            by="caller",
            is_answered=True,
            after=3,
            verb=VerbPlace(name="Say", line=2),
            sip_method="BYE",
            sip_code=200,
            reasons=(Q850,),
        ),
        "caller hung up after 3.0 s in <Say> (line 2), SIP 200 BYE, Q.850 cause 16 (Normal call clearing)",
    ),
    (
        CallEnding(
            reason=EndReason.HANGUP_VERB,
            by="platform",
            is_answered=True,
            after=0.5,
            verb=VerbPlace(name="Hangup", line=7),
            sip_method="BYE",
            sip_code=408,
        ),
        "<Hangup> ended the call after 0.5 s at line 7, SIP 408 BYE",
    ),
    (
        CallEnding(
            reason=EndReason.BUSY,
            by="callee",
            is_answered=False,
            after=1.5,
            sip_method="INVITE",
            sip_code=486,
            sip_phrase="Busy Here",
        ),
        "callee is busy before the answer after 1.5 s, SIP 486 Busy Here",
    ),
    (
        CallEnding(reason=EndReason.CRASH, by="platform", is_answered=True),
        "the server stopped during the call",
    ),
]


@pytest.mark.parametrize(("ending", "sentence"), SENTENCES, ids=[one.reason.value for one, _ in SENTENCES])
def test_an_ending_is_told_in_one_sentence(ending: CallEnding, sentence: str) -> None:
    """Who, when, where, and what SIP said."""
    assert ending.sentence == sentence


def test_every_reason_has_words() -> None:
    """And no words are without one."""
    assert set(WORDS) == set(EndReason)


def test_an_ending_outlives_the_store() -> None:
    """It comes back from JSON as it was."""
    ending = SENTENCES[1][0]
    assert msgspec.json.decode(msgspec.json.encode(ending), type=CallEnding) == ending


def test_the_parameters_say_what_is_known() -> None:
    """What is not known is left out."""
    assert ending_parameters(HUNG_UP) == {
        "OffhookEndReason": "callee-hung-up",
        "OffhookEndedBy": "callee",
        "OffhookEndSentence": "callee hung up after 12.4 s, SIP 200 BYE",
        "OffhookEndSipMethod": "BYE",
        "OffhookEndSipCode": "200",
    }
    told = ending_parameters(SENTENCES[1][0])
    assert (told["OffhookEndVerb"], told["OffhookEndLine"], told["OffhookEndQ850Cause"]) == ("Say", "2", "16")
    assert told["OffhookEndSipReason"] == "Q.850 cause 16 (Normal call clearing)"
