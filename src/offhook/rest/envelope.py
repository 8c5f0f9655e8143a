"""Resources as they go out: JSON, and XML or CSV where the path's extension says so (contract 1 §1.1, §1.4, §1.9)."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from enum import Enum
from html import escape
from typing import Any

import msgspec
from aiohttp import web

from offhook.model.errors import more_info

Resource = Mapping[str, Any]

# What XML 1.0 cannot carry, even escaped (XML §2.2).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Extension(Enum):
    """The end of a path, which names the form of the answer."""

    NONE = ""
    JSON = ".json"
    XML = ".xml"
    CSV = ".csv"


def date(moment: datetime | None) -> str | None:
    """RFC 2822 with +0000, as in `Tue, 31 Aug 2010 20:36:28 +0000`."""
    return None if moment is None else format_datetime(moment)


def instance(resource: Resource, name: str, extension: Extension, status: int = 200) -> web.Response:
    """One resource; `name` is its XML element."""
    match extension:
        case Extension.JSON:
            return json_answer(resource, status)
        case Extension.CSV:
            return _csv([resource], status)
        case _:
            return _xml(_element(name, resource), status)


def page(key: str, name: str, resources: Sequence[Resource], envelope: Resource, extension: Extension) -> web.Response:
    """One page of a list: the records under `key` and nothing else beside the envelope."""
    match extension:
        case Extension.JSON:
            return json_answer({key: resources, **envelope}, 200)
        case Extension.CSV:
            return _csv(resources, 200)
        case _:
            attributes = "".join(
                f' {label.replace("_", "")}="{_text(value)}"' for label, value in envelope.items() if label != key
            )
            inner = "".join(_element(name, resource) for resource in resources)
            element = _camel(key)
            return _xml(f"<{element}{attributes}>{inner}</{element}>", 200)


def error(status: int, code: int, message: str, extension: Extension) -> web.Response:
    """An error body: exactly four keys, since SDKs read more of them as another kind of error."""
    body = {"code": code, "message": message, "more_info": more_info(code), "status": status}
    if extension in {Extension.NONE, Extension.XML}:
        return _xml(_element("RestException", {_camel(key): value for key, value in body.items()}), status)
    return json_answer(body, status)


def json_answer(value: Any, status: int) -> web.Response:
    """A JSON body."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def _xml(inner: str, status: int) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse>{inner}</TwilioResponse>'
    return web.Response(text=text, status=status, content_type="application/xml", charset="utf-8")


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_element(_camel(key), part) for key, part in value.items())
        return f"<{name}>{inner}</{name}>"
    text = _text(value)
    return f"<{name}>{text}</{name}>" if text else f"<{name}/>"


def _text(value: Any) -> str:
    return "" if value is None else escape(_NOT_XML.sub("\ufffd", str(value)))


def _camel(key: str) -> str:
    return key if key[:1].isupper() else "".join(part.capitalize() for part in key.split("_"))


def _csv(resources: Sequence[Resource], status: int) -> web.Response:
    """A header line and a line for each resource, without nested values."""
    file = io.StringIO()
    names = [name for name, value in resources[0].items() if not isinstance(value, Mapping)] if resources else []
    if names:
        writer = csv.writer(file)
        writer.writerow(_camel(name) for name in names)
        writer.writerows([resource[name] for name in names] for resource in resources)
    return web.Response(text=file.getvalue(), status=status, content_type="text/csv", charset="utf-8")
