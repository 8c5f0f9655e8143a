"""Overload by itself: marks to start and to stop, a memory for short breaths, and when callers come back."""

from offhook.sip.overload import Load, Overload, OverloadSettings, Pressure, retry_after

SETTINGS = OverloadSettings(lateness=0.3, sessions=100, transactions=200, relief=0.8, memory=0.2, hold=2.0)


def measured(lateness: float, count: int, *, start: float = 0.0, ours: Overload | None = None) -> Overload:
    """So many measurements of one lateness, a tenth of a second apart."""
    ours = ours or Overload(SETTINGS)
    for number in range(count):
        ours.measure(Load(lateness=lateness), start + number * 0.1)
    return ours


def test_one_long_breath_refuses_nobody() -> None:
    """A second of standstill is no overload."""
    assert not measured(1.0, 1).is_on


def test_lateness_that_stays_begins_overload() -> None:
    """Half a second late, again and again."""
    ours = measured(0.5, 10)
    assert ours.pressures == {Pressure.LATENESS}
    assert ours.times == 1


def test_overload_ends_below_the_lower_mark_and_not_before_its_hold() -> None:
    """It neither ends at once nor flutters around one mark."""
    ours = measured(0.5, 20)
    assert measured(0.26, 100, start=2.0, ours=ours).is_on  # below the upper mark, above the lower one
    assert not measured(0.1, 40, start=12.0, ours=ours).is_on
    assert measured(0.26, 100, start=16.0, ours=ours).is_on is False  # and in between it does not begin again
    assert ours.times == 1


def test_the_hold() -> None:
    """What passes quickly still keeps new calls away for two seconds."""
    ours = Overload(SETTINGS)
    ours.measure(Load(sessions=100), 0.0)
    ours.measure(Load(sessions=10), 1.9)
    assert ours.is_on
    ours.measure(Load(sessions=10), 2.0)
    assert not ours.is_on


def test_sessions_and_transactions_press_each_by_itself() -> None:
    """A hundred sessions, two hundred transactions; each eases at eighty of a hundred."""
    ours = Overload(SETTINGS)
    ours.measure(Load(sessions=100, transactions=199), 0.0)
    assert ours.pressures == {Pressure.SESSIONS}
    ours.measure(Load(sessions=81, transactions=200), 3.0)
    assert ours.pressures == {Pressure.SESSIONS, Pressure.TRANSACTIONS}
    ours.measure(Load(sessions=80, transactions=161), 6.0)
    assert ours.pressures == {Pressure.TRANSACTIONS}
    ours.measure(Load(sessions=0, transactions=0), 9.0)
    assert not ours.is_on


def test_callers_do_not_all_come_back_at_once() -> None:
    """Two to ten seconds, by the call."""
    times = {int(retry_after(f"call-{number}@example.com")) for number in range(200)}
    assert times == set(range(2, 11))
    assert retry_after("\udc80") == retry_after("\udc80")
