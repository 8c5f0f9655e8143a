"""The laws of every table: known states, a way to each, none out of the last, and actions that exist and are used."""

import inspect
from enum import Enum

import pytest
from machine_laws import LAWS, Law, declared_actions, probe, reachable, used_actions

from offhook.base.errors import IllegalInput
from offhook.base.machine import Machine

every_law = pytest.mark.parametrize("law", LAWS, ids=str)


@every_law
def test_each_pair_of_state_and_input_has_a_known_outcome(law: Law) -> None:
    """A row leads to a state of the machine and runs its actions; without one, commands raise, the rest is ignored."""
    for state in law.states:
        for input_ in law.inputs:
            check_pair(law, state, input_)


def check_pair(law: Law, state: Enum, input_: Enum) -> None:
    """One cell of the table."""
    machine, told = probe(law, state)
    step = law.table.get((state, input_))
    assert machine.allows(input_) is (step is not None)
    if step is not None:
        assert machine.feed(input_, None, 0.0) is True
        assert machine.state in law.states
        assert told == list(step.actions)
        return
    if input_ in machine.COMMANDS:
        with pytest.raises(IllegalInput):
            machine.feed(input_, None, 0.0)
    else:
        assert machine.feed(input_, None, 0.0) is False
        assert told == ["ignored"]
    assert machine.state is state


@every_law
def test_the_table_names_only_states_of_its_machine(law: Law) -> None:
    """No row begins or ends in a state that belongs to another machine."""
    assert {state for state, _ in law.table} <= law.states
    assert {step.next_state for step in law.table.values()} <= law.states


@every_law
def test_every_state_can_be_reached(law: Law) -> None:
    """Some history leads to each state."""
    assert reachable(law.table, law.begins) == law.states


@every_law
def test_every_state_has_a_way_to_the_end(law: Law) -> None:
    """From each state some history ends the machine."""
    for state in law.states:
        assert reachable(law.table, frozenset({state})) & law.ends, state


@every_law
def test_an_ended_machine_stays_so(law: Law) -> None:
    """A final state has no way out."""
    for state in law.ends:
        assert reachable(law.table, frozenset({state})) == {state}


@every_law
def test_every_action_exists_with_the_arguments_of_an_action(law: Law) -> None:
    """An action takes the machine, the subject and the time, and returns nothing."""
    for step in law.table.values():
        for name in step.actions:
            signature = inspect.signature(getattr(law.machine, name))
            parameters = list(signature.parameters)
            assert len(parameters) == 3, name
            assert parameters[2] in {"now", "_now"}, name
            assert signature.return_annotation is None, name


@every_law
def test_every_action_is_used(law: Law) -> None:
    """What stands below the line of the actions is named by a table."""
    for part in law.machine.__mro__:
        if issubclass(part, Machine) and part is not Machine:
            assert declared_actions(part) <= used_actions(part), part.__name__
