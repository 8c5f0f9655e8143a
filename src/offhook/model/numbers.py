"""Telephone numbers and the names that stand in their place (contract 1 §1.3, §1.4, §3.2).

Read by routing, which decides what may stand in a From header, and by the REST face, which shows numbers to people.
"""

import re

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_NANP = re.compile(r"\+1([2-9][0-9]{2})([0-9]{3})([0-9]{4})")
_SIP_USER = re.compile(r"[A-Za-z0-9+\-_.]+")
_SCHEME = re.compile(r"(sips?|tel|client):", re.IGNORECASE)


def is_e164(text: str) -> bool:
    """Whether `text` is a number in E.164 form: a plus sign and 2 to 15 digits."""
    return _E164.fullmatch(text) is not None


def is_sip_user(text: str) -> bool:
    """Whether `text` may stand as the user part of the From header: letters, digits and `+ - _ .` (§1.3)."""
    return _SIP_USER.fullmatch(text) is not None


def format_number(text: str) -> str:
    """A North American number as `(415) 867-5309`; anything else unchanged (§1.4 to_formatted)."""
    match = _NANP.fullmatch(text)
    return text if match is None else f"({match[1]}) {match[2]}-{match[3]}"


def sip_user_of(text: str) -> str:
    """Who an address names: the user part of a SIP URI, the number of a tel URI, the name of a client, or the text.

    Escapes are left as they stand; a SIP URI without a user part gives "".
    """
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    user, at_sign, _ = rest.rpartition("@")
    if not at_sign:
        is_host_only = scheme is not None and scheme[1].lower().startswith("sip")
        user = "" if is_host_only else rest
    # What follows is a password or parameters of the user part, never a name.
    return re.split("[:;?]", user, maxsplit=1)[0]
