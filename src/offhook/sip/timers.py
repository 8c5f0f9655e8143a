"""Timers A to M and their lengths (RFC 3261 table 4, RFC 6026 §7.1), in seconds."""

from dataclasses import dataclass
from enum import Enum


class Timer(Enum):
    """The names of the RFC; one deadline for each name and transaction."""

    A = "INVITE request retransmission"
    B = "INVITE transaction timeout"
    D = "wait for response retransmissions"
    E = "non-INVITE request retransmission"
    F = "non-INVITE transaction timeout"
    G = "INVITE response retransmission"
    H = "wait for ACK"
    I = "wait for ACK retransmissions"  # noqa: E741  # the RFC's name
    J = "wait for non-INVITE request retransmissions"
    K = "wait for non-INVITE response retransmissions"
    L = "wait for accepted INVITE request retransmissions"
    M = "wait for retransmission of 2xx to INVITE"

    __hash__ = object.__hash__  # that of Enum is Python code, and every deadline is looked up by it


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerValues:
    """T1 (round trip), T2 (longest interval between retransmissions) and T4 (longest life of a message)."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def timeout(self) -> float:
        """64*T1: timers B, F, H, J, L and M."""
        return 64 * self.t1

    @property
    def response_wait(self) -> float:
        """Timer D on UDP: at least 32 s."""
        return max(32.0, self.timeout)
