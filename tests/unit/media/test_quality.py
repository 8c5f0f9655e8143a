"""The E-model, against figures that others have worked out."""

import pytest

from offhook.media.quality import Heard, PortQuality, mos_of


@pytest.mark.parametrize(
    ("loss", "delay", "mos"),
    [
        (0.0, 0.0, 4.41),  # R = 93.2
        (0.0, 0.1333, 4.34),  # R = 90, and so on down table B.1 of G.107
        (0.0, 0.2440, 4.03),
        (0.0811, 0.0, 3.60),
        (0.0, 0.3933, 3.10),
        (0.0, 0.4679, 2.58),
        (0.5, 5.0, 1.0),
    ],
)
def test_scores(loss: float, delay: float, mos: float) -> None:
    """Nothing lost is 4.4; losses and delays take from it, down to 1 and never below."""
    assert mos_of(loss, delay) == pytest.approx(mos, abs=0.01)


def test_worse_is_never_better() -> None:
    """Neither with loss nor with delay."""
    by_loss = [mos_of(step / 100, 0.05) for step in range(101)]
    by_delay = [mos_of(0.01, step / 50) for step in range(101)]
    assert by_loss == sorted(by_loss, reverse=True)
    assert by_delay == sorted(by_delay, reverse=True)
    assert min(by_loss + by_delay) >= 1.0


def test_jitter_and_the_way_are_delay() -> None:
    """Half the round trip, and what a buffer holds back."""
    calm = Heard(lost=0, loss=0.0, jitter=0.0)
    shaken = Heard(lost=0, loss=0.0, jitter=0.1)
    near, far = PortQuality(inbound=calm, round_trip=0.02), PortQuality(inbound=calm, round_trip=0.8)
    assert near.mos(calm) > far.mos(calm)
    assert near.mos(calm) > near.mos(shaken)
    assert PortQuality(inbound=calm).mos(calm) == pytest.approx(mos_of(0.0, 0.02))
