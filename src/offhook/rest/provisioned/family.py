"""The two families of the API: /2010-04-01, and /v1 with absolute URLs, ISO dates and lists under `meta`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from offhook.model.webhook import API_VERSION
from offhook.rest import envelope
from offhook.rest.envelope import Extension, Resource, date
from offhook.rest.listing import PageRequest
from offhook.rest.representation import account_path

V1 = "v1"
_META = {
    "first_page_uri": "first_page_url",
    "next_page_uri": "next_page_url",
    "previous_page_uri": "previous_page_url",
    "uri": "url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a list: its records as they are shown, what was asked for, the token of the next page."""

    key: str
    element: str
    shown: Sequence[Resource]
    asked: PageRequest
    rest: str | None
    origin: str

    def envelope(self) -> Resource:
        """Everything but the records."""
        return self.asked.envelope(len(self.shown), self.rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How a family of resources looks: where its lists stand, its dates, how a resource names itself, its pages."""

    root: str
    base: Callable[[str], str]
    date: Callable[[datetime], str | None]
    named: Callable[[str, Extension, str], Resource]
    page: Callable[[ListPage, Extension], web.Response]


def _old_page(page: ListPage, extension: Extension) -> web.Response:
    return envelope.page(page.key, page.element, page.shown, page.envelope(), extension)


def _page(page: ListPage, _extension: Extension) -> web.Response:
    told = page.envelope()
    addresses = {name: None if told[old] is None else page.origin + str(told[old]) for old, name in _META.items()}
    meta = {**addresses, "key": page.key, "page": told["page"], "page_size": told["page_size"]}
    return envelope.json_answer({"meta": meta, page.key: page.shown}, 200)


OLD = Family(
    root=f"/{API_VERSION}",
    base=account_path,
    date=date,
    named=lambda path, extension, _origin: {"uri": path + extension.value},
    page=_old_page,
)
NEW = Family(
    root=f"/{V1}",
    base=lambda _account_sid: f"/{V1}",
    date=lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    named=lambda path, _extension, origin: {"url": origin + path},
    page=_page,
)
