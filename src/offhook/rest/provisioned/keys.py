"""API keys: credentials of an account that can be taken back one by one (contract 1 §1.2)."""

from typing import Any

from offhook.rest.auth import digest_of
from offhook.rest.envelope import Resource
from offhook.rest.provisioned.collection import Collection
from offhook.rest.provisioned.kind import Kind
from offhook.rest.provisioned.voice import FRIENDLY_NAME
from offhook.rest.world import RestWorld

KEY = Kind(
    name="key",
    prefix="SK",
    path="Keys",
    key="keys",
    element="Key",
    fields=(FRIENDLY_NAME,),
    hidden=frozenset({"account_sid"}),
    shows_uri=False,
)


class Keys(Collection):
    """The secret is told once, in the answer that makes the key; a hash of it is kept."""

    def __init__(self) -> None:
        super().__init__(KEY)

    def new_secret(self, world: RestWorld, values: dict[str, Any]) -> Resource:
        """As random as a SID is."""
        secret = world.tokens.sid("")
        values["digest"] = digest_of(secret)
        return {"secret": secret}
