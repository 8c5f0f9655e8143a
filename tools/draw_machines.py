"""Draws the state machines from their tables into docs/reference/machines/; `--check` only tells what is stale.

Each page is a Mermaid diagram, which code hosts and editors show, and the table behind it. Rows that leave the state
as it is are in the table alone, or the arrows would hide one another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from generated import settle

from offhook.base.machine import Machine, Step
from offhook.calls.leg import CallLeg
from offhook.calls.leg_table import LegState
from offhook.model.call import FINAL_STATUSES, STATUS_TABLE, CallStatus
from offhook.sip.session.machine import SessionState
from offhook.sip.session.session import InviteSession
from offhook.sip.transaction.client import ClientInviteTransaction, ClientNonInviteTransaction, ClientState
from offhook.sip.transaction.server import ServerInviteTransaction, ServerNonInviteTransaction, ServerState

TARGET = Path(__file__).parent.parent / "docs" / "reference" / "machines"
HEAD = "Drawn from `{source}` by `tools/draw_machines.py`: change the table, not this page."

Table = Mapping[tuple[Any, Any], Step[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One page: what the machine is called, where its table stands, and where it begins and ends."""

    name: str
    about: str
    source: str
    table: Table
    commands: frozenset[Any] = frozenset()
    begins: tuple[Enum, ...]
    ends: frozenset[Any]

    @property
    def file(self) -> str:
        """The page's file name."""
        return self.name.lower().replace(" ", "-") + ".md"


def of_machine(machine: type[Machine[Any, Any, Any]], name: str, about: str, begins: tuple[Enum, ...]) -> Drawing:
    """A drawing of a machine that ends in the states that no row leaves."""
    table = machine.TABLE
    final = {step.next_state for step in table.values() if is_final(table, step.next_state)}
    source = "src/" + machine.__module__.replace(".", "/") + ".py"
    return Drawing(
        name=name,
        about=about,
        source=source,
        table=table,
        commands=machine.COMMANDS,
        begins=begins,
        ends=frozenset(final),
    )


def is_final(table: Table, state: Enum) -> bool:
    """Whether no row leads from this state to another."""
    return all(step.next_state is state for (before, _), step in table.items() if before is state)


def status_drawing() -> Drawing:
    """The table of CallStatus, whose inputs are the statuses themselves."""
    rows = {
        (status, following): Step(following)
        for status in CallStatus
        for following in CallStatus
        if following in STATUS_TABLE[status]
    }
    return Drawing(
        name="Call status",
        about="What the API says of a call (contract 1 §1.7). The input is the status that the call takes.",
        source="src/offhook/model/call.py",
        table=rows,
        begins=(CallStatus.QUEUED,),
        ends=frozenset(FINAL_STATUSES),
    )


DRAWINGS = (
    of_machine(
        ClientInviteTransaction,
        "INVITE client transaction",
        "RFC 3261 figure 5 with the Accepted state of RFC 6026.",
        (ClientState.CALLING,),
    ),
    of_machine(
        ClientNonInviteTransaction, "non-INVITE client transaction", "RFC 3261 figure 6.", (ClientState.TRYING,)
    ),
    of_machine(
        ServerInviteTransaction,
        "INVITE server transaction",
        "RFC 3261 figure 7 with the Accepted state of RFC 6026.",
        (ServerState.PROCEEDING,),
    ),
    of_machine(
        ServerNonInviteTransaction, "non-INVITE server transaction", "RFC 3261 figure 8.", (ServerState.TRYING,)
    ),
    of_machine(
        InviteSession,
        "INVITE session",
        "The INVITE usage of a dialog, either role (RFC 3261 §13 to §15, RFC 5057).",
        (SessionState.CALLING, SessionState.OFFERED),
    ),
    of_machine(CallLeg, "Call leg", "One INVITE session and one media port, as calls see them.", (LegState.IDLE,)),
    status_drawing(),
)


def diagram(drawing: Drawing) -> list[str]:
    """The Mermaid lines: one arrow for each pair of states, with the inputs that lead along it."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, input_), step in drawing.table.items():
        if step.next_state is not state:
            arrows.setdefault((state.name, step.next_state.name), []).append(input_.name)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state.name}" for state in drawing.begins]
    lines += [f"    {before} --> {after}: {'<br/>'.join(inputs)}" for (before, after), inputs in arrows.items()]
    lines += [f"    {name} --> [*]" for name in sorted(state.name for state in drawing.ends)]
    return [*lines, "```"]


def rows(drawing: Drawing) -> list[str]:
    """The table as Markdown; commands of ours are set in bold."""
    lines = ["| state | input | next state | actions |", "|---|---|---|---|"]
    for (state, input_), step in drawing.table.items():
        name = f"**{input_.name}**" if input_ in drawing.commands else input_.name
        actions = ", ".join(f"`{action}`" for action in step.actions)
        lines.append(f"| {state.name} | {name} | {step.next_state.name} | {actions} |")
    return lines


def page(drawing: Drawing) -> str:
    """A whole page."""
    note = "What comes from outside without a row is ignored and traced."
    if drawing.commands:
        note += " A command, **in bold**, without a row is a bug of ours and raises."
    head = [f"# {drawing.name}", "", HEAD.format(source=drawing.source), "", drawing.about, note, ""]
    return "\n".join([*head, *diagram(drawing), "", *rows(drawing), ""])


def index() -> str:
    """The page that leads to the others."""
    lines = ["# State machines", "", "Drawn by `tools/draw_machines.py` from the tables that the code runs on.", ""]
    lines += [f"- [{drawing.name}]({drawing.file}): {drawing.about}" for drawing in DRAWINGS]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    settle(TARGET / "README.md", index())
    for one in DRAWINGS:
        settle(TARGET / one.file, page(one))
