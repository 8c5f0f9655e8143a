"""What an account has set up and keeps: applications, numbers, keys, SIP Domains and their lists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from offhook.model.sids import AccountSid


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """One such resource; `values` are its own fields, as the API shows them.

    `kind` says what it is and `parent_sid` the list that it stands in, "" for none. `name` is unique among its kind (a
    number, a host name), None where nothing is; `label` is its friendly name.
    """

    sid: str
    account_sid: AccountSid
    kind: str
    date_created: datetime
    date_updated: datetime
    parent_sid: str = ""
    name: str | None = None
    label: str = ""
    values: Mapping[str, Any] = {}
