"""What <Refer> sends its peer to: the text of <Sip> as a Refer-To URI (contract 2 §1.11).

Read by the interpreter. Unlike the target of a call it stays as written: it is for the peer to make sense of.
"""

from offhook.calls.sip_target import InvalidTarget, parse_target, split_target
from offhook.calls.uri_headers import Warnings, parse_headers, print_headers
from offhook.sip.errors import SipError
from offhook.sip.uri import TelUri


def refer_target(text: str) -> tuple[str, Warnings]:
    """The URI, with its headers checked and escaped anew, and a warning for each that is left off.

    A tel: URI is taken, too. Raises InvalidTarget.
    """
    trimmed = text.strip()
    if trimmed.lower().startswith("tel:"):
        try:
            return str(TelUri.parse(trimmed)), ()
        except SipError as error:
            raise InvalidTarget(str(error)) from error
    address, _, header_part = split_target(trimmed)
    parse_target(address)
    headers, warnings = parse_headers(header_part, takes_any=True)
    uri = address if address.lower().startswith(("sip:", "sips:")) else f"sip:{address}"
    return f"{uri}?{print_headers(headers)}" if headers else uri, warnings
