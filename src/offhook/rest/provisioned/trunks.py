"""How calls leave to carriers, and whose addresses they come from: /v1 (contract 1 §6.7, contract 2 §7)."""

from offhook.model.provisioned import Provisioned
from offhook.rest import errors
from offhook.rest.errors import InvalidParameter
from offhook.rest.form import Form
from offhook.rest.provisioned.collection import Collection
from offhook.rest.provisioned.family import NEW
from offhook.rest.provisioned.fields import Field, address, key_of, method, sid, sip_uri, text, truth, url, whole
from offhook.rest.provisioned.kind import Kind, Use
from offhook.rest.provisioned.sip import DOMAIN, with_whole_length
from offhook.rest.world import RestWorld

FRIENDLY_NAME = Field(name="FriendlyName", read=text(255))
MOST = 65_535  # of a priority and a weight, as in an SRV record (RFC 2782)


CONNECTION_POLICY = Kind(
    name="connection-policy",
    prefix="NY",
    path="ConnectionPolicies",
    key="connection_policies",
    element="ConnectionPolicy",
    family=NEW,
    fields=(FRIENDLY_NAME,),
    more=lambda _, path: {"links": {"targets": f"{path}/Targets"}},
)
TARGET = Kind(
    name="connection-target",
    prefix="NE",
    path="Targets",
    key="targets",
    element="Target",
    family=NEW,
    parent=CONNECTION_POLICY,
    fields=(
        Field(name="Target", read=sip_uri, missing=errors.INVALID_PARAMETER),
        FRIENDLY_NAME,
        Field(name="Priority", read=whole(0, MOST), default=10),
        Field(name="Weight", read=whole(0, MOST), default=10),
        Field(name="Enabled", read=truth, default=True),
    ),
    more=lambda target, _: {"connection_policy_sid": target.parent_sid},
)
BYOC_TRUNK = Kind(
    name="byoc-trunk",
    prefix="BY",
    path="ByocTrunks",
    key="byoc_trunks",
    element="ByocTrunk",
    family=NEW,
    fields=(
        FRIENDLY_NAME,
        Field(name="VoiceUrl", read=url),
        Field(name="VoiceMethod", read=method, default="POST"),
        Field(name="VoiceFallbackUrl", read=url),
        Field(name="VoiceFallbackMethod", read=method, default="POST"),
        Field(name="StatusCallbackUrl", read=url),
        Field(name="StatusCallbackMethod", read=method, default="POST"),
        Field(name="CnamLookupEnabled", read=truth, default=False),
        Field(name="ConnectionPolicySid", read=sid("NY")),
        Field(name="FromDomainSid", read=sid("SD")),
    ),
)
IP_RECORD = Kind(
    name="ip-record",
    prefix="IL",
    path="IpRecords",
    key="ip_records",
    element="IpRecord",
    family=NEW,
    fields=(
        Field(name="IpAddress", read=address, missing=errors.INVALID_ADDRESS, is_fixed=True),
        FRIENDLY_NAME,
        Field(name="CidrPrefixLength", read=whole(0, 128), is_fixed=True),
    ),
    uses=(Use(kind="source-ip-mapping", code=errors.CONFLICT),),
)
SOURCE_IP_MAPPING = Kind(
    name="source-ip-mapping",
    prefix="IB",
    path="SourceIpMappings",
    key="source_ip_mappings",
    element="SourceIpMapping",
    family=NEW,
    fields=(
        Field(name="IpRecordSid", read=sid("IL"), missing=errors.INVALID_SID, is_fixed=True),
        Field(name="SipDomainSid", read=sid("SD"), missing=errors.INVALID_SID),
    ),
    named="ip_record_sid",
    taken=errors.CONFLICT,
    hidden=frozenset({"account_sid"}),
)


class ByocTrunks(Collection):
    """A carrier that the customer brought along."""

    def __init__(self) -> None:
        super().__init__(BYOC_TRUNK)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """What it names is there."""
        await expect_own(world, resource, CONNECTION_POLICY, "ConnectionPolicySid")
        await expect_own(world, resource, DOMAIN, "FromDomainSid")
        return resource


class IpRecords(Collection):
    """Networks that a carrier's calls come from."""

    def __init__(self) -> None:
        super().__init__(IP_RECORD)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """Without a length the address stands for itself."""
        return with_whole_length(resource)


class SourceIpMappings(Collection):
    """Which SIP Domain calls from a network are for, whatever they name."""

    def __init__(self) -> None:
        super().__init__(SOURCE_IP_MAPPING)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:  # noqa: ARG002
        """Both ends of it are there."""
        await expect_own(world, resource, IP_RECORD, "IpRecordSid")
        await expect_own(world, resource, DOMAIN, "SipDomainSid")
        return resource


async def expect_own(world: RestWorld, resource: Provisioned, kind: Kind, parameter: str) -> None:
    """Let a parameter name nothing, or a resource of the same account. Raises InvalidParameter (20422)."""
    named = resource.values[key_of(parameter)]
    if named is None:
        return
    found = await world.provisioned.fetch(kind.name, named)
    if found is None or found.account_sid != resource.account_sid:
        message = f"{parameter} {named} is no {kind.name.replace('-', ' ')} of this account"
        raise InvalidParameter(errors.INVALID_PARAMETER, message)
