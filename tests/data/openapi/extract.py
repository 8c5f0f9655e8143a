"""Cuts what offhook is about out of Twilio's OpenAPI documents: python extract.py FOLDER, where the package keeps them.

Prose and examples are left out; the shapes are what tests compare with.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

SOURCES = ("twilio_api_v2010.json", "twilio_voice_v1.json")
WANTED = re.compile(
    r"^/v1/|^/2010-04-01/Accounts(?:/\{Sid\})?\.json$"
    r"|/(?:Applications|IncomingPhoneNumbers|OutgoingCallerIds|Keys|SIP|Calls|Recordings|Conferences|Queues"
    r"|Notifications|Transcriptions)\b"
)
UNWANTED = re.compile(r"AddOn|Payments|/IncomingPhoneNumbers/(?:Local|Mobile|TollFree)|/Archives/|/DialingPermissions")
PROSE = {"summary", "examples", "example", "tags", "headers", "x-twilio", "security", "x-maturity"}
REFERENCE = re.compile(r'#/components/schemas/([^"]+)')


def without_prose(value: Any) -> Any:
    """The same value without what only people read."""
    if isinstance(value, dict):
        return {
            key: without_prose(part)
            for key, part in value.items()
            if key not in PROSE and not (key == "description" and isinstance(part, str))
        }
    return [without_prose(part) for part in value] if isinstance(value, list) else value


def main(folder: Path) -> None:
    """Write openapi.json beside this file."""
    documents = [json.loads((folder / name).read_text(encoding="utf-8")) for name in SOURCES]
    paths = {
        path: without_prose({verb: part for verb, part in item.items() if verb in {"get", "post", "put", "delete"}})
        for document in documents
        for path, item in document["paths"].items()
        if WANTED.search(path) and not UNWANTED.search(path)
    }
    known = {name: schema for document in documents for name, schema in document["components"]["schemas"].items()}
    schemas: dict[str, Any] = {}
    wanted = set(REFERENCE.findall(json.dumps(paths)))
    while missing := wanted - schemas.keys():
        for name in missing:
            schemas[name] = without_prose(known[name])
            wanted |= set(REFERENCE.findall(json.dumps(schemas[name])))
    lines = [f"{json.dumps(path)}: {json.dumps(paths[path], sort_keys=True)}" for path in sorted(paths)]
    more = [f"{json.dumps(name)}: {json.dumps(schemas[name], sort_keys=True)}" for name in sorted(schemas)]
    text = '{"paths": {\n' + ",\n".join(lines) + '\n}, "components": {"schemas": {\n' + ",\n".join(more) + "\n}}}\n"
    Path(__file__).with_name("openapi.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
