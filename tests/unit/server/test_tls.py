"""The certificate of the edges: made when there is none, kept while it is good, renewed without a restart."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from offhook.net.certificates import facts_of, write_self_signed
from offhook.net.peer_identity import is_identity
from offhook.net.tls import Verification
from offhook.server.commands.checks import Verdict, check_certificate
from offhook.server.config import Config, load
from offhook.server.errors import ConfigError, StartFailed
from offhook.server.tls import CERTIFICATE, KEY, open_tls, reload_tls, tls_settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


TWO_EDGES = """\
[[edge]]
name = "ashburn"
sip = "127.0.0.1:5060"
sips = "127.0.0.1:5061"
[[edge]]
name = "tokyo"
sip = "127.0.0.2:5060"
sips = "127.0.0.1:5061"
"""


def configured(folder: Path, text: str = "") -> Config:
    """A configuration of this text in this folder, and its data there, too."""
    path = folder / "offhook.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {"OFFHOOK_DATA": str(folder / "data")})


def own(folder: Path, *, domain: str = "sip.localhost", age: int = 0) -> str:
    """Configuration with a certificate of ours, made so many days ago, for ten years."""
    write_self_signed(folder / "own.pem", folder / "own.key", domain, [], NOW - timedelta(days=age))
    return '[tls]\ncertificate = "own.pem"\nkey = "own.key"\n'


def test_a_certificate_is_made_for_every_edge(tmp_path: Path) -> None:
    """Its names are the SIP domain, as a sip URI, and every edge's address; nobody else can read it or its key."""
    config = configured(tmp_path)
    assert open_tls(config, NOW) is not None
    identities = facts_of(tmp_path / "data" / CERTIFICATE).identities
    assert identities.are_uris
    assert is_identity("sip.localhost", identities)
    assert all(is_identity(f"127.0.0.{number}", identities) for number in range(1, 9))
    for name in (CERTIFICATE, KEY):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600


def test_it_is_kept_while_it_is_good(tmp_path: Path) -> None:
    """The next start takes the same; another domain, a missing key, spoilt text or its last month make a new one."""
    path, key = tmp_path / "data" / CERTIFICATE, tmp_path / "data" / KEY
    open_tls(configured(tmp_path), NOW)
    first = path.read_bytes()
    open_tls(configured(tmp_path), NOW + timedelta(days=3600))
    assert path.read_bytes() == first
    seen = {first}
    open_tls(configured(tmp_path, '[sip]\ndomain = "voice.example"\n'), NOW)
    seen.add(path.read_bytes())
    key.unlink()
    open_tls(configured(tmp_path, '[sip]\ndomain = "voice.example"\n'), NOW)
    seen.add(path.read_bytes())
    path.write_text("spoilt", encoding="utf-8")
    open_tls(configured(tmp_path), NOW)
    seen.add(path.read_bytes())
    open_tls(configured(tmp_path), NOW + timedelta(days=3640))
    seen.add(path.read_bytes())
    assert len(seen) == 5


def test_without_sips_there_is_no_tls(tmp_path: Path) -> None:
    """And no file is made."""
    config = configured(tmp_path, '[[edge]]\nname = "ashburn"\nsip = "127.0.0.1:5060"\n')
    assert open_tls(config, NOW) is None
    assert not (tmp_path / "data").exists()


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path) -> None:
    """Start fails with the path and the reason."""
    (tmp_path / "data").write_text("", encoding="utf-8")
    with pytest.raises(StartFailed, match=r"self-signed certificate cannot be kept in .*tls-certificate\.pem"):
        open_tls(configured(tmp_path), NOW)


def test_settings_reach_tls(tmp_path: Path) -> None:
    """Relative paths start at the configuration's folder; a trunk's own strictness goes by its host."""
    config = configured(
        tmp_path,
        own(tmp_path)
        + 'trust = "own.pem"\nverify = "chain"\nrequire_client_certificate = true\nciphers = "AES128-SHA"\n'
        + '[[trunk]]\nhost = "Sip.Example.com:5071"\ntls_verify = "rfc5922"\n',
    )
    settings = tls_settings(config)
    assert (settings.certificate, settings.key) == (tmp_path / "own.pem", tmp_path / "own.key")
    assert (settings.trust, settings.verify, settings.ciphers) == (
        tmp_path / "own.pem",
        Verification.CHAIN,
        "AES128-SHA",
    )
    tls = open_tls(config, NOW)
    assert tls is not None
    assert tls.accept_context.verify_mode is ssl.CERT_REQUIRED
    assert tls.verification("sip.EXAMPLE.com") is Verification.RFC5922
    assert tls.verification("other.example") is Verification.CHAIN


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[tls]\ncertificate = "missing.pem"\n', "missing.pem.*No such file"),
        ('[tls]\ncertificate = "offhook.toml"\n', "cannot be used"),
        ('[tls]\ntrust = "offhook.toml"\nverify = "chain"\n', "tls.trust"),
        ('[tls]\nciphers = "NONE-SUCH"\n', "tls.ciphers"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, told: str) -> None:
    """At start, with the file."""
    with pytest.raises(StartFailed, match=told):
        open_tls(configured(tmp_path, text), NOW)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    """A pair that does not belong together cannot be used, at start and in `offhook doctor`."""
    text = own(tmp_path)
    write_self_signed(tmp_path / "other.pem", tmp_path / "own.key", "other.example", [], NOW)
    config = configured(tmp_path, text)
    with pytest.raises(StartFailed, match="KEY_VALUES_MISMATCH"):
        open_tls(config, NOW)
    (finding,) = check_certificate(config, lambda: NOW)
    assert finding.verdict is Verdict.BAD


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[tls]\nkey = "k.pem"\n', "tls.key"),
        ('[tls]\nverify = "some"\n', "tls.verify"),
        ('[[trunk]]\nhost = "a.example"\ntls_verify = "some"\n', "trunk\\[0\\].tls_verify"),
        ("[connections]\nhandshakes = 0\n", "connections.handshakes"),
        ("[connections]\nping = -1.0\n", "connections.ping"),
        ('[[edge]]\nname = "ashburn"\nsip = "127.0.0.1:5060"\nsips = "127.0.0.1:5060"\n', "edge\\[0\\].sips"),
        (
            TWO_EDGES,
            "edge\\[1\\].sips",
        ),
    ],
)
def test_values_that_cannot_be(tmp_path: Path, text: str, key: str) -> None:
    """Refused at start with their key."""
    with pytest.raises(ConfigError, match=f"`{key}`"):
        configured(tmp_path, text)


def test_a_new_certificate_is_taken_without_a_restart(tmp_path: Path) -> None:
    """And one that is no good is not: the old one stays, and the log says so."""
    config = configured(tmp_path, own(tmp_path))
    tls = open_tls(config, NOW)
    assert tls is not None
    first = tls.accept_context
    own(tmp_path, domain="new.example")
    reload_tls(config, tls, NOW)
    second = tls.accept_context
    (tmp_path / "own.key").write_text("spoilt", encoding="utf-8")
    with capture_logs() as logs:
        reload_tls(config, tls, NOW)
    assert first is not second
    assert tls.accept_context is second
    assert [line["event"] for line in logs] == ["certificate_not_reloaded"]


@pytest.mark.parametrize(
    ("domain", "age", "verdict", "told"),
    [
        ("sip.localhost", 0, Verdict.GOOD, "for sip.localhost until"),
        ("other.example", 0, Verdict.WARNING, "it is for other.example, and not for sip.domain sip.localhost"),
        ("sip.localhost", 3640, Verdict.WARNING, "it ends on"),
        ("sip.localhost", 3660, Verdict.BAD, "it is good from"),
    ],
)
def test_doctor_looks_at_the_certificate(tmp_path: Path, domain: str, age: int, verdict: Verdict, told: str) -> None:
    """Its time and its names."""
    (finding,) = check_certificate(configured(tmp_path, own(tmp_path, domain=domain, age=age)), lambda: NOW)
    assert finding.verdict is verdict
    assert told in finding.text
    assert finding.advice or verdict is Verdict.GOOD


def test_doctor_says_when_a_key_is_no_secret(tmp_path: Path) -> None:
    """Any reader could be us."""
    config = configured(tmp_path, own(tmp_path))
    (tmp_path / "own.key").chmod(0o644)
    assert [finding.what for finding in check_certificate(config, lambda: NOW)] == ["certificate", "key"]


def test_doctor_knows_that_one_will_be_made(tmp_path: Path) -> None:
    """Before the first start there is none to look at; without TLS none is needed."""
    (finding,) = check_certificate(configured(tmp_path), lambda: NOW)
    assert "made at start" in finding.text
    plain = configured(tmp_path, '[[edge]]\nname = "ashburn"\nsip = "127.0.0.1:5060"\n')
    assert not list(check_certificate(plain, lambda: NOW))
