"""The names of edges: what may stand in `edge=` and `region=`, and which edge it means (contract 1 §4.7)."""

from collections.abc import Mapping
from types import MappingProxyType

DEFAULT_EDGE = "ashburn"

REGION_OF_EDGE: Mapping[str, str] = MappingProxyType(
    {
        "ashburn": "us1",
        "umatilla": "us2",
        "dublin": "ie1",
        "frankfurt": "de1",
        "singapore": "sg1",
        "tokyo": "jp1",
        "sao-paulo": "br1",
        "sydney": "au1",
    }
)

# Interconnect edges have other addresses there; here there is one set, so their neighbour stands in for them.
_INTERCONNECT = {
    "san-jose-ix": "umatilla",
    "london-ix": "dublin",
    **{f"{edge}-ix": edge for edge in REGION_OF_EDGE if edge not in {"umatilla", "dublin"}},
    **{f"{region}-ix": edge for edge, region in REGION_OF_EDGE.items()},
}

EDGE_OF_NAME: Mapping[str, str] = MappingProxyType(
    {
        **{edge: edge for edge in REGION_OF_EDGE},
        **{region: edge for edge, region in REGION_OF_EDGE.items()},
        "san-jose": "umatilla",  # contract 1 §0.2: the other spelling of the Oregon edge
        **_INTERCONNECT,
    }
)


def canonical_edge(name: str) -> str | None:
    """The edge that a name, legacy region or interconnect name means, in any case of letters; None when unknown."""
    return EDGE_OF_NAME.get(name.lower())


def is_interconnect(name: str) -> bool:
    """Whether the name is of a private interconnect, for which its public neighbour stands in."""
    return name.lower() in _INTERCONNECT
