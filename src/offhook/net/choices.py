"""In which order the places of a name are tried: by rank, and within a rank by lot (RFC 2782, RFC 3263 §4.3)."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from offhook.sip.hop import Transport


class Place(NamedTuple):
    """Where a message can be sent: `host` is an address."""

    transport: Transport
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The places of one target; `rank` is what NAPTR and SRV say of its order, lowest first, `weight` its share."""

    places: tuple[Place, ...]
    rank: tuple[int, ...] = ()
    weight: int = 0


def draw(choices: Iterable[Choice], lots: random.Random) -> tuple[Place, ...]:
    """All places, each once, in the order to try them this time."""
    places: list[Place] = []
    for _, equals in groupby(sorted(choices, key=attrgetter("rank")), key=attrgetter("rank")):
        for choice in _shuffled(list(equals), lots):
            places += choice.places
    return tuple(dict.fromkeys(places))


def _shuffled(equals: Sequence[Choice], lots: random.Random) -> list[Choice]:
    """RFC 2782: each turn goes to one of those that are left, with a chance that is its share of their weight."""
    left = sorted(equals, key=lambda choice: choice.weight)  # those of weight 0 first, so that they can be drawn at all
    order = []
    while len(left) > 1:
        lot = lots.randint(0, sum(choice.weight for choice in left))
        for index, choice in enumerate(left):
            lot -= choice.weight
            if lot <= 0:
                order.append(left.pop(index))
                break
    return order + left
