"""Fuzz target: one SIP message, read, judged, printed, read again and answered.

The oracle: `parse` and `validate` raise MalformedMessage alone, what was parsed prints and reads back as the same, and
each typed value that can be read prints and reads back as itself.
"""

from collections.abc import Callable

from offhook.sip.address import Address
from offhook.sip.bodies import session_description
from offhook.sip.digest import Challenge, Credentials
from offhook.sip.errors import MalformedMessage, MalformedValue
from offhook.sip.fields import CSeq, MediaType, RAck, Reason, RetryAfter, SessionExpires, Via
from offhook.sip.grammar import split_list
from offhook.sip.message import Message, Response, refusal, response_to
from offhook.sip.parse import Limits, parse, validate
from offhook.sip.replaces import Replaces
from offhook.sip.uri import SipUri, TelUri, parse_uri

LIMITS = Limits(message=4096, header_lines=64, line=1024)
READERS: tuple[Callable[[str], object], ...] = (
    Address.parse,
    Via.parse,
    CSeq.parse,
    RAck.parse,
    Reason.parse,
    SessionExpires.parse,
    RetryAfter.parse,
    MediaType.parse,
    Challenge.parse,
    Credentials.parse,
    Replaces.parse,
    SipUri.parse,
    TelUri.parse,
    parse_uri,
)


def fuzz(data: bytes) -> None:
    """Read, print and judge one message and each of its values; raises only when the oracle does not hold."""
    answer = None
    try:
        message = parse(data, LIMITS)
        check_same(message, parse(bytes(message), Limits()))
        read_values(message)
        validate(message)
        read_fields(message)
    except MalformedMessage as error:
        answer = refusal(error, to_tag="t")
    else:
        answer = None if isinstance(message, Response) else response_to(message, 200, to_tag="t")
    if answer is not None:
        check_same(answer, parse(bytes(answer), Limits()))


def check_same(message: Message, read: Message) -> None:
    """What was printed and read is what there was, and prints as the same bytes."""
    if read != message:
        raise AssertionError(f"{bytes(message)!r} reads back as {bytes(read)!r}")


def read_fields(message: Message) -> None:
    """After validate no accessor raises, `vias` apart."""
    for _ in (message.contacts, message.record_route, message.route, message.max_forwards, message.require):
        pass
    if not isinstance(message, Response):
        for _ in (message.from_, message.to, message.via, message.content_type):
            pass
    session_description(message)


def read_values(message: Message) -> None:
    """Every value is given to every reader: what one takes, it prints and takes again."""
    for _, value in message.headers:
        for text in {value, *split_list(value)[:8]}:
            for read in READERS:
                check_reader(read, text)


def check_reader(read: Callable[[str], object], text: str) -> None:
    """A reader raises MalformedValue, or returns what it returns again for what that prints as."""
    try:
        value = read(text)
    except MalformedValue:
        return
    try:
        again = read(str(value))
    except MalformedValue as error:
        raise AssertionError(f"{text!r} is read and prints as {str(value)!r}, which is not") from error
    if again != value or str(again) != str(value):
        raise AssertionError(f"{text!r} is {value!r}, prints as {str(value)!r} and then is {again!r}")
