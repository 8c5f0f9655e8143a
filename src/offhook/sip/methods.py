"""Request methods and what follows from each (RFC 3261 §7.1, and the RFC that defines the method).

Method names are case-sensitive and compared as they are; any other token is an unknown method.
"""

from dataclasses import dataclass
from typing import Final

INVITE: Final = "INVITE"
ACK: Final = "ACK"
CANCEL: Final = "CANCEL"
BYE: Final = "BYE"
OPTIONS: Final = "OPTIONS"
REGISTER: Final = "REGISTER"
PRACK: Final = "PRACK"
UPDATE: Final = "UPDATE"
INFO: Final = "INFO"
REFER: Final = "REFER"
SUBSCRIBE: Final = "SUBSCRIBE"
NOTIFY: Final = "NOTIFY"
MESSAGE: Final = "MESSAGE"
PUBLISH: Final = "PUBLISH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What a method means for transactions and dialogs."""

    name: str
    is_answered: bool = True  # ACK alone never has a response (§17)
    makes_dialog: bool = False  # a 101-299 may create a dialog (§12.1)
    refreshes_target: bool = False  # in a dialog it may move the remote target (§6)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(name=INVITE, makes_dialog=True, refreshes_target=True),
        Method(name=ACK, is_answered=False),
        Method(name=CANCEL),
        Method(name=BYE),
        Method(name=OPTIONS),
        Method(name=REGISTER),
        Method(name=PRACK),  # RFC 3262
        Method(name=UPDATE, refreshes_target=True),  # RFC 3311
        Method(name=INFO),  # RFC 6086
        Method(name=REFER, makes_dialog=True, refreshes_target=True),  # RFC 3515
        Method(name=SUBSCRIBE, makes_dialog=True, refreshes_target=True),  # RFC 6665
        Method(name=NOTIFY, refreshes_target=True),  # RFC 6665
        Method(name=MESSAGE),  # RFC 3428
        Method(name=PUBLISH),  # RFC 3903
    )
}


def method(name: str) -> Method:
    """The method of this name; an unknown one makes no dialog and refreshes no target."""
    return METHODS.get(name) or Method(name=name)
