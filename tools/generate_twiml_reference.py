"""Writes docs/reference/twiml.md from the schema; `--check` only tells whether it is stale."""

from pathlib import Path

from generated import settle

from offhook.twiml.document import MAX_BYTES, MAX_WARNINGS
from offhook.twiml.elements import MAX_DEPTH, MAX_ELEMENTS
from offhook.twiml.rules import Attribute, Body, Rule
from offhook.twiml.schema import DIAL_NOUNS, ELEMENTS, IGNORED_ATTRIBUTES, MAX_NOUNS, ROOT, VERBS
from offhook.twiml.schema_unbuilt import OPAQUE, UNBUILT_VERBS

TARGET = Path(__file__).parent.parent / "docs" / "reference" / "twiml.md"
BUILT_NOUNS = ("Sip", "Number")

HEAD = f"""# TwiML

Generated from `src/offhook/twiml/schema.py` by `tools/generate_twiml_reference.py`: change the schema, not this page.

What is read, and what happens to the rest:

| what | then |
|---|---|
| a body over {MAX_BYTES} bytes | error 11750, the document is not run |
| not well-formed, anything before `<?xml`, a document type, an encoding other than UTF-8, UTF-16, ISO-8859-1, \
US-ASCII or windows-1252, more than {MAX_ELEMENTS} elements, nesting deeper than {MAX_DEPTH} | error 12100, the \
document is not run |
| a root other than `<{ROOT}>` | error 12102, the document is not run |
| an attribute with a bad value | a warning with the code below, and its default is used |
| a text or URL attribute left blank | as if it were not there |
| an unknown element or attribute, or one in the wrong place | warning 12200 (13215 in `<Dial>`), it is ignored |
| text where none belongs | warning 12200, it is ignored |
| `<Dial>` in a screening document | warning 13201, it is skipped |
| more than {MAX_NOUNS} nouns in a `<Dial>` | warning 13250, those after the {MAX_NOUNS}th are left out |

Names are case-sensitive. White space around text is dropped. Attributes of `<{ROOT}>` are not looked at.
Every error and warning tells line and column; at most {MAX_WARNINGS} warnings are kept for one document.
`offhook check FILE.xml` prints them.
"""

UNBUILT = """
## Known and not run yet

These are checked like the others. A verb of this list is skipped with a warning when the call comes to it, a noun is
not called.
"""


def section(name: str, rule: Rule) -> str:
    """One element."""
    lines = [f"\n### `<{name}>`\n", "Holds " + contents(rule) + ".\n"]
    if rule.attributes:
        lines += ["| attribute | value | default | bad value |", "|---|---|---|---|"]
        lines += map(table_row, rule.attributes)
    ignored = IGNORED_ATTRIBUTES.get(name, ())
    if ignored:
        lines.append("\nRead past in silence: " + ", ".join(f"`{row.name}`" for row in ignored) + ".")
    return "\n".join(lines).rstrip() + "\n"


def contents(rule: Rule) -> str:
    """What stands inside."""
    parts = [] if rule.body is Body.NOTHING else [rule.body.value]
    if rule.children and rule.body is not Body.SSML:
        parts.append(", ".join(f"`<{child}>`" for child in rule.children))
    return " or ".join(parts) or "nothing"


def table_row(row: Attribute) -> str:
    """One attribute."""
    default = f"`{row.default}`" if row.default is not None else "none"
    return f"| `{row.name}` | {row.kind} | {default} | {row.code} |"


def generate() -> str:
    """The page."""
    built = [*VERBS, *BUILT_NOUNS]
    listed = {ROOT, *OPAQUE}
    later = [*UNBUILT_VERBS, *DIAL_NOUNS]
    later += [name for name in ELEMENTS if name not in {*built, *later, *listed} and name[0].isupper()]
    page = HEAD + "\n## Run\n" + "".join(section(name, ELEMENTS[name]) for name in built)
    page += UNBUILT + "".join(section(name, ELEMENTS[name]) for name in later)
    return page


if __name__ == "__main__":
    settle(TARGET, generate())
