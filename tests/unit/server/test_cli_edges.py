"""`offhook edges`: the allow-list in every form, from the configuration alone."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytest_plugins = ["cli_fixtures"]

Program = Callable[..., Result]

CONFIG = """\
[[edge]]
name = "ashburn"
sip = "10.0.0.1:5060"
media = "10.0.0.2"
media_ports = "20000-20999"
advertise = "203.0.113.5"
[[edge]]
name = "frankfurt"
region = "de1"
sip = "[2001:db8::1]:5080"
media = "2001:db8::2"
"""
NFT = """\
add table inet filter
add chain inet filter offhook_edges
flush chain inet filter offhook_edges
add rule inet filter offhook_edges ip saddr 203.0.113.5 udp sport 5060 accept comment "ashburn signalling"
add rule inet filter offhook_edges ip saddr 203.0.113.5 tcp sport 1024-65535 accept comment "ashburn signalling"
add rule inet filter offhook_edges ip saddr 203.0.113.5 udp sport 20000-20999 accept comment "ashburn media"
add rule inet filter offhook_edges ip6 saddr 2001:db8::1 udp sport 5080 accept comment "frankfurt signalling"
add rule inet filter offhook_edges ip6 saddr 2001:db8::1 tcp sport 1024-65535 accept comment "frankfurt signalling"
add rule inet filter offhook_edges ip6 saddr 2001:db8::2 udp sport 10000-19999 accept comment "frankfurt media"
"""
IPTABLES = """\
iptables -N OFFHOOK 2>/dev/null || true
iptables -F OFFHOOK
ip6tables -N OFFHOOK 2>/dev/null || true
ip6tables -F OFFHOOK
iptables -A OFFHOOK -s 203.0.113.5 -p udp --sport 5060 -m comment --comment "ashburn signalling" -j ACCEPT
iptables -A OFFHOOK -s 203.0.113.5 -p tcp --sport 1024:65535 -m comment --comment "ashburn signalling" -j ACCEPT
iptables -A OFFHOOK -s 203.0.113.5 -p udp --sport 20000:20999 -m comment --comment "ashburn media" -j ACCEPT
ip6tables -A OFFHOOK -s 2001:db8::1 -p udp --sport 5080 -m comment --comment "frankfurt signalling" -j ACCEPT
ip6tables -A OFFHOOK -s 2001:db8::1 -p tcp --sport 1024:65535 -m comment --comment "frankfurt signalling" -j ACCEPT
ip6tables -A OFFHOOK -s 2001:db8::2 -p udp --sport 10000:19999 -m comment --comment "frankfurt media" -j ACCEPT
"""


@pytest.fixture
def config(folder: Path) -> Path:
    """Two edges, one behind a translated address, one of IPv6."""
    path = folder / "offhook.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_the_defaults_are_eight_edges(offhook: Program) -> None:
    """Without a configuration there is one loopback address for each edge."""
    found = json.loads(offhook("edges", "--format", "json").output)
    assert {line["address"] for line in found} == {f"127.0.0.{number}" for number in range(1, 9)}
    assert {line["region"] for line in found if line["edge"] == "frankfurt"} == {"de1"}


def test_the_table_names_edges_and_addresses(offhook: Program, config: Path) -> None:
    """For people: one row for each edge."""
    told = offhook("edges", "-c", config).output
    assert "frankfurt" in told
    assert "10.0.0.1:5060" in told
    assert "127.0.0.8:5061" in offhook("edges").output


def test_json_says_what_to_let_in(offhook: Program, config: Path) -> None:
    """Three objects for each edge, with the address that others see."""
    found = json.loads(offhook("edges", "-c", config, "--format", "json").output)
    assert len(found) == 6
    assert found[0] == {
        "edge": "ashburn",
        "region": "us1",
        "purpose": "signalling",
        "protocol": "udp",
        "address": "203.0.113.5",
        "ports": "5060",
    }


def test_tls_with_an_address_of_its_own_has_a_line(offhook: Program, folder: Path) -> None:
    """Its connections leave from there; where the address is the same, or hidden behind another, one line does."""
    path = folder / "offhook.toml"
    text = '[[edge]]\nname = "ashburn"\nsip = "10.0.0.1:5060"\nsips = "10.0.0.9:5061"\n'
    path.write_text(text, encoding="utf-8")
    found = json.loads(offhook("edges", "-c", path, "--format", "json").output)
    assert [line["address"] for line in found if line["protocol"] == "tcp"] == ["10.0.0.1", "10.0.0.9"]
    path.write_text(text + 'advertise = "203.0.113.5"\n', encoding="utf-8")
    found = json.loads(offhook("edges", "-c", path, "--format", "json").output)
    assert [line["address"] for line in found if line["protocol"] == "tcp"] == ["203.0.113.5"]


def test_csv_has_the_same_lines(offhook: Program, config: Path) -> None:
    """A header and one line each."""
    as_json = json.loads(offhook("edges", "-c", config, "--format", "json").output)
    as_csv = list(csv.DictReader(io.StringIO(offhook("edges", "-c", config, "--format", "csv").output)))
    assert as_csv == as_json


@pytest.mark.parametrize(("form", "rules"), [("nft", NFT), ("iptables", IPTABLES)])
def test_rules_for_firewalls(offhook: Program, config: Path, form: str, rules: str) -> None:
    """A comment that says how to load it, then rules by source address and port."""
    comment, _, rest = offhook("edges", "-c", config, "--format", form).output.partition("\n")
    assert comment.startswith("# offhook edges: ")
    assert rest == rules


def test_an_unknown_form_is_refused(offhook: Program) -> None:
    """A mistake in the command line has exit code 2 and names what there is."""
    found = offhook("edges", "--format", "cisco")
    assert found.exit_code == 2
    assert "iptables" in found.stderr
