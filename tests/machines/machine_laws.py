"""What every machine of the project has to keep, whatever it is about: one list of tables, one set of questions."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from offhook.base.machine import Machine, Step
from offhook.calls.leg import CallLeg
from offhook.calls.leg_table import LegState
from offhook.model.call import FINAL_STATUSES, STATUS_TABLE, CallStatus
from offhook.sip.session.machine import SessionState
from offhook.sip.session.session import InviteSession
from offhook.sip.transaction.client import ClientInviteTransaction, ClientNonInviteTransaction, ClientState
from offhook.sip.transaction.server import ServerInviteTransaction, ServerNonInviteTransaction, ServerState

Table = Mapping[tuple[Any, Any], Step[Any]]
ACTIONS = re.compile(r"^ {4}# --- actions.*?\n(.*?)(?=^ {4}# --- |\Z)", re.MULTILINE | re.DOTALL)
METHOD = re.compile(r"^ {4}def ([a-z]\w*)\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Law:
    """A machine and what it is meant to be: where it begins, where it ends, and every state between."""

    name: str
    machine: type[Machine[Any, Any, Any]]
    begins: frozenset[Enum]
    ends: frozenset[Enum]
    states: frozenset[Enum]

    @property
    def table(self) -> Table:
        """The machine's table."""
        return self.machine.TABLE

    @property
    def inputs(self) -> list[Enum]:
        """Every input of the machine's enum, its own or not."""
        kind: type[Enum] = type(next(iter(self.table))[1])
        return list(kind)

    def __str__(self) -> str:
        return self.name


class CallProgress(Machine[CallStatus, CallStatus, None]):
    """The status table in the form of the others: the input is the status that the call would take."""

    TABLE = {  # noqa: RUF012  # as Machine has it
        (status, following): Step(following) for status, ways in STATUS_TABLE.items() for following in ways
    }


C, V, E, G = ClientState, ServerState, SessionState, LegState

LAWS = (
    Law(
        "client INVITE transaction",
        ClientInviteTransaction,
        frozenset({C.CALLING}),
        frozenset({C.TERMINATED}),
        frozenset(C) - {C.TRYING},
    ),
    Law(
        "client non-INVITE transaction",
        ClientNonInviteTransaction,
        frozenset({C.TRYING}),
        frozenset({C.TERMINATED}),
        frozenset(C) - {C.CALLING, C.ACCEPTED},
    ),
    Law(
        "server INVITE transaction",
        ServerInviteTransaction,
        frozenset({V.PROCEEDING}),
        frozenset({V.TERMINATED}),
        frozenset(V) - {V.TRYING},
    ),
    Law(
        "server non-INVITE transaction",
        ServerNonInviteTransaction,
        frozenset({V.TRYING}),
        frozenset({V.TERMINATED}),
        frozenset(V) - {V.ACCEPTED, V.CONFIRMED},
    ),
    Law("INVITE session", InviteSession, frozenset({E.CALLING, E.OFFERED}), frozenset({E.ENDED}), frozenset(E)),
    Law("call leg", CallLeg, frozenset({G.IDLE}), frozenset({G.ENDED}), frozenset(G)),
    Law("call status", CallProgress, frozenset({CallStatus.QUEUED}), FINAL_STATUSES, frozenset(CallStatus)),
)


def probe(law: Law, state: Enum) -> tuple[Machine[Any, Any, Any], list[str]]:
    """A machine in this state whose actions only write down their names."""
    told: list[str] = []

    def action(name: str) -> Callable[[object, object, float], None]:
        return lambda _self, _subject, _now: told.append(name)

    names = {name for step in law.table.values() for name in step.actions}
    members: dict[str, Any] = {name: action(name) for name in names}
    members |= {"ignored": lambda *_: told.append("ignored"), "changed": lambda *_: None}
    members |= {"TABLE": law.table, "__slots__": (), "__init__": Machine.__init__}
    machine: Callable[[Enum], Machine[Any, Any, Any]] = type("Probe", (law.machine,), members)
    return machine(state), told


def reachable(table: Table, begins: frozenset[Enum]) -> set[Enum]:
    """Every state that some history leads to."""
    found, open_ = set(begins), list(begins)
    while open_:
        state = open_.pop()
        for (before, _), step in table.items():
            if before is state and step.next_state not in found:
                found.add(step.next_state)
                open_.append(step.next_state)
    return found


def used_actions(machine: type) -> set[str]:
    """The actions that the tables name of which this class is a part."""
    tables = [law.table for law in LAWS if issubclass(law.machine, machine)]
    return {name for table in tables for step in table.values() for name in step.actions}


def declared_actions(machine: type) -> set[str]:
    """The methods that a class itself declares below its line `--- actions`."""
    return {name for part in ACTIONS.findall(inspect.getsource(machine)) for name in METHOD.findall(part)}
