"""A kind of provisioned resource: its place in the API, its fields, its rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from offhook.model.provisioned import Provisioned
from offhook.model.webhook import API_VERSION
from offhook.rest.envelope import Extension, Resource
from offhook.rest.provisioned.family import OLD, Family
from offhook.rest.provisioned.fields import Field

Shape = Callable[[Provisioned, str], Resource]


def nothing_more(_resource: Provisioned, _path: str) -> Resource:
    """For a kind that shows its fields alone."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many an account, or a list, may have, and the code of the error when it has them."""

    count: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What keeps a resource from being deleted: it stands in a list of this kind. `code` is the error's."""

    kind: str
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind.

    `path` is its collection below an account, or below one of `parent`; `key` and `element` name its records in JSON
    and XML. `named` is the field whose value is taken once in its scope, with the code of `taken`; `labelled` the one
    that its friendly name is. `filters` are query parameters by the column that they are for. `more` adds to what is
    shown, `hidden` are keys that never are; what never `changes` is made and removed alone;
    `also` are parameters that are read and are no fields.
    """

    name: str
    prefix: str
    path: str
    key: str
    element: str
    fields: tuple[Field, ...]
    parent: "Kind | None" = None
    named: str = ""
    taken: int = 0
    labelled: str = "friendly_name"
    filters: Mapping[str, str] = field(default_factory=dict)
    limit: Limit | None = None
    uses: tuple[Use, ...] = ()
    more: Shape = nothing_more
    hidden: frozenset[str] = frozenset()
    shows_version: bool = False
    shows_uri: bool = True
    changes: bool = True
    family: Family = OLD
    also: tuple[str, ...] = ()

    def collection(self, account_sid: str, parent_sid: str = "") -> str:
        """The path of the list."""
        base = self.family.base(account_sid)
        if self.parent is None:
            return f"{base}/{self.path}"
        return f"{self.parent.collection(account_sid)}/{parent_sid}/{self.path}"

    def shown(self, resource: Provisioned, extension: Extension, origin: str = "") -> Resource:
        """A resource as the API shows it, keys in alphabetical order, as in captured answers."""
        path = f"{self.collection(resource.account_sid, resource.parent_sid)}/{resource.sid}"
        values: dict[str, Any] = {
            "sid": resource.sid,
            "account_sid": resource.account_sid,
            "date_created": self.family.date(resource.date_created),
            "date_updated": self.family.date(resource.date_updated),
            **{one.key: resource.values.get(one.key, one.default) for one in self.fields},
            **self.more(resource, origin + path),
        }
        if self.shows_version:
            values.setdefault("api_version", API_VERSION)
        if self.shows_uri:
            values |= self.family.named(path, extension, origin)
        return {key: values[key] for key in sorted(values.keys() - self.hidden)}
