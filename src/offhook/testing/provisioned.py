"""A verified fake of store.provisioned: the same answers, from memory."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from offhook.calls.errors import BadPageToken, NameTaken
from offhook.model.provisioned import Provisioned

Key = tuple[str, str, str]


class MemoryProvisioned:
    """Satisfies rest.world.ProvisionedResources."""

    def __init__(self) -> None:
        self.kept: dict[Key, Provisioned] = {}

    async def add(self, resource: Provisioned) -> None:
        """Keep a new one. Raises NameTaken."""
        if _key(resource) in self.kept:
            raise NameTaken(resource.kind, resource.name or resource.sid)
        self._check_name(resource)
        self.kept[_key(resource)] = resource

    async def change(self, resource: Provisioned) -> None:
        """Keep a newer state. Raises NameTaken."""
        if _key(resource) in self.kept:
            self._check_name(resource)
            self.kept[_key(resource)] = resource

    async def fetch(self, kind: str, sid: str, parent_sid: str = "") -> Provisioned | None:
        """One of them."""
        return self.kept.get((kind, parent_sid, sid))

    async def every(self, kind: str) -> Sequence[Provisioned]:
        """All of a kind, oldest first."""
        return sorted((one for one in self.kept.values() if one.kind == kind), key=_age)

    async def page(
        self, account_sid: str, kind: str, parent_sid: str, filters: Mapping[str, str], size: int, token: str | None
    ) -> tuple[Sequence[Provisioned], str | None]:
        """One page, newest first; its token is the SID where it ends. Raises BadPageToken."""
        found = [
            one for one in await self.every(kind) if (one.account_sid, one.parent_sid) == (account_sid, parent_sid)
        ]
        found = [one for one in reversed(found) if all(_fits(one, *filter_) for filter_ in filters.items())]
        if token is not None:
            places = [place for place, one in enumerate(found) if token == f"PA{one.sid}"]
            if not places:
                raise BadPageToken(f"{token!r} is not a page token of this list")
            found = found[places[0] + 1 :]
        return found[:size], f"PA{found[size - 1].sid}" if len(found) > size else None

    async def count(self, account_sid: str, kind: str, parent_sid: str = "") -> int:
        """How many an account has."""
        wanted = (account_sid, kind, parent_sid)
        return sum((one.account_sid, one.kind, one.parent_sid) == wanted for one in self.kept.values())

    async def uses(self, kind: str, sid: str) -> int:
        """How many of a kind have this SID, or are named by it."""
        return sum(one.kind == kind and sid in {one.sid, one.name} for one in self.kept.values())

    async def remove(self, kind: str, sid: str, parent_sid: str = "") -> None:
        """Forget one, and what stands in it."""
        self.kept.pop((kind, parent_sid, sid), None)
        if not parent_sid:
            self.kept = {key: one for key, one in self.kept.items() if one.parent_sid != sid}

    def _check_name(self, resource: Provisioned) -> None:
        wanted = (resource.kind, resource.parent_sid, resource.name)
        others = [one for one in self.kept.values() if one.sid != resource.sid]
        if resource.name is not None and any((one.kind, one.parent_sid, one.name) == wanted for one in others):
            raise NameTaken(resource.kind, resource.name)


def _key(resource: Provisioned) -> Key:
    return resource.kind, resource.parent_sid, resource.sid


def _age(resource: Provisioned) -> tuple[object, str]:
    return resource.date_created, resource.sid


def _fits(resource: Provisioned, column: str, pattern: str) -> bool:
    value = (resource.name if column == "name" else resource.label) or ""
    return fnmatchcase(value.lower(), pattern.lower().replace("[", "[[]").replace("?", "[?]"))
