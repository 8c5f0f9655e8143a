"""How a conversation sounds, from what RTP and RTCP tell: the E-model of ITU-T G.107, as far as packets decide it."""

from dataclasses import dataclass

BEST_R = 93.2  # G.107 §7.1: all default values, nothing lost and nothing late
LOSS_ROBUSTNESS = 25.1  # G.113 appendix I: Bpl of G.711 with concealment and random loss
NOTICED_DELAY = 0.1773  # seconds one way, from which on talkers interrupt each other
PACKET = 0.02  # seconds
LOWEST_MOS, HIGHEST_R = 1.0, 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One direction as its receiver has it: packets lost, the fraction of all that is (0 to 1), jitter in seconds."""

    lost: int
    loss: float
    jitter: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PortQuality:
    """Both directions of a port: `inbound` as we hear the peer, `outbound` as it says that it hears us.

    `outbound` is None before the peer has reported, `round_trip` (seconds) before one is known (RFC 3550 §6.4).
    """

    inbound: Heard
    outbound: Heard | None = None
    round_trip: float | None = None

    def mos(self, heard: Heard) -> float:
        """The mean opinion score that this direction would get, 1.0 (bad) to 4.4."""
        buffered = PACKET + 2 * heard.jitter
        return mos_of(heard.loss, (self.round_trip or 0.0) / 2 + buffered)


def mos_of(loss: float, delay: float) -> float:
    """The score for a fraction of packets lost, 0 to 1, and a delay from mouth to ear in seconds.

    G.107 with G.711: R = 93.2 - Id - Ie,eff, Id as Cole and Rosenbluth simplify it, and annex B's R to MOS.
    """
    milliseconds = delay * 1000
    late = 0.024 * milliseconds + 0.11 * max(0.0, milliseconds - NOTICED_DELAY * 1000)
    percent = loss * 100
    broken = 95 * percent / (percent + LOSS_ROBUSTNESS)
    rating = BEST_R - late - broken
    if rating <= 0:
        return LOWEST_MOS
    rating = min(rating, HIGHEST_R)
    return max(LOWEST_MOS, 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating))
