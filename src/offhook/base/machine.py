"""Runs a state machine that is written as a table; knows nothing about SIP or calls.

A table maps (state, input) to a Step: the next state and the names of the methods to call, in order. Remote inputs
without a row are ignored and reported to `ignored`; local commands without a row raise IllegalInput.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar

from offhook.base.errors import IllegalInput

State = TypeVar("State", bound=Enum)
Input = TypeVar("Input", bound=Enum)
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Step(Generic[State]):
    """One row's right side: where the machine goes, and which of its methods run on the way."""

    next_state: State
    actions: tuple[str, ...] = ()


class Machine(Generic[State, Input, Subject]):
    """A table with its current state; subclasses declare TABLE and COMMANDS and define the actions.

    An action is a method `(self, subject, now) -> None`. It appends to transmissions and events and sets or clears
    deadlines; it never feeds the machine again. `subject` is what the input carries (a message, a body, nothing).
    """

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]]
    COMMANDS: ClassVar[frozenset[Any]] = frozenset()
    rows: ClassVar[dict[tuple[Any, Any], tuple[Any, tuple[Callable[..., None], ...]]]]

    __slots__ = ("state",)

    def __init_subclass__(cls) -> None:
        """Resolve action names to functions once, so that a misspelt name fails when the module is read."""
        if "TABLE" in cls.__dict__:
            cls.rows = {
                key: (step.next_state, tuple(getattr(cls, name) for name in step.actions))
                for key, step in cls.TABLE.items()
            }

    def __init__(self, state: State) -> None:
        self.state = state

    def feed(self, input_: Input, subject: Subject, now: float) -> bool:
        """Take one input; returns whether a row was found.

        Raises IllegalInput when `input_` is a local command that the present state does not allow.
        """
        old = self.state
        row = self.rows.get((old, input_))
        if row is None:
            if input_ in self.COMMANDS:
                message = f"{type(self).__name__} cannot {input_.name} while {old.name}"
                raise IllegalInput(message)
            self.ignored(input_, subject, now)
            return False
        self.state = row[0]
        self.changed(old, input_, now)
        for action in row[1]:
            action(self, subject, now)
        return True

    def allows(self, input_: Input) -> bool:
        """Whether the present state has a row for this input."""
        return (self.state, input_) in self.rows

    def changed(self, old: State, input_: Input, now: float) -> None:
        """Told of every step before its actions run; override to trace it."""

    def ignored(self, input_: Input, subject: Subject, now: float) -> None:
        """Told of every remote input without a row; override to trace it with a reason."""
