"""Accounts and their subaccounts: one operator, several customers, each with a token and resources of its own."""

from typing import Any

from aiohttp import web
from msgspec.structs import replace

from offhook.model.provisioned import Provisioned
from offhook.model.sids import AccountSid
from offhook.rest import envelope, errors
from offhook.rest.envelope import Resource
from offhook.rest.errors import ApiError, InvalidParameter, ResourceNotFound
from offhook.rest.form import Form
from offhook.rest.listing import read_page
from offhook.rest.provisioned.collection import EXTENSION, Collection
from offhook.rest.provisioned.fields import Field, key_of, one_of, text
from offhook.rest.provisioned.kind import Kind, Limit
from offhook.rest.representation import account_path
from offhook.rest.request import PROVED, extension_of
from offhook.rest.world import WORLD, RestWorld

ACTIVE, SUSPENDED, CLOSED = "active", "suspended", "closed"
BELOW = ("Applications", "Calls", "Conferences", "IncomingPhoneNumbers", "Keys", "Notifications", "OutgoingCallerIds",
         "Queues", "Recordings", "SIP", "Transcriptions")  # fmt: skip


def _of_account(account: Provisioned, _path: str) -> Resource:
    base = account_path(account.sid)
    return {
        "auth_token": account.values["auth_token"],
        "owner_account_sid": account.account_sid,
        "subresource_uris": {_key(name): f"{base}/{name}.json" for name in BELOW},
        "type": "Full",
        "uri": f"{base}.json",
    }


def _key(name: str) -> str:
    return "sip" if name == "SIP" else key_of(name)


ACCOUNT = Kind(
    name="account",
    prefix="AC",
    path="",
    key="accounts",
    element="Account",
    fields=(
        Field(name="FriendlyName", read=text(64)),
        Field(name="Status", read=one_of(ACTIVE, SUSPENDED, CLOSED), default=ACTIVE),
    ),
    filters={"FriendlyName": "label"},
    limit=Limit(count=1000, code=errors.INVALID_PARAMETER),
    more=_of_account,
    hidden=frozenset({"account_sid"}),
    shows_uri=False,
)


class Accounts(Collection):
    """An account sees itself and its subaccounts, and makes, suspends and closes the latter."""

    def __init__(self) -> None:
        super().__init__(ACCOUNT)

    def routes(self) -> list[web.RouteDef]:
        """Beside the resources of an account, not below one."""
        one = r"/Accounts/{account_sid:[^/.]+}" + EXTENSION
        return [
            web.post(f"/Accounts{EXTENSION}", self.create),
            web.get(f"/Accounts{EXTENSION}", self.list_),
            web.get(one, self.fetch),
            web.post(one, self.update),
        ]

    async def list_(self, request: web.Request) -> web.Response:
        """GET the list: one page, newest first."""
        world, extension, proved = request.app[WORLD], extension_of(request), request[PROVED]
        path = account_path("").removesuffix("/") + extension.value
        asked = read_page(path, request.query, ("FriendlyName", "Status"))
        label = request.query.get("FriendlyName")
        filters = {"label": label} if label else {}
        found, rest = await world.provisioned.page(proved, ACCOUNT.name, "", filters, asked.size, asked.token)
        status = request.query.get("Status")
        shown = [self.kind.shown(one, extension) for one in found if status in {None, "", one.values["status"]}]
        return envelope.page("accounts", "Account", shown, asked.envelope(len(shown), rest), extension)

    async def stored(self, request: web.Request) -> Provisioned:
        """The one that the path names, which the request has proved to be or to own."""
        found = await request.app[WORLD].provisioned.fetch(ACCOUNT.name, request.match_info["account_sid"])
        if found is None:
            raise ResourceNotFound(request.path)
        return found

    def owner(self, request: web.Request) -> AccountSid:
        """Whoever asks; subaccounts have none of their own."""
        proved = request[PROVED]
        if request.app[WORLD].owners.get(proved, proved) != proved:
            raise ApiError(403, errors.FORBIDDEN, "A subaccount cannot have subaccounts")
        return proved

    def new_secret(self, world: RestWorld, values: dict[str, Any]) -> Resource:
        """The token is shown whenever the account is, as Twilio does to whoever owns it."""
        values["auth_token"] = world.tokens.sid("")
        return {}

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """The owner itself is neither suspended nor closed, and what is closed stays so."""
        status = resource.values["status"]
        if resource.sid == resource.account_sid and status != ACTIVE:
            raise InvalidParameter(errors.INVALID_PARAMETER, "An account cannot suspend or close itself")
        before = await world.provisioned.fetch(ACCOUNT.name, resource.sid)
        if before is not None and before.values["status"] == CLOSED and status != CLOSED:
            raise InvalidParameter(errors.INVALID_PARAMETER, "A closed account cannot be opened again")
        if resource.values["friendly_name"]:
            return resource
        name = f"SubAccount Created at {resource.date_created:%Y-%m-%d %I:%M %p}"
        return replace(resource, values={**resource.values, "friendly_name": name})
