"""Every kind of provisioned resource with its routes."""

from aiohttp import web

from offhook.rest.provisioned.accounts import Accounts
from offhook.rest.provisioned.collection import Collection
from offhook.rest.provisioned.family import Family
from offhook.rest.provisioned.keys import Keys
from offhook.rest.provisioned.queues import Queues
from offhook.rest.provisioned.sip import (
    ADDRESS_LIST,
    CALLS_ADDRESSES,
    CALLS_CREDENTIALS,
    CREDENTIAL_LIST,
    REGISTRATIONS_CREDENTIALS,
    Addresses,
    Credentials,
    Domains,
    Mappings,
)
from offhook.rest.provisioned.trunks import (
    CONNECTION_POLICY,
    TARGET,
    ByocTrunks,
    IpRecords,
    SourceIpMappings,
)
from offhook.rest.provisioned.voice import Applications, CallerIds, Numbers

COLLECTIONS = (
    Accounts(),
    Applications(),
    Numbers(),
    CallerIds(),
    Keys(),
    Queues(),
    Domains(),
    Collection(CREDENTIAL_LIST),
    Credentials(),
    Collection(ADDRESS_LIST),
    Addresses(),
    Mappings(CALLS_CREDENTIALS, "Auth/Calls/CredentialListMappings", CREDENTIAL_LIST),
    Mappings(CALLS_ADDRESSES, "Auth/Calls/IpAccessControlListMappings", ADDRESS_LIST),
    Mappings(REGISTRATIONS_CREDENTIALS, "Auth/Registrations/CredentialListMappings", CREDENTIAL_LIST),
    Mappings(
        CALLS_CREDENTIALS,
        "CredentialListMappings",
        CREDENTIAL_LIST,
        key="credential_list_mappings",
        is_legacy=True,
    ),
    Mappings(
        CALLS_ADDRESSES,
        "IpAccessControlListMappings",
        ADDRESS_LIST,
        key="ip_access_control_list_mappings",
        is_legacy=True,
    ),
    Collection(CONNECTION_POLICY),
    Collection(TARGET),
    ByocTrunks(),
    IpRecords(),
    SourceIpMappings(),
)


def routes(family: Family) -> list[web.RouteDef]:
    """Those of a family, below its root."""
    return [route for one in COLLECTIONS if one.kind.family is family for route in one.routes()]
