"""The configuration: defaults, file, environment, and complaints that name the line or the variable."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from offhook.server.config import Config, default_edges, load
from offhook.server.errors import ConfigError
from offhook.server.settings import Settings


def loaded(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Config:
    """What a file of this text says."""
    path = folder / "offhook.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environment or {})


def complaint(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> str:
    """Why a file of this text is refused, without the path of its folder."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environment)
    return str(caught.value).replace(f"{folder}/", "")


def test_everything_has_a_default() -> None:
    """Without file and environment the platform is on the loopback, with the eight edges."""
    config = load(None, {})
    assert config == Config(settings=Settings(edge=default_edges()), source=None, data=Path("offhook-data"))
    assert [edge.sip for edge in config.settings.edge] == [f"127.0.0.{number}:5060" for number in range(1, 9)]
    assert {edge.name: edge.region for edge in config.settings.edge}["frankfurt"] == "de1"


def test_the_example_of_the_interface_is_read(tmp_path: Path) -> None:
    """Every section, as people write it."""
    text = """
        [http]
        listen     = "127.0.0.1:9000"
        public_url = "https://voice.example.com"
        [[account]]
        sid        = "AC00000000000000000000000000000001"
        auth_token = "secret"
        [sip]
        domain = "sip.example.com"
        [[edge]]
        name        = "ashburn"
        region      = "us1"
        sip         = "127.0.0.1:5060"
        sips        = "127.0.0.1:5061"
        media       = "127.0.0.1"
        media_ports = "20000-20999"
        advertise   = "203.0.113.5"
        [tls]
        certificate = "cert.pem"
        key         = "key.pem"
        [store]
        url = "sqlite:///calls.db"
        [recordings]
        url = "file:./recordings"
        [webhook]
        allow_private_addresses = false
        [[number]]
        phone_number = "+14155550100"
        voice_url = "https://app.example.com/voice"
        [[sip_domain]]
        name = "office"
        voice_url = "https://app.example.com/voice"
        status_callback_event = ["ringing", "completed"]
        [[trunk]]
        host = "carrier.example.com:5070;transport=tcp"
        prefix = "+49"
        [limits]
        calls = 7
    """
    settings = loaded(tmp_path, text).settings
    assert (settings.http.listen, settings.sip.domain, settings.limits.calls) == (
        "127.0.0.1:9000",
        "sip.example.com",
        7,
    )
    assert [edge.media_ports for edge in settings.edge] == ["20000-20999"]
    assert not settings.webhook.allow_private_addresses
    assert settings.sip_domain[0].status_callback_event == ("ringing", "completed")


def test_file_and_folder_come_from_the_environment(tmp_path: Path) -> None:
    """OFFHOOK_CONFIG names the file when no option does, OFFHOOK_DATA the data folder."""
    path = tmp_path / "other.toml"
    path.write_text('[http]\nlisten = "127.0.0.1:9001"\n', encoding="utf-8")
    config = load(None, {"OFFHOOK_CONFIG": str(path), "OFFHOOK_DATA": "/srv/offhook"})
    assert (config.settings.http.listen, config.source, config.data) == ("127.0.0.1:9001", path, Path("/srv/offhook"))


def test_the_environment_wins(tmp_path: Path) -> None:
    """Every key has a twin; numbers, truth values and lists are read as the key's own type."""
    environment = {
        "OFFHOOK_HTTP__LISTEN": "0.0.0.0:80",
        "OFFHOOK_SIP__T1": "0.25",
        "OFFHOOK_SIP__ALLOW": '["192.0.2.0/24", "198.51.100.0/24"]',
        "OFFHOOK_LIMITS__CALLS": "12",
        "OFFHOOK_WEBHOOK__ALLOW_PRIVATE_ADDRESSES": "false",
        "OFFHOOK_EDGE__0__ADVERTISE": "203.0.113.9",
        "OFFHOOK_EDGE__1__NAME": "tokyo",
        "OFFHOOK_EDGE__1__SIP": "127.0.0.2:5060",
        "UNRELATED": "x",
    }
    text = '[http]\nlisten = "127.0.0.1:1"\n[[edge]]\nname = "ashburn"\nsip = "127.0.0.1:5060"\n'
    settings = loaded(tmp_path, text, environment).settings
    assert settings.http.listen == "0.0.0.0:80"
    assert (settings.sip.t1, settings.limits.calls) == (0.25, 12)
    assert settings.sip.allow == ("192.0.2.0/24", "198.51.100.0/24")
    assert not settings.webhook.allow_private_addresses
    assert [(edge.name, edge.advertise) for edge in settings.edge] == [("ashburn", "203.0.113.9"), ("tokyo", "")]


def test_the_status_of_a_code_comes_from_file_or_environment(tmp_path: Path) -> None:
    """A table of its own; what is wrong with a row names its line."""
    text = '[calls.status_of_code]\n480 = "busy"\n603 = "canceled"\n'
    assert loaded(tmp_path, text).settings.calls.status_of_code == {"480": "busy", "603": "canceled"}
    laid = {"OFFHOOK_CALLS__STATUS_OF_CODE": '{603 = "busy"}'}
    assert loaded(tmp_path, text, laid).settings.calls.status_of_code == {"603": "busy"}
    told = "offhook.toml, line 3: `calls.status_of_code.603`: write one of busy, no-answer, failed, canceled"
    assert complaint(tmp_path, text.replace("canceled", "answered")).startswith(told)


def test_an_item_of_a_list_of_texts_can_be_laid_over(tmp_path: Path) -> None:
    """A number behind the key is the place in the list."""
    text = '[sip]\nallow = ["192.0.2.0/24", "198.51.100.0/24"]\n'
    settings = loaded(tmp_path, text, {"OFFHOOK_SIP__ALLOW__1": "203.0.113.0/24"}).settings
    assert settings.sip.allow == ("192.0.2.0/24", "203.0.113.0/24")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[http]\n\n# where\nlisten = 5\n", "offhook.toml, line 4: `http.listen`: Expected `str`, got `int`"),
        ("http.listen = 'nowhere'", "offhook.toml, line 1: `http.listen`: write an address and a port"),
        ("[htp]\nlisten = 'x'", "offhook.toml, line 1: `htp`: there is no such key"),
        ("[http]\nlisen = 'x'", "offhook.toml, line 2: `http.lisen`: there is no such key"),
        ("[[number]]\nphone_number = '+4930'\n", "offhook.toml, line 1: `number[0].voice_url`: it has to be given"),
        ("[sip]\nallow = [\n'192.0.2.1/24']", "offhook.toml, line 2: `sip.allow[0]`: '192.0.2.1/24' is not a network"),
        ("[http\n", "offhook.toml: this is not TOML: "),
    ],
)
def test_a_mistake_in_the_file_names_its_line(tmp_path: Path, text: str, told: str) -> None:
    """Wrong types, wrong values, unknown and missing keys: the file, the line and the key."""
    assert complaint(tmp_path, text).startswith(told)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("OFFHOOK_HTTP__LISTEN", "nowhere", "OFFHOOK_HTTP__LISTEN: `http.listen`: write an address"),
        ("OFFHOOK_NONSENSE", "1", "OFFHOOK_NONSENSE: `nonsense`: there is no such key"),
        ("OFFHOOK_HTTP", "1", "OFFHOOK_HTTP: `http`: Expected `object`"),
        ("OFFHOOK_HTTP____X", "1", "OFFHOOK_HTTP____X names no key"),
        ("OFFHOOK_EDGE__1__SIP", "127.0.0.1:5060", "OFFHOOK_EDGE__1__SIP: list items are numbered from 0"),
        ("OFFHOOK_EDGE__X__SIP", "127.0.0.1:5060", "OFFHOOK_EDGE__X__SIP: `edge`: Expected `array`"),
        ("OFFHOOK_SIP__ALLOW", '["192.0.2.0/24", "all"]', "OFFHOOK_SIP__ALLOW: `sip.allow[1]`: 'all' is not a network"),
        ("OFFHOOK_SIP__ALLOW", '["unfinished', "OFFHOOK_SIP__ALLOW: `sip.allow`: Expected `array`, got `str`"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path, variable: str, value: str, told: str) -> None:
    """Even when the file has the same key."""
    assert complaint(tmp_path, "[http]\nlisten = '127.0.0.1:80'\n", {variable: value}).startswith(told)


def test_a_value_that_is_neither_table_nor_list_has_nothing_within(tmp_path: Path) -> None:
    """A key below a text of the file is no key."""
    told = complaint(tmp_path, "[http]\nlisten = '127.0.0.1:80'\n", {"OFFHOOK_HTTP__LISTEN__MORE": "1"})
    assert told.startswith("OFFHOOK_HTTP__LISTEN__MORE names no key")


def test_a_secret_is_not_repeated(tmp_path: Path) -> None:
    """A complaint about an account says nothing of its token."""
    told = complaint(tmp_path, "[[account]]\nsid = 'AC1'\nauth_token = 'very-secret'\n")
    assert "very-secret" not in told
    assert told.startswith("offhook.toml, line 2: `account[0].sid`")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """No file, a folder, or no text."""
    with pytest.raises(ConfigError, match=r"missing\.toml cannot be read"):
        load(tmp_path / "missing.toml", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary\.toml cannot be read"):
        load(binary, {})
