"""Queues as accounts set them up: a name of their own and a size (contract 2 §7).

Nothing puts calls into a queue yet, so that each is empty: it has no members, and whoever asks for one is told so.
"""

from aiohttp import web
from msgspec.structs import replace

from offhook.model.provisioned import Provisioned
from offhook.rest import envelope, errors
from offhook.rest.envelope import Resource
from offhook.rest.errors import InvalidParameter, ResourceNotFound
from offhook.rest.form import Form, read_form
from offhook.rest.listing import read_page
from offhook.rest.parameters import target
from offhook.rest.provisioned.collection import EXTENSION, Collection
from offhook.rest.provisioned.fields import Field, text, whole
from offhook.rest.provisioned.kind import Kind
from offhook.rest.request import account_of, extension_of
from offhook.rest.world import WORLD, RestWorld

LONGEST_NAME = 64
DEFAULT_SIZE, LARGEST_SIZE = 1000, 5000


def _empty(_queue: Provisioned, _path: str) -> Resource:
    return {"current_size": 0, "average_wait_time": 0}


QUEUE = Kind(
    name="queue",
    prefix="QU",
    path="Queues",
    key="queues",
    element="Queue",
    fields=(
        Field(
            name="FriendlyName",
            read=text(LONGEST_NAME, errors.INVALID_FRIENDLY_NAME),
            missing=errors.INVALID_FRIENDLY_NAME,
        ),
        Field(name="MaxSize", read=whole(1, LARGEST_SIZE), default=DEFAULT_SIZE),
    ),
    named="friendly_name",
    taken=errors.QUEUE_NAME_TAKEN,
    more=_empty,
)
_MEMBERS = "/Accounts/{account_sid}/Queues/{sid:[^/.]+}/Members"
_MEMBER = _MEMBERS + "/{member:[^/.]+}" + EXTENSION


class Queues(Collection):
    """A name is taken once in an account, and never cleared."""

    def __init__(self) -> None:
        super().__init__(QUEUE)

    def routes(self) -> list[web.RouteDef]:
        """Of queues, and of what is in them."""
        return [
            *super().routes(),
            web.get(_MEMBERS + EXTENSION, self.list_members),
            web.get(_MEMBER, self.fetch_member),
            web.post(_MEMBER, self.update_member),
        ]

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """What is called by its name has one."""
        if not resource.values["friendly_name"]:
            raise InvalidParameter(errors.INVALID_FRIENDLY_NAME, "FriendlyName may not be empty")
        return resource

    def keyed(self, resource: Provisioned) -> Provisioned:
        """Two accounts may have queues of one name."""
        keyed = super().keyed(resource)
        return replace(keyed, name=f"{resource.account_sid} {keyed.name}")

    async def list_members(self, request: web.Request) -> web.Response:
        """GET Members: one page, of nobody."""
        queue, extension = await self.stored(request), extension_of(request)
        path = f"{QUEUE.collection(account_of(request))}/{queue.sid}/Members{extension.value}"
        nobody = read_page(path, request.query, ()).envelope(0, None)
        return envelope.page("queue_members", "QueueMember", [], nobody, extension)

    async def fetch_member(self, request: web.Request) -> web.Response:
        """GET one of them, by the SID of its call or as Front: there is none."""
        await self.stored(request)
        raise ResourceNotFound(request.path)

    async def update_member(self, request: web.Request) -> web.Response:
        """POST one of them, which would take it out and let it run another document: there is none."""
        form = await read_form(request, request.app[WORLD].limits)
        await self.stored(request)
        if target(form, "Url", "Method") is None:
            raise InvalidParameter(errors.INVALID_URL, "Url parameter is required.")
        raise ResourceNotFound(request.path)
