"""The accounts of the API: those of the configuration, or one for development that is made and kept."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from offhook.model.sids import ACCOUNT, AccountSid, is_sid
from offhook.server.config import Config
from offhook.server.errors import StartFailed

FILE = "account.json"


def load_accounts(config: Config) -> Mapping[AccountSid, str]:
    """Account SIDs with their auth tokens; the first is the one that numbers belong to. Raises StartFailed."""
    if config.settings.account:
        return {AccountSid(account.sid): account.auth_token for account in config.settings.account}
    path = config.data / FILE
    try:
        return _read(path) if path.exists() else _make(path)
    except OSError as error:
        raise StartFailed(f"the development account cannot be kept in {path}: {error.strerror}") from error


def _make(path: Path) -> Mapping[AccountSid, str]:
    sid, token = AccountSid(ACCOUNT + secrets.token_hex(16)), secrets.token_hex(16)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made with its mode, not changed to it: the token is never readable by others, not even for a moment.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"sid": sid, "auth_token": token}, file)
    return {sid: token}


def _read(path: Path) -> Mapping[AccountSid, str]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        sid, token = kept["sid"], kept["auth_token"]
    except (ValueError, KeyError, TypeError) as error:
        raise StartFailed(f"{path} is not what was written there: delete it to get a new account") from error
    if not (isinstance(sid, str) and is_sid(sid, ACCOUNT) and isinstance(token, str) and token):
        raise StartFailed(f"{path} is not what was written there: delete it to get a new account")
    return {AccountSid(sid): token}
