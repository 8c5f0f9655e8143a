"""SIP Domains, the lists that say who may call them, and which domain goes by which list (contract 1 §6.7)."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from msgspec.structs import replace

from offhook.model.provisioned import Provisioned
from offhook.rest import errors
from offhook.rest.envelope import Resource
from offhook.rest.errors import InvalidParameter, ResourceNotFound
from offhook.rest.form import Form
from offhook.rest.provisioned.collection import Collection
from offhook.rest.provisioned.fields import Field, address, matching, method, sid, text, truth, url, whole
from offhook.rest.provisioned.kind import Kind, Limit, Use
from offhook.rest.provisioned.voice import VOICE
from offhook.rest.world import RestWorld
from offhook.sip.digest import HashedPassword

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
NEW_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]).{12,128}", re.DOTALL)
WEAK = "Password must have 12 characters or more, with a digit, a small and a capital letter"
CALLS_CREDENTIALS, CALLS_ADDRESSES = "domain-credential-list", "domain-address-list"
REGISTRATIONS_CREDENTIALS = "registrations-credential-list"


def _of_domain(domain: Provisioned, path: str) -> Resource:
    lists = {
        "credential_list_mappings": f"{path}/CredentialListMappings.json",
        "ip_access_control_list_mappings": f"{path}/IpAccessControlListMappings.json",
    }
    return {"auth_type": domain.values.get("auth_type", ""), "subresource_uris": lists}


DOMAIN = Kind(
    name="domain",
    prefix="SD",
    path="SIP/Domains",
    key="domains",
    element="Domain",
    fields=(
        Field(name="DomainName", read=text(255, errors.INVALID_DOMAIN), missing=errors.INVALID_DOMAIN),
        Field(name="FriendlyName", read=text(64, errors.INVALID_DOMAIN)),
        *VOICE,
        Field(name="VoiceStatusCallbackUrl", read=url),
        Field(name="VoiceStatusCallbackMethod", read=method, default="POST"),
        Field(name="SipRegistration", read=truth, default=False),
        Field(name="EmergencyCallingEnabled", read=truth, default=False),
        Field(name="Secure", read=truth, default=False),
        Field(name="ByocTrunkSid", read=sid("BY", errors.INVALID_DOMAIN)),
        Field(name="EmergencyCallerSid", read=sid("PN", errors.INVALID_DOMAIN)),
    ),
    named="domain_name",
    taken=errors.DOMAIN_TAKEN,
    limit=Limit(count=100, code=errors.TOO_MANY_DOMAINS),
    more=_of_domain,
    shows_version=True,
)


class Domains(Collection):
    """Names that are called from outside, each with an application."""

    def __init__(self) -> None:
        super().__init__(DOMAIN)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """The name stands below the platform's own; emergency calls are no business of a self-hosted platform."""
        values = dict(resource.values)
        name, own = str(values["domain_name"]).lower(), world.sip_domain.lower()
        if not re.fullmatch(rf"{LABEL}(?:\.{LABEL})*\.{re.escape(own)}", name, re.IGNORECASE):
            message = f"DomainName must be a name below {own}, such as acme.{own}, not {name[:80]!r}"
            raise InvalidParameter(errors.DOMAIN_TAKEN, message)
        if values["emergency_calling_enabled"]:
            message = "EmergencyCallingEnabled: emergency calls cannot be made here; let a carrier's trunk make them"
            raise InvalidParameter(errors.INVALID_DOMAIN, message)
        values |= {"domain_name": name, "friendly_name": values["friendly_name"] or name}
        return replace(resource, values=values)


CREDENTIAL_LIST = Kind(
    name="credential-list",
    prefix="CL",
    path="SIP/CredentialLists",
    key="credential_lists",
    element="CredentialList",
    fields=(
        Field(
            name="FriendlyName",
            read=text(64, errors.INVALID_CREDENTIAL_LIST),
            missing=errors.INVALID_CREDENTIAL_LIST,
        ),
    ),
    limit=Limit(count=100, code=errors.TOO_MANY_CREDENTIAL_LISTS),
    uses=(
        Use(kind=CALLS_CREDENTIALS, code=errors.CREDENTIAL_LIST_IN_USE),
        Use(kind=REGISTRATIONS_CREDENTIALS, code=errors.CREDENTIAL_LIST_IN_USE),
    ),
    more=lambda _, path: {"subresource_uris": {"credentials": f"{path}/Credentials.json"}},
)

CREDENTIAL = Kind(
    name="credential",
    prefix="CR",
    path="Credentials",
    key="credentials",
    element="Credential",
    parent=CREDENTIAL_LIST,
    fields=(
        Field(
            name="Username",
            read=matching(
                r"[A-Za-z0-9._~!$&'()*+=;@-]{1,32}", "1 to 32 characters of a SIP user name", errors.INVALID_CREDENTIAL
            ),
            missing=errors.INVALID_CREDENTIAL,
            is_fixed=True,
        ),
    ),
    named="username",
    also=("Password",),
    taken=errors.INVALID_CREDENTIAL,
    limit=Limit(count=1000, code=errors.TOO_MANY_CREDENTIALS),
    more=lambda credential, _: {"credential_list_sid": credential.parent_sid},
)


class Credentials(Collection):
    """User names and passwords; of a password only what digest authentication needs is kept, and never shown."""

    def __init__(self) -> None:
        super().__init__(CREDENTIAL)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:
        """A password is given at creation, and is not weak."""
        password = form.text("Password")
        if password is None and "digests" in resource.values:
            return resource
        if password is None or NEW_PASSWORD.fullmatch(password) is None:
            raise InvalidParameter(errors.INVALID_CREDENTIAL, WEAK)
        hashed = HashedPassword.of(str(resource.values["username"]), world.sip_domain, password)
        return replace(resource, values={**resource.values, "digests": {"MD5": hashed.md5, "SHA-256": hashed.sha_256}})


ADDRESS_LIST = Kind(
    name="address-list",
    prefix="AL",
    path="SIP/IpAccessControlLists",
    key="ip_access_control_lists",
    element="IpAccessControlList",
    fields=(
        Field(name="FriendlyName", read=text(255, errors.INVALID_ADDRESS_LIST), missing=errors.INVALID_ADDRESS_LIST),
    ),
    limit=Limit(count=1000, code=errors.TOO_MANY_ADDRESS_LISTS),
    uses=(Use(kind=CALLS_ADDRESSES, code=errors.ADDRESS_LIST_IN_USE),),
    more=lambda _, path: {"subresource_uris": {"ip_addresses": f"{path}/IpAddresses.json"}},
)


ADDRESS = Kind(
    name="address",
    prefix="IP",
    path="IpAddresses",
    key="ip_addresses",
    element="IpAddress",
    parent=ADDRESS_LIST,
    fields=(
        Field(name="FriendlyName", read=text(255, errors.INVALID_ADDRESS), missing=errors.INVALID_ADDRESS),
        Field(name="IpAddress", read=address, missing=errors.INVALID_ADDRESS),
        Field(name="CidrPrefixLength", read=whole(0, 128)),
    ),
    limit=Limit(count=100, code=errors.TOO_MANY_ADDRESSES),
    more=lambda address, _: {"ip_access_control_list_sid": address.parent_sid},
)


class Addresses(Collection):
    """Networks that calls may come from."""

    def __init__(self) -> None:
        super().__init__(ADDRESS)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """Without a length the address stands for itself."""
        return with_whole_length(resource)


def with_whole_length(resource: Provisioned) -> Provisioned:
    """A network whose length was not said is the address alone. Raises InvalidParameter (21238)."""
    longest = longest_prefix(str(resource.values["ip_address"]))
    length = resource.values["cidr_prefix_length"]
    if length is not None and length > longest:
        message = f"CidrPrefixLength must be from 0 to {longest}, not {length}"
        raise InvalidParameter(errors.INVALID_ADDRESS, message)
    return replace(resource, values={**resource.values, "cidr_prefix_length": longest if length is None else length})


def longest_prefix(address: str) -> int:
    """How many bits an address of this family has."""
    return {IPv4Address: 32, IPv6Address: 128}[type(ip_address(address))]


class Mappings(Collection):
    """Lists that a domain goes by, under the SIDs of the lists. `legacy` is the older form of the same records."""

    def __init__(self, name: str, path: str, of: Kind, *, key: str = "contents", is_legacy: bool = False) -> None:
        element = path.rpartition("/")[2].removesuffix("s")
        super().__init__(
            Kind(
                name=name,
                prefix=of.prefix,
                path=path,
                key=key,
                element=element,
                parent=DOMAIN,
                fields=(
                    Field(
                        name="CredentialListSid" if of is CREDENTIAL_LIST else "IpAccessControlListSid",
                        read=sid(of.prefix),
                        missing=errors.INVALID_SID,
                        is_fixed=True,
                    ),
                ),
                taken=errors.INVALID_DOMAIN,
                more=lambda mapping, _: {
                    "friendly_name": mapping.label,
                    **({"domain_sid": mapping.parent_sid} if is_legacy else {}),
                },
                hidden=frozenset({"credential_list_sid", "ip_access_control_list_sid"}),
                shows_uri=is_legacy,
                changes=False,
            )
        )
        self._of = of

    def new_sid(self, _world: RestWorld, values: Mapping[str, Any]) -> str:
        """That of the list."""
        return str(values[self.kind.fields[0].key])

    async def follow(self, world: RestWorld, resource: Provisioned) -> None:
        """The domain says how it is guarded now."""
        domain = await world.provisioned.fetch(DOMAIN.name, resource.parent_sid)
        if domain is not None:
            guards = [
                word
                for word, kind in (("IP_ACL", CALLS_ADDRESSES), ("CREDENTIAL_LIST", CALLS_CREDENTIALS))
                if await world.provisioned.count(domain.account_sid, kind, domain.sid)
            ]
            await world.provisioned.change(replace(domain, values={**domain.values, "auth_type": ",".join(guards)}))
        await super().follow(world, resource)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """The list is the account's own. Raises ResourceNotFound."""
        found = await world.provisioned.fetch(self._of.name, resource.sid)
        if found is None or found.account_sid != resource.account_sid:
            raise ResourceNotFound(f"{self._of.collection(resource.account_sid)}/{resource.sid}")
        return replace(resource, label=found.label, values={**resource.values, "friendly_name": found.label})
