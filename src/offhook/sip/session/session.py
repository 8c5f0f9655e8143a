"""InviteSession: the parts of a session behind one object."""

from collections.abc import Mapping
from typing import Any, ClassVar

from offhook.base.machine import Step
from offhook.sip.session.close import Closing
from offhook.sip.session.establish import Establishing
from offhook.sip.session.machine import COMMANDS, TABLE
from offhook.sip.session.modify import Modifying
from offhook.sip.session.refer import Referring


class InviteSession(Establishing, Modifying, Referring, Closing):
    """The INVITE usage of one dialog, either role."""

    __slots__ = ()

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]] = TABLE
    COMMANDS: ClassVar[frozenset[Any]] = COMMANDS
