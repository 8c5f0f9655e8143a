"""`offhook doctor`: each thing that can be wrong, and what it says to do."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import dns.exception
import dns.resolver
import pytest
from aiohttp import web
from cli_platform import served, write_config
from typer.testing import Result

from offhook.server.commands import checks
from offhook.server.commands.checks import Finding, Verdict
from offhook.server.config import Config, load

pytest_plugins = ["cli_fixtures"]

Program = Callable[..., Result]


def configured(folder: Path, text: str) -> Config:
    """A configuration of this text; its data folder is the folder."""
    path = folder / "offhook.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {"OFFHOOK_DATA": str(folder)})


def edge(**keys: str) -> str:
    """The table of one edge."""
    keys = {"name": "ashburn", "sip": "127.0.0.1:0", **keys}
    return "[[edge]]\n" + "".join(f'{name} = "{value}"\n' for name, value in keys.items())


def troubles(findings: Iterator[Finding]) -> list[Finding]:
    """What is not as it should be; each says what to do."""
    found = [finding for finding in findings if finding.verdict is not Verdict.GOOD]
    assert all(finding.advice for finding in found)
    return found


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something else listens on, for UDP and TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        port = listener.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        yield port


# --- the whole -------------------------------------------------------------------------------------------------------


def test_a_sound_machine_passes(offhook: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything looked at is told; nothing bad means exit code 0."""
    monkeypatch.setattr(dns.resolver.Resolver, "resolve", lambda *_, **__: None)
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    found = offhook("doctor", "-c", write_config(folder, 0, sip="0"))
    assert found.exit_code == 0, found.output
    told = found.output
    subjects = ("configuration", "data folder", "http.listen", "edge ashburn", "media plane", "speech", "clock", "DNS")
    assert all(f"ok    {subject}: " in told for subject in subjects)
    assert told.endswith("8 looked at, 0 bad, 0 doubtful\n")


def test_a_configuration_that_cannot_be_read_is_all_there_is(offhook: Program) -> None:
    """The first finding is the last, with exit code 1."""
    found = offhook("doctor", "-c", "none.toml")
    assert found.exit_code == 1
    assert found.output.endswith("1 looked at, 1 bad, 0 doubtful\n")


# --- each check ------------------------------------------------------------------------------------------------------


def test_a_port_in_use_is_found(folder: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIP and HTTP ports that something else has are bad."""
    monkeypatch.setattr(checks, "is_running", lambda _config: False)
    config = configured(folder, f'[http]\nlisten = "127.0.0.1:{taken}"\n' + edge(sip=f"127.0.0.1:{taken}"))
    (http,) = troubles(checks.check_http(config))
    (sip,) = troubles(checks.check_edges(config))
    assert "cannot be bound (address already in use)" in http.text
    assert f"sip 127.0.0.1:{taken} cannot be bound" in sip.text
    assert "another port" in sip.advice


def test_ports_in_use_by_offhook_itself_are_fine(folder: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While offhook runs its ports are its own."""
    monkeypatch.setattr(checks, "is_running", lambda _config: True)
    config = configured(folder, f'[http]\nlisten = "127.0.0.1:{taken}"\n' + edge(sip=f"127.0.0.1:{taken}"))
    assert troubles(checks.check_http(config)) == []
    assert troubles(checks.check_edges(config)) == []


@pytest.mark.parametrize(("server", "verdict"), [("offhook", True), ("another", False)])
def test_a_running_offhook_is_known_by_its_answer(folder: Path, server: str, *, verdict: bool) -> None:
    """What answers at the address has to say that it is offhook; nothing there is no offhook either."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(headers={"Server": server})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    with served(app) as port:
        config = configured(folder, f'[http]\nlisten = "127.0.0.1:{port}"\n')
        assert checks.is_running(config) is verdict
    assert not checks.is_running(config)


@pytest.mark.parametrize("keys", [{"sip": "192.0.2.77:5060"}, {"media": "192.0.2.77"}])
def test_an_address_of_another_machine_is_found(folder: Path, keys: dict[str, str]) -> None:
    """An edge can only be bound to this machine's addresses."""
    (found,) = troubles(checks.check_edges(configured(folder, edge(**keys))))
    assert found.verdict is Verdict.BAD
    assert "advertise" in found.advice


def test_a_loopback_address_that_is_missing_is_given(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Where the further loopback addresses do not exist, the command that makes them is told."""
    monkeypatch.setattr(checks, "bind_problem", lambda *_: "can't assign requested address")
    (found,) = troubles(checks.check_edges(configured(folder, edge(sip="127.0.0.1:5060"))))
    assert found.advice.endswith("sudo ifconfig lo0 alias 127.0.0.1")


@pytest.mark.parametrize(
    ("keys", "verdict", "told"),
    [
        ({"sip": "0.0.0.0:0"}, Verdict.BAD, "nobody's address"),
        ({"sip": "0.0.0.0:0", "advertise": "127.0.0.1"}, Verdict.BAD, "their own machine"),
        ({"media_ports": "20000-20009"}, Verdict.WARNING, "10 media ports"),
    ],
)
def test_what_peers_are_told_is_looked_at(folder: Path, keys: dict[str, str], verdict: Verdict, told: str) -> None:
    """Advertised addresses that nobody can answer to, and too few media ports."""
    (found,) = troubles(checks.check_edges(configured(folder, edge(**keys))))
    assert found.verdict is verdict
    assert told in found.text


def test_an_open_api_without_tls_is_doubtful(folder: Path) -> None:
    """Tokens in the clear are told of, unless a proxy takes care."""
    config = configured(folder, '[http]\nlisten = "0.0.0.0:0"\n')
    assert [finding.what for finding in troubles(checks.check_http(config))] == ["http.public_url"]
    config = configured(folder, '[http]\nlisten = "0.0.0.0:0"\npublic_url = "https://voice.example.com"\n')
    assert troubles(checks.check_http(config)) == []


def test_a_data_folder_that_takes_no_files_is_bad(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is tried with a file."""

    def refuse(**_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    (found,) = troubles(checks.check_data(configured(folder, "")))
    assert "Permission denied" in found.text


def test_a_token_that_others_can_read_is_doubtful(folder: Path) -> None:
    """The development account's file is looked at."""
    (folder / "account.json").write_text("{}", encoding="utf-8")
    (folder / "account.json").chmod(0o644)
    (found,) = troubles(checks.check_data(configured(folder, "")))
    assert found.advice == f"Run: chmod 600 {folder / 'account.json'}"


def test_a_missing_voice_is_bad(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without espeak-ng nothing can be said."""
    monkeypatch.setattr("shutil.which", lambda _program: None)
    (found,) = troubles(checks.check_speech(configured(folder, "")))
    assert "apt-get install espeak-ng" in found.advice


def test_a_clock_in_the_past_is_bad(folder: Path) -> None:
    """A clock before the program was installed is wrong."""
    config = configured(folder, "")
    (found,) = troubles(checks.check_clock(config, lambda: datetime(1970, 1, 1, tzinfo=UTC)))
    assert "1970-01-01" in found.text
    assert troubles(checks.check_clock(config, lambda: datetime.fromtimestamp(time.time() + 60, tz=UTC))) == []


@pytest.mark.parametrize("error", [dns.exception.Timeout, dns.resolver.NoNameservers])
def test_a_resolver_that_does_not_answer_is_doubtful(folder: Path, error: type[Exception]) -> None:
    """Names cannot be called without it, addresses can."""

    class Deaf(dns.resolver.Resolver):
        def resolve(self, *_: object, **__: object) -> dns.resolver.Answer:
            raise error

    (found,) = troubles(checks.check_resolver(configured(folder, ""), Deaf))
    assert "did not answer" in found.text


def test_no_name_server_is_doubtful(folder: Path) -> None:
    """A machine without a resolver is told so."""

    def none() -> dns.resolver.Resolver:
        raise dns.resolver.NoResolverConfiguration

    (found,) = troubles(checks.check_resolver(configured(folder, ""), none))
    assert found.text == "no name server is configured"


def test_a_name_that_does_not_exist_is_an_answer(folder: Path) -> None:
    """NXDOMAIN shows that the resolver works."""

    class Denying(dns.resolver.Resolver):
        def resolve(self, *_: object, **__: object) -> dns.resolver.Answer:
            raise dns.resolver.NXDOMAIN

    assert troubles(checks.check_resolver(configured(folder, ""), Denying)) == []
