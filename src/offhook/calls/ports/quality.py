"""How the sound of a leg comes through."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """One direction as its receiver has it; `loss` is a fraction, `mos` an estimate from 1.0 (bad) to 4.4 (G.107)."""

    packets_lost: int = 0
    loss: float = 0.0
    jitter_ms: float = 0.0
    mos: float = 4.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Both directions; `outbound` is what the peer reports, and it and the round trip are None until it has (RTCP)."""

    inbound: Reception = Reception()
    outbound: Reception | None = None
    round_trip_ms: float | None = None
