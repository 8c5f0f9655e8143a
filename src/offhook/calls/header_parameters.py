"""The X- headers of a received SIP message as webhook parameters (contract 1 §4.6).

Fed by calls (answered-call and screening requests: `SipHeader_`) and by the interpreter (`<Dial action>`:
`DialSipHeader_`).
"""

from offhook.calls.events import HeaderList

# A message is at most some tens of kilobytes; what of it goes into a webhook is bounded so that a peer cannot blow up
# the customer's request: in number, in the length of one name and value, and in all.
MAX_PARAMETERS = 64
MAX_NAME_LENGTH = 128
MAX_VALUE_LENGTH = 1024
MAX_TOTAL_LENGTH = 16384

USER_TO_USER = "user-to-user"


def header_parameters(headers: HeaderList, prefix: str, *, with_uui: bool = False) -> dict[str, str]:
    """Every X- header (and User-to-User `with_uui`) under `prefix` plus its name as the peer spelt it.

    Repeated headers are joined by a comma in the order they came, under the first spelling (RFC 3261 §7.3.1 compares
    names without case). X-Twilio- headers that a peer sends are passed on like any other. Control characters become
    spaces; a header past a limit is left out.
    """
    spellings: dict[str, str] = {}
    values: dict[str, str] = {}
    room = MAX_TOTAL_LENGTH
    for name, raw in headers:
        if not _is_passed_on(name.lower(), with_uui=with_uui):
            continue
        value = printable(raw)
        key = prefix + spellings.setdefault(name.lower(), name)
        joined = value if key not in values else f"{values[key]},{value}"
        is_one_too_many = key not in values and len(values) >= MAX_PARAMETERS
        if is_one_too_many or len(joined) > MAX_VALUE_LENGTH or len(key) + len(value) + 1 > room:
            continue
        room -= len(value) + 1 + (0 if key in values else len(key))
        values[key] = joined
    return values


def _is_passed_on(name: str, *, with_uui: bool) -> bool:
    if len(name) > MAX_NAME_LENGTH:
        return False
    return (name.startswith("x-") and len(name) > len("x-")) or (with_uui and name == USER_TO_USER)


def printable(value: str) -> str:
    """The text with a space for whatever would not show."""
    return "".join(character if character.isprintable() else " " for character in value).strip()
