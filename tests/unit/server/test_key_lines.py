"""Keys and their lines, in every way that TOML can be written."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.server.key_lines import key_lines, line_of

TEXT = """\
# a comment with [brackets] and a = sign
top.dotted = 1

[http]  # another
listen = "a"
"public_url" = '''
[not.a.table]
listen = "not a key"
'''

[[edge]]
name = "ashburn"
[[edge]]
name = "tokyo"
ports = [
  1,  # first
  2,
]
[["account"]]
inline = {sid = "AC", more = {deep = true}}
[a.b]
c = 1
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("top", 2),
        ("top.dotted", 2),
        ("http", 4),
        ("http.listen", 5),
        ("http.public_url", 6),
        ("edge[0]", 11),
        ("edge[0].name", 12),
        ("edge[1]", 13),
        ("edge[1].name", 14),
        ("edge[1].ports", 15),
        ("edge[1].ports[1]", 15),
        ("account[0]", 19),
        ("account[0].inline.more.deep", 20),
        ("a.b", 21),
        ("a.b.c", 22),
        ("edge[1].missing", 13),
        ("http.listen.deeper[3]", 5),
        ("nowhere", None),
        ("nowhere[1].at.all", None),
        ("", None),
    ],
)
def test_the_line_of_a_key(key: str, line: int | None) -> None:
    """A key has its own line, a missing one that of the closest table."""
    assert line_of(key_lines(TEXT), key) == line


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_endings_do_not_matter(ending: str) -> None:
    """A file that was written elsewhere has the same lines; a text's own separators are none."""
    text = ending.join(["[a]", 'b = "\u2028\u0085"', "c = 1", ""])
    assert key_lines(text) == {"a": 1, "a.b": 2, "a.c": 3}


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.sampled_from(["1", '"x = 1"', "'''\n[z]\n'''", "[\n1,\n[2]]", "1979-05-27"]),
    lambda inner: st.builds(lambda name, value: f"{{{name} = {value}}}", NAMES, inner),
    max_leaves=3,
)
LINES = st.one_of(
    st.builds("[{}]".format, NAMES),
    st.builds("[[{}]]".format, NAMES),
    st.builds("{} = {}".format, NAMES, VALUES),
    st.builds("{}.{} = {}".format, NAMES, NAMES, VALUES),
    st.just("# [x"),
    st.just(""),
)


@given(st.lists(LINES, max_size=8))
def test_every_key_of_any_document_has_a_line(lines: list[str]) -> None:
    """Whatever the reader of TOML finds, with a line that is in the text."""
    text = "\n".join(lines)
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = key_lines(text)
    for key in names(read):
        line = line_of(found, key)
        assert line is not None
        assert 1 <= line <= text.count("\n") + 1


def names(value: Any, name: str = "") -> list[str]:
    """The keys of a value that are neither tables nor lists, written as paths."""
    if isinstance(value, dict):
        return [inner for key in value for inner in names(value[key], f"{name}.{key}" if name else key)]
    if isinstance(value, list):
        return [inner for index, item in enumerate(value) for inner in names(item, f"{name}[{index}]")]
    return [name]
