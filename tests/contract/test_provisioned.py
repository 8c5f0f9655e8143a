"""What keeps provisioned resources, in the store and in memory: one contract for both."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from offhook.calls.errors import BadPageToken, NameTaken
from offhook.model.provisioned import Provisioned
from offhook.model.sids import AccountSid
from offhook.rest.world import ProvisionedResources
from offhook.store.sqlite import open_store
from offhook.testing.provisioned import MemoryProvisioned

pytestmark = pytest.mark.asyncio

OURS, THEIRS = AccountSid("AC" + "1" * 32), AccountSid("AC" + "2" * 32)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture(params=["store", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ProvisionedResources]:
    """An empty one of each kind."""
    if request.param == "memory":
        yield MemoryProvisioned()
        return
    store = await open_store(tmp_path / "some.db")
    yield store.provisioned
    await store.close()


def number(last: int, *, owner: AccountSid = OURS, label: str = "desk", parent: str = "") -> Provisioned:
    """The number with this last digit, as old as the digit is low."""
    created = NOON + timedelta(minutes=last)
    return Provisioned(
        sid=f"PN{last:032x}",
        account_sid=owner,
        kind="number",
        parent_sid=parent,
        name=f"+1555010010{last}",
        label=label,
        date_created=created,
        date_updated=created,
        values={"voice_url": "https://a.example/", "nested": {"a": [1, None, True]}},
    )


async def test_one_comes_back_as_it_was(kept: ProvisionedResources) -> None:
    """Added, fetched, changed, removed."""
    one = number(1)
    await kept.add(one)
    assert await kept.fetch("number", one.sid) == one
    changed = replace(one, label="front desk", values={})
    await kept.change(changed)
    assert await kept.fetch("number", one.sid) == changed
    assert await kept.fetch("domain", one.sid) is None
    assert await kept.fetch("number", one.sid, "CL1") is None
    await kept.remove("number", one.sid)
    assert await kept.fetch("number", one.sid) is None


async def test_a_name_is_taken_once(kept: ProvisionedResources) -> None:
    """By whichever account, in the same list; a SID likewise; and a change may not take another's."""
    one, two = number(1), number(2)
    await kept.add(one)
    await kept.add(two)
    for taken in (replace(number(3, owner=THEIRS), name=one.name), replace(one, name=None)):
        with pytest.raises(NameTaken):
            await kept.add(taken)
    with pytest.raises(NameTaken):
        await kept.change(replace(two, name=one.name))
    await kept.add(number(1, parent="CL1"))
    assert await kept.every("number") == [one, number(1, parent="CL1"), two]


async def test_lists(kept: ProvisionedResources) -> None:
    """Of one account, kind and parent, newest first, filtered, in pages."""
    for last in range(5):
        await kept.add(number(last, label="odd" if last % 2 else "even_%"))
    await kept.add(number(7, owner=THEIRS))
    await kept.add(number(8, parent="CL1"))
    seen: list[str] = []
    token: str | None = None
    while True:
        page, token = await kept.page(OURS, "number", "", {}, 2, token)
        seen += [str(one.name)[-1] for one in page]
        if token is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]
    for filters, found in (
        ({"label": "odd"}, "31"),
        ({"label": "EVEN_%"}, "420"),
        ({"label": "e*%"}, "420"),
        ({"name": "*0103"}, "3"),
        ({"name": "+1555*", "label": "odd"}, "31"),
        ({"name": "_1555*"}, ""),
    ):
        page, _ = await kept.page(OURS, "number", "", filters, 50, None)
        assert "".join(str(one.name)[-1] for one in page) == found, filters
    assert await kept.count(OURS, "number") == 5
    assert await kept.count(OURS, "number", "CL1") == 1
    with pytest.raises(BadPageToken):
        await kept.page(OURS, "number", "", {}, 2, "nonsense")


async def test_what_stands_in_a_list_goes_with_it(kept: ProvisionedResources) -> None:
    """And how many lists something stands in is known."""
    await kept.add(number(1, parent="SD1"))
    await kept.add(replace(number(1, parent="SD2"), name=None))
    assert await kept.uses("number", number(1).sid) == 2
    await kept.remove("domain", "SD1")
    assert await kept.uses("number", number(1).sid) == 1
    await kept.remove("number", number(1).sid, "SD2")
    assert await kept.uses("number", number(1).sid) == 0
    await kept.add(replace(number(2), name=number(1).sid))
    assert await kept.uses("number", number(1).sid) == 1
