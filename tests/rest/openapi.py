"""Twilio's published shapes: which schema an answer has to fit, whatever its SIDs."""

import json
import re
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

# Null until there is something to say, although an enumeration of the document has no null.
NULL_AT_TIMES = {"reason_conference_ended"}
DOCUMENT = Path(__file__).parents[1] / "data/openapi/openapi.json"


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    read: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return read


def _is_date(text: object) -> bool:
    return not isinstance(text, str) or parsedate_to_datetime(text).utcoffset() is not None


oas30_format_checker.checks("date-time-rfc-2822", raises=(ValueError, TypeError))(_is_date)


def template_of(path: str) -> str:
    """The documented path that a path is one of. Raises LookupError."""
    for template in document()["paths"]:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/.]+", re.escape(template))
        if re.fullmatch(pattern, path):
            return str(template)
    raise LookupError(f"nothing is documented at {path}")


def complaints(verb: str, path: str, status: int, body: Any) -> list[str]:
    """What of an answer does not fit; empty when all of it does."""
    operation = document()["paths"][template_of(path)][verb]
    if str(status) not in operation["responses"]:
        return [f"{verb} {path}: {status} is none of {sorted(operation['responses'])}"]
    content = operation["responses"][str(status)].get("content")
    if content is None:
        return [] if body in {None, ""} else [f"{verb} {path}: a body where none is"]
    schema = {**content["application/json"]["schema"], "components": document()["components"]}
    validator = OAS30Validator(schema, format_checker=oas30_format_checker)
    found = [
        one for one in validator.iter_errors(body) if one.instance is not None or one.path[-1] not in NULL_AT_TIMES
    ]
    told = [f"{verb} {path}: {'.'.join(map(str, one.path))}: {one.message}" for one in found]
    return told + _strangers(schema, body, path)


def _strangers(schema: dict[str, Any], value: Any, path: str) -> list[str]:
    """Keys that are documented and missing, or there and not documented."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        return [told for one in value[:1] for told in _strangers(schema.get("items", {}), one, path)]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    told = [f"{path}: {key} is missing" for key in sorted(known.keys() - value.keys())]
    told += [f"{path}: {key} is not documented" for key in sorted(value.keys() - known.keys())]
    return told + [
        complaint for key in known.keys() & value.keys() for complaint in _strangers(known[key], value[key], path)
    ]
