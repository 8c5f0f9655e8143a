"""The routes of one kind of provisioned resource: create, list, fetch, update, delete."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from offhook.calls.errors import NameTaken
from offhook.model.provisioned import Provisioned
from offhook.model.sids import AccountSid, is_sid
from offhook.rest import envelope, errors
from offhook.rest.envelope import Resource
from offhook.rest.errors import ApiError, InvalidParameter, ResourceNotFound
from offhook.rest.form import Form, read_form
from offhook.rest.listing import read_page
from offhook.rest.provisioned.family import OLD, ListPage
from offhook.rest.provisioned.kind import Kind
from offhook.rest.request import account_of, extension_of
from offhook.rest.world import WORLD, RestWorld

EXTENSION = r"{extension:(?:\.json|\.xml|\.csv)?}"


class Collection:
    """The handlers of one kind. A subclass says what else has to be true of a resource, and what follows from it."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def routes(self) -> list[web.RouteDef]:
        """Everything that is answered below the kind's path."""
        path = self.kind.collection("{account_sid}", "{parent_sid:[^/.]+}")
        path = path.removeprefix(self.kind.family.root)
        every, one = f"{path}{EXTENSION}", f"{path}/{{sid:[^/.]+}}{EXTENSION}"
        changing = [web.post(one, self.update)] if self.kind.changes else []
        return [
            web.post(every, self.create),
            web.get(every, self.list_),
            web.get(one, self.fetch),
            *changing,
            web.delete(one, self.delete),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """POST the list: 201."""
        world, kind = request.app[WORLD], self.kind
        form = await read_form(request, world.limits)
        parent_sid = await self._parent(request)
        owner = self.owner(request)
        await self._check_room(world, owner, parent_sid)
        for field in kind.fields:
            if field.missing and form.text(field.name) is None:
                raise InvalidParameter(field.missing, f"{field.name} is missing")
        values: dict[str, Any] = {field.key: field.take(form, field.default) for field in kind.fields}
        secret = self.new_secret(world, values)
        now = world.clock.now()
        made = Provisioned(
            sid=self.new_sid(world, values),
            account_sid=owner,
            kind=kind.name,
            parent_sid=parent_sid,
            date_created=now,
            date_updated=now,
            values=values,
        )
        made = self.keyed(await self.checked(world, form, made))
        try:
            await world.provisioned.add(made)
        except NameTaken as error:
            raise InvalidParameter(kind.taken or errors.CONFLICT, self._taken(made)) from error
        await self.follow(world, made)
        return self.made(request, made, secret)

    async def list_(self, request: web.Request) -> web.Response:
        """GET the list: one page, newest first."""
        world, kind, extension = request.app[WORLD], self.kind, extension_of(request)
        parent_sid = await self._parent(request)
        path = kind.collection(account_of(request), parent_sid) + (extension.value if kind.family is OLD else "")
        asked = read_page(path, request.query, tuple(kind.filters))
        filters = {column: request.query[name] for name, column in kind.filters.items() if request.query.get(name)}
        found, rest = await world.provisioned.page(
            account_of(request), kind.name, parent_sid, filters, asked.size, asked.token
        )
        origin = self._origin(request)
        shown = [kind.shown(one, extension, origin) for one in found]
        page = ListPage(key=kind.key, element=kind.element, shown=shown, asked=asked, rest=rest, origin=origin)
        return kind.family.page(page, extension)

    async def fetch(self, request: web.Request) -> web.Response:
        """GET one."""
        return self.answer(request, await self.stored(request))

    async def update(self, request: web.Request) -> web.Response:
        """POST one: what the form names is changed, the rest stays."""
        world, kind = request.app[WORLD], self.kind
        form = await read_form(request, world.limits)
        before = await self.stored(request)
        changed = {
            field.key: field.take(form, before.values.get(field.key, field.default))
            for field in kind.fields
            if not field.is_fixed
        }
        after = replace(before, values={**before.values, **changed}, date_updated=world.clock.now())
        after = self.keyed(await self.checked(world, form, after))
        try:
            await world.provisioned.change(after)
        except NameTaken as error:
            raise InvalidParameter(kind.taken or errors.CONFLICT, self._taken(after)) from error
        await self.follow(world, after)
        return self.answer(request, after)

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE one that nothing stands on: 204."""
        world = request.app[WORLD]
        resource = await self.stored(request)
        for use in self.kind.uses:
            if await world.provisioned.uses(use.kind, resource.sid):
                message = f"{resource.sid} is still in use: remove it from every {use.kind.replace('-', ' ')} first"
                raise InvalidParameter(use.code, message)
        await world.provisioned.remove(resource.kind, resource.sid, resource.parent_sid)
        await self.follow(world, resource)
        return web.Response(status=204)

    # --- what a kind may say differently --------------------------------------------------------------------------

    def owner(self, request: web.Request) -> AccountSid:
        """Whose a new one is. Raises ApiError."""
        return account_of(request)

    def new_sid(self, world: RestWorld, values: Mapping[str, Any]) -> str:  # noqa: ARG002
        """The SID of a new one."""
        return world.tokens.sid(self.kind.prefix)

    def made(self, request: web.Request, resource: Provisioned, secret: Resource) -> web.Response:
        """The answer to the request that made it."""
        extension = extension_of(request)
        shown = {**self.shown(request, resource), **secret}
        return envelope.instance(shown, self.kind.element, extension, 201)

    def new_secret(self, world: RestWorld, values: dict[str, Any]) -> Resource:  # noqa: ARG002
        """What only the answer that makes it tells; what is kept of that goes into the values."""
        return {}

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """The resource as it is kept, once its values fit together. Raises InvalidParameter."""
        return resource

    async def follow(self, world: RestWorld, resource: Provisioned) -> None:
        """What has to happen when one was made, changed or removed."""
        await world.changed(resource)

    def keyed(self, resource: Provisioned) -> Provisioned:
        """The resource with what it is found by: its name, which is taken once, and its label."""
        name = resource.values.get(self.kind.named) if self.kind.named else None
        label = str(resource.values.get(self.kind.labelled) or "")
        return replace(resource, name=None if name is None else str(name), label=label)

    # --- for all of them ------------------------------------------------------------------------------------------

    def answer(self, request: web.Request, resource: Provisioned, status: int = 200) -> web.Response:
        """One of them."""
        return envelope.instance(self.shown(request, resource), self.kind.element, extension_of(request), status)

    def shown(self, request: web.Request, resource: Provisioned) -> Resource:
        """One of them, as this request is told of it."""
        return self.kind.shown(resource, extension_of(request), self._origin(request))

    def _origin(self, request: web.Request) -> str:
        return "" if self.kind.family is OLD else str(request.url.origin())

    async def stored(self, request: web.Request) -> Provisioned:
        """The one that the path names. Raises ResourceNotFound."""
        parent_sid, sid = await self._parent(request), request.match_info["sid"]
        found = await request.app[WORLD].provisioned.fetch(self.kind.name, sid, parent_sid)
        if found is None or found.account_sid != account_of(request):
            raise ResourceNotFound(request.path)
        return found

    async def _parent(self, request: web.Request) -> str:
        parent = self.kind.parent
        if parent is None:
            return ""
        sid = request.match_info["parent_sid"]
        found = await request.app[WORLD].provisioned.fetch(parent.name, sid) if is_sid(sid, parent.prefix) else None
        if found is None or found.account_sid != account_of(request):
            raise ResourceNotFound(request.path)
        return sid

    async def _check_room(self, world: RestWorld, owner: AccountSid, parent_sid: str) -> None:
        limit = self.kind.limit
        if limit is None:
            return
        if await world.provisioned.count(owner, self.kind.name, parent_sid) >= limit.count:
            place = "this list" if parent_sid else "this account"
            raise ApiError(400, limit.code, f"{place} has {limit.count} of them already, and may have no more")

    def _taken(self, resource: Provisioned) -> str:
        value = resource.values.get(self.kind.named, resource.sid)
        return f"{self.kind.named.replace('_', ' ') or 'it'} {value} is taken already"
