"""Writes docs/reference/conformance.md: each operation of Twilio's OpenAPI document, and whether the API has it.

`--check` only tells whether the page is stale, so that what is offered neither grows nor shrinks unseen.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp.web import RouteDef
from generated import settle

from offhook.model.webhook import API_VERSION
from offhook.rest import conferences, not_offered, participants
from offhook.rest.app import new_routes, routes
from offhook.rest.provisioned.family import NEW, OLD
from offhook.rest.provisioned.kind import Kind
from offhook.rest.provisioned.routes import COLLECTIONS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "tests" / "data" / "openapi" / "openapi.json"
PAGE = ROOT / "docs" / "reference" / "conformance.md"
FORM = "application/x-www-form-urlencoded"
VERBS = ("get", "post", "delete")
EXAMPLE = "RE" + "0" * 32  # recordings are told from their media by their SIDs
TRANSCRIPT = "TR" + "0" * 32  # and transcripts from their text
# What checks a request and then refuses it, since what would carry it out is not there.
REFUSING = {
    *(not_offered.create_siprec, not_offered.update_siprec),
    *(not_offered.send_message, not_offered.subscribe, not_offered.unsubscribe),
    *(conferences.update, participants.create, participants.update, participants.delete),
}
INTRODUCTION = """# Conformance of the REST API

<!-- Written by tools/generate_conformance_reference.py from the routes of the program. -->

Every operation of the voice part of Twilio's [OpenAPI document](../../tests/data/openapi/openapi.json),
and whether offhook answers it; *refused* is what is checked, and then answered with 403 and 20010, because nothing here
could carry it out ([why](compatibility.md#rest)). Answers are held against the same document in `tests/rest`.
*Left out* are parameters that are documented and not read, of [what an account sets up](resources-api.md):
they are ignored, as unknown ones are. [The Calls resource](calls-api.md) has a page of its own.
"""


def main() -> None:
    """Write or check the page."""
    paths: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    operations = [(path, verb, paths[path][verb]) for path in sorted(paths) for verb in VERBS if verb in paths[path]]
    offered = {(path, verb): offer(path, verb) for path, verb, _ in operations}
    counts = Counter(offered.values())
    told = ", ".join(f"{counts[word]} {word}" for word in ("yes", "refused", "no") if counts[word])
    lines = [INTRODUCTION, f"{len(operations)} operations: {told}.\n"]
    lines += ["| operation | offered | left out |", "|---|---|---|"]
    for path, verb, operation in operations:
        left_out = ", ".join(sorted(unread(path, operation))) if offered[path, verb] == "yes" else ""
        shown = path.removeprefix(f"/{API_VERSION}").removesuffix(".json")
        lines.append(f"| {verb.upper()} `{shown}` | {offered[path, verb]} | {left_out} |")
    settle(PAGE, "\n".join(lines) + "\n")


def offer(path: str, verb: str) -> str:
    """Whether a route of ours answers a path like this one."""
    asked = re.sub(r"\{\w+\}", EXAMPLE, path.replace("/Transcriptions/{Sid}", f"/Transcriptions/{TRANSCRIPT}"))
    for route, pattern in our_patterns():
        if route.method.lower() == verb and re.fullmatch(pattern, asked) is not None:
            return "refused" if route.handler in REFUSING else "yes"
    return "no"


def our_patterns() -> Iterator[tuple[RouteDef, str]]:
    """Each of our routes with its regular expression."""
    for family, served in ((OLD, routes()), (NEW, new_routes())):
        for route in served:
            yield route, pattern_of(family.root + route.path)


def pattern_of(path: str) -> str:
    """What aiohttp makes of a path: names in braces, with a regular expression after a colon or without."""
    found, place = "", 0
    while place < len(path):
        if path[place] != "{":
            found, place = found + re.escape(path[place]), place + 1
            continue
        end, depth = place + 1, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(path[end], 0)
            end += 1
        expression = path[place + 1 : end - 1].partition(":")[2]
        found, place = f"{found}(?:{expression or '[^/]+'})", end
    return found


def unread(path: str, operation: dict[str, Any]) -> set[str]:
    """The documented parameters of an operation on a kind of resource that its fields do not have."""
    kind = kind_of(path)
    content = operation.get("requestBody", {}).get("content", {})
    if kind is None or FORM not in content:
        return set()
    documented = set(content[FORM]["schema"].get("properties", {}))
    return documented - {field.name for field in kind.fields} - set(kind.also)


def kind_of(path: str) -> Kind | None:
    """The kind whose collection or member stands at a path."""
    for collection in COLLECTIONS:
        base = collection.kind.collection("{AccountSid}", "{x}") if collection.kind.path else f"{OLD.root}/Accounts"
        pattern = re.escape(base).replace(r"\{x\}", r"\{\w+\}")
        if re.fullmatch(pattern + r"(?:/\{\w+\})?(?:\.json)?", path):
            return collection.kind
    return None


if __name__ == "__main__":
    main()
