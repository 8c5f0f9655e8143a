"""What accounts have set up through the API, as the running platform goes by it: keys and the directory of callees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import msgspec

from offhook.calls.admission import Directory, InboundRoute
from offhook.calls.ports import Clock, SrtpPolicy
from offhook.model.call import CallEvent, HttpMethod, StatusCallback, WebhookTarget
from offhook.model.provisioned import Provisioned
from offhook.model.sids import AccountSid
from offhook.rest.provisioned.accounts import ACCOUNT, ACTIVE
from offhook.rest.provisioned.keys import KEY
from offhook.rest.provisioned.sip import ADDRESS, CALLS_ADDRESSES, CALLS_CREDENTIALS, CREDENTIAL, DOMAIN
from offhook.rest.provisioned.voice import APPLICATION, NUMBER
from offhook.rest.world import ApiKey
from offhook.sip.digest import HashedPassword
from offhook.store.provisioned import ProvisionedTable

OF_DIRECTORY = {
    *(NUMBER.name, APPLICATION.name, DOMAIN.name, CREDENTIAL.name, ADDRESS.name),
    *(CALLS_CREDENTIALS, CALLS_ADDRESSES),
}


class Provisions:
    """Keeps what is asked for at every request and every INVITE in memory, and makes it anew when it changes.

    `accounts` and `configured` are those of the configuration file, which go before what the API set up. Whoever holds
    `accounts` sees in it the tokens of subaccounts, too; `publish` takes each new directory.
    """

    def __init__(
        self,
        table: ProvisionedTable,
        clock: Clock,
        accounts: dict[AccountSid, str],
        configured: Directory,
        publish: Callable[[Directory], None],
    ) -> None:
        self._table = table
        self._clock = clock
        self._configured_accounts = dict(accounts)
        self._configured = configured
        self._publish = publish
        self.accounts = accounts
        self.owners: dict[AccountSid, AccountSid] = {}
        self.keys: dict[str, ApiKey] = {}

    async def load(self) -> None:
        """Read everything. Raises StoreFailed."""
        await self._note_configured_accounts()
        await self._load_accounts()
        await self._load_keys()
        await self._load_directory()

    async def changed(self, resource: Provisioned) -> None:
        """Something was set up, changed or removed. Raises StoreFailed."""
        if resource.kind == ACCOUNT.name:
            await self._load_accounts()
        elif resource.kind == KEY.name:
            await self._load_keys()
        elif resource.kind in OF_DIRECTORY:
            await self._load_directory()

    async def _note_configured_accounts(self) -> None:
        """They are shown beside the others, since when this platform knows them."""
        now = self._clock.now()
        for sid, token in self._configured_accounts.items():
            known = await self._table.fetch(ACCOUNT.name, sid)
            if known is None:
                values = {"friendly_name": "", "status": ACTIVE, "auth_token": token}
                account = Provisioned(
                    sid=sid, account_sid=sid, kind=ACCOUNT.name, date_created=now, date_updated=now, values=values
                )
                await self._table.add(account)
            elif known.values["auth_token"] != token:
                values = {**known.values, "auth_token": token}
                await self._table.change(msgspec.structs.replace(known, values=values, date_updated=now))

    async def _load_accounts(self) -> None:
        """A subaccount that is suspended or closed, or whose owner is gone, is nobody."""
        configured = self._configured_accounts
        kept = [one for one in await self._table.every(ACCOUNT.name) if one.account_sid in configured]
        subaccounts = {AccountSid(one.sid): one for one in kept if one.sid not in configured}
        self.owners.clear()
        self.owners.update({sid: one.account_sid for sid, one in subaccounts.items()})
        active = {sid: one for sid, one in subaccounts.items() if one.values["status"] == ACTIVE}
        known = {**configured, **{sid: one.values["auth_token"] for sid, one in active.items()}}
        self.accounts.clear()
        self.accounts.update(known)

    async def _load_keys(self) -> None:
        known = {one.sid: ApiKey(one.account_sid, one.values["digest"]) for one in await self._table.every(KEY.name)}
        self.keys.clear()
        self.keys.update(known)

    async def _load_directory(self) -> None:
        numbers, domains = await self._numbers(), await self._domains()
        configured = self._configured
        self._publish(
            replace(configured, numbers={**numbers, **configured.numbers}, domains={**domains, **configured.domains})
        )

    async def _numbers(self) -> Mapping[str, InboundRoute]:
        """By the number, with and without its plus sign, since trunks differ in whether they send it."""
        applications = {one.sid: one.values for one in await self._table.every(APPLICATION.name)}
        found: dict[str, InboundRoute] = {}
        for number in await self._table.every(NUMBER.name):
            values = applications.get(number.values.get("voice_application_sid") or "", number.values)
            route = _route(number, values, "status_callback", "status_callback_method")
            if route is not None and number.name:
                route = replace(route, phone_number=number.name, phone_number_sid=number.sid)
                found[number.name] = found[number.name.removeprefix("+")] = route
        return found

    async def _domains(self) -> Mapping[str, InboundRoute]:
        """By host name; a domain that nothing guards takes no calls (contract 1 §6.2)."""
        passwords = _by_list(await self._table.every(CREDENTIAL.name))
        networks = _by_list(await self._table.every(ADDRESS.name))
        credential_lists = _by_list(await self._table.every(CALLS_CREDENTIALS))
        address_lists = _by_list(await self._table.every(CALLS_ADDRESSES))
        found: dict[str, InboundRoute] = {}
        for domain in await self._table.every(DOMAIN.name):
            route = _route(domain, domain.values, "voice_status_callback_url", "voice_status_callback_method")
            by_password, by_address = credential_lists.get(domain.sid, []), address_lists.get(domain.sid, [])
            if route is None or not (by_password or by_address):
                continue
            found[str(domain.name)] = replace(
                route,
                sip_domain=domain.name,
                sip_domain_sid=domain.sid,
                srtp=SrtpPolicy.REQUIRED if domain.values["secure"] else SrtpPolicy.REFUSED,
                needs_tls=domain.values["secure"],
                networks=tuple(_network(one) for kept in by_address for one in networks.get(kept.sid, []))
                if by_address
                else EVERYWHERE,
                needs_password=bool(by_password),
                passwords=dict(_password(one) for kept in by_password for one in passwords.get(kept.sid, [])),
            )
        return found


EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def _by_list(resources: Sequence[Provisioned]) -> Mapping[str, list[Provisioned]]:
    found: dict[str, list[Provisioned]] = {}
    for one in resources:
        found.setdefault(one.parent_sid, []).append(one)
    return found


def _network(address: Provisioned) -> IPv4Network | IPv6Network:
    values = address.values
    return ip_network(f"{values['ip_address']}/{values['cidr_prefix_length']}", strict=False)


def _password(credential: Provisioned) -> tuple[str, HashedPassword]:
    digests = credential.values["digests"]
    return str(credential.name), HashedPassword(digests["MD5"], digests["SHA-256"])


def _route(owner: Provisioned, values: Mapping[str, Any], callback_url: str, method: str) -> InboundRoute | None:
    """How it is answered; None without a URL."""
    document = _target(values, "voice_url", "voice_method")
    if document is None:
        return None
    callback = _target(values, callback_url, method)
    events = frozenset({CallEvent.COMPLETED})
    return InboundRoute(
        account_sid=owner.account_sid,
        document=document,
        fallback=_target(values, "voice_fallback_url", "voice_fallback_method"),
        status_callback=None if callback is None else StatusCallback(target=callback, events=events),
    )


def _target(values: Mapping[str, Any], url: str, method: str) -> WebhookTarget | None:
    return WebhookTarget(url=values[url], method=HttpMethod(values[method])) if values.get(url) else None
