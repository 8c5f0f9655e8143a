"""Accounts: those of the configuration, or one that is made once and kept where others cannot read it."""

import json
import stat
from pathlib import Path

import pytest

from offhook.model.sids import ACCOUNT, is_sid
from offhook.server.accounts import FILE, load_accounts
from offhook.server.config import Config
from offhook.server.errors import StartFailed
from offhook.server.settings import Account, Settings

SID = "AC" + "0" * 32


def config(folder: Path, *accounts: Account) -> Config:
    """A configuration with this data folder."""
    return Config(settings=Settings(account=accounts), source=None, data=folder)


def test_configured_accounts_are_taken_in_order(tmp_path: Path) -> None:
    """The first is the one that numbers belong to; no file is made."""
    other = SID.replace("0", "1")
    accounts = load_accounts(config(tmp_path, Account(sid=other, auth_token="one"), Account(sid=SID, auth_token="two")))
    assert list(accounts.items()) == [(other, "one"), (SID, "two")]
    assert not (tmp_path / FILE).exists()


def test_a_development_account_is_made_and_kept(tmp_path: Path) -> None:
    """The same one at the next start; the folder is made when it is not there."""
    data = tmp_path / "new" / "data"
    accounts = load_accounts(config(data))
    ((sid, token),) = accounts.items()
    assert is_sid(sid, ACCOUNT)
    assert len(token) == 32
    assert load_accounts(config(data)) == accounts


def test_the_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Nobody else can read the file."""
    load_accounts(config(tmp_path))
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_two_folders_have_two_accounts(tmp_path: Path) -> None:
    """Neither SID nor token is a constant."""
    ((one, token),) = load_accounts(config(tmp_path / "one")).items()
    ((other, other_token),) = load_accounts(config(tmp_path / "other")).items()
    assert one != other
    assert token != other_token


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps({"sid": SID}),
        json.dumps({"sid": "AC1", "auth_token": "x"}),
        json.dumps({"sid": SID, "auth_token": ""}),
        json.dumps({"sid": 1, "auth_token": 2}),
    ],
)
def test_a_file_that_is_something_else_is_not_used(tmp_path: Path, text: str) -> None:
    """Nor is it written over: it may be the only copy."""
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(StartFailed, match="delete it to get a new account"):
        load_accounts(config(tmp_path))
    assert (tmp_path / FILE).read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """One sentence, with the path and the reason."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StartFailed, match=r"file/account\.json: Not a directory|File exists"):
        load_accounts(config(tmp_path / "file"))
