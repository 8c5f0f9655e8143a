"""Trouble is logged once for each source, and not without bound."""

from structlog.testing import capture_logs

from offhook.net.sparing_log import SparingLog


def test_a_source_is_named_once_in_a_while() -> None:
    """After the pause the next line says how often it came again."""
    now = 0.0
    with capture_logs() as logs:
        troubles = SparingLog(lambda: now, pause=60.0)
        for _ in range(5):
            troubles.tell("refused", "192.0.2.1", reason="garbage")
        troubles.tell("refused", "192.0.2.2", reason="garbage")
        now = 60.0
        troubles.tell("refused", "192.0.2.1", reason="garbage")
    assert [(line["source"], line.get("again")) for line in logs] == [
        ("192.0.2.1", None),
        ("192.0.2.2", None),
        ("192.0.2.1", 4),
    ]


def test_many_sources_do_not_flood_the_log() -> None:
    """So many lines in a pause, and so many sources remembered, whoever they are."""
    now = 0.0
    with capture_logs() as logs:
        troubles = SparingLog(lambda: now, pause=60.0, burst=10, sources=8)
        for number in range(1000):
            troubles.tell("refused", f"192.0.2.{number}")
        assert len(logs) == 10
        now = 61.0
        troubles.tell("refused", "192.0.2.0")
        assert len(logs) == 11
    assert len(troubles._told) <= 8
