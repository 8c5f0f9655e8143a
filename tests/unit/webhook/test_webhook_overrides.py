"""Connection overrides in a URL's fragment (contract 1 §7.4)."""

import pytest

from offhook.webhook.limits import WebhookLimits
from offhook.webhook.overrides import RetryCause, split_overrides


def test_the_documented_example() -> None:
    """`#rc=2&rp=5xx,ct&ct=1000` is read and taken off the URL."""
    url, timing = split_overrides("https://example.com/foo?query=123#rc=2&rp=5xx,ct&ct=1000", WebhookLimits())
    assert url == "https://example.com/foo?query=123"
    assert (timing.retries, timing.connect, timing.total, timing.has_own_total) == (2, 1.0, 15.0, False)
    assert timing.retry_on == {RetryCause.SERVER_ERROR, RetryCause.CONNECT_TIMEOUT}


def test_all_durations() -> None:
    """Read and total limits are milliseconds; `all` names every cause."""
    timing = split_overrides("http://a#rt=200&tt=5000&rp=all", WebhookLimits())[1]
    assert (timing.read, timing.total, timing.has_own_total) == (0.2, 5.0, True)
    assert timing.retry_on == set(RetryCause)


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "section",
        "ct=99",
        "ct=10001",
        "rt=x",
        "tt=٣٣٣",
        "tt=1e3",
        "rc=6",
        "rc=-1",
        "rp=",
        "rp=teapot",
        "zz=1",
        "&=&",
        "=",
    ],
)
def test_values_out_of_range_are_ignored(fragment: str) -> None:
    """What is no override leaves the defaults in place."""
    assert split_overrides("http://a#" + fragment, WebhookLimits()) == split_overrides("http://a", WebhookLimits())
