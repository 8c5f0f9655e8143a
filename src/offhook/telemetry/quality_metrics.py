"""How legs sounded, as Prometheus metrics: one value a leg and direction, at its end."""

from collections.abc import Mapping
from typing import Any

from offhook.telemetry.tally import Spread

DIRECTIONS = ("inbound", "outbound")
SCORES = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.2)
LOSSES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
JITTERS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
TRIPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.0)


class QualityMetrics:
    """Reads what the timeline says when a leg's media is closed."""

    def __init__(self) -> None:
        self._scores = Spread("offhook_leg_mos", "Estimated mean opinion score", "direction", SCORES)
        self._losses = Spread("offhook_leg_loss_ratio", "Packets lost of all", "direction", LOSSES)
        self._jitters = Spread("offhook_leg_jitter_seconds", "Interarrival jitter", "direction", JITTERS)
        self._trips = Spread("offhook_leg_round_trip_seconds", "There and back again, by RTCP", "direction", TRIPS)
        self.collectors = (self._scores, self._losses, self._jitters, self._trips)

    def receive(self, detail: Mapping[str, Any]) -> None:
        """Count one leg; a leg that heard nothing says nothing of how it sounds."""
        quality = detail.get("quality")
        if not isinstance(quality, Mapping) or not detail.get("packets_received"):
            return
        for direction in DIRECTIONS:
            if reception := quality.get(direction):
                self._scores.add(direction, reception["mos"])
                self._losses.add(direction, reception["loss"])
                self._jitters.add(direction, reception["jitter_ms"] / 1000)
        if quality.get("round_trip_ms") is not None:
            self._trips.add("both", quality["round_trip_ms"] / 1000)
