"""What calls are placed with: applications, numbers, caller IDs (contract 2 §7)."""

from aiohttp import web
from msgspec.structs import replace

from offhook.model.provisioned import Provisioned
from offhook.model.sids import AccountSid
from offhook.rest import envelope, errors
from offhook.rest.envelope import Resource
from offhook.rest.errors import InvalidParameter
from offhook.rest.form import Form
from offhook.rest.provisioned.collection import Collection
from offhook.rest.provisioned.fields import Field, method, number, one_of, sid, text, truth, url
from offhook.rest.provisioned.kind import Kind, Limit
from offhook.rest.request import extension_of
from offhook.rest.world import RestWorld

FRIENDLY_NAME = Field(name="FriendlyName", read=text(64))
API_VERSIONS = ("2010-04-01", "2008-08-01")
# A self-hosted platform sends no messages: what belongs to them is kept and shown, so that what sets it up still works.
MESSAGES = (
    Field(name="SmsUrl", read=url),
    Field(name="SmsMethod", read=method, default="POST"),
    Field(name="SmsFallbackUrl", read=url),
    Field(name="SmsFallbackMethod", read=method, default="POST"),
)
VOICE = (
    Field(name="VoiceUrl", read=url),
    Field(name="VoiceMethod", read=method, default="POST"),
    Field(name="VoiceFallbackUrl", read=url),
    Field(name="VoiceFallbackMethod", read=method, default="POST"),
)
CALLBACK = (
    Field(name="StatusCallback", read=url),
    Field(name="StatusCallbackMethod", read=method, default="POST"),
)
API = Field(name="ApiVersion", read=one_of(*API_VERSIONS), default=API_VERSIONS[0])

APPLICATION = Kind(
    name="application",
    prefix="AP",
    path="Applications",
    key="applications",
    element="Application",
    fields=(
        *(FRIENDLY_NAME, API, *VOICE, *CALLBACK),
        Field(name="VoiceCallerIdLookup", read=truth, default=False),
        *MESSAGES,
        Field(name="SmsStatusCallback", read=url),
        Field(name="MessageStatusCallback", read=url),
        Field(name="PublicApplicationConnectEnabled", read=truth, default=False),
    ),
    filters={"FriendlyName": "label"},
    limit=Limit(count=1000, code=errors.INVALID_PARAMETER),
)


def _of_number(_number: Provisioned, _path: str) -> Resource:
    return {
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "emergency_address_status": "unregistered",
        "origin": "hosted",
        "status": "in-use",
    }


NUMBER = Kind(
    name="number",
    prefix="PN",
    path="IncomingPhoneNumbers",
    key="incoming_phone_numbers",
    element="IncomingPhoneNumber",
    fields=(
        Field(name="PhoneNumber", read=number(errors.NOT_A_NUMBER), missing=errors.NO_NUMBER, is_fixed=True),
        *(FRIENDLY_NAME, API, *VOICE, *CALLBACK),
        Field(name="VoiceApplicationSid", read=sid("AP", errors.INVALID_APPLICATION)),
        Field(name="VoiceCallerIdLookup", read=truth, default=False),
        Field(name="VoiceReceiveMode", read=one_of("voice", "fax"), default="voice"),
        Field(name="TrunkSid", read=sid("TK")),
        *MESSAGES,
        Field(name="SmsApplicationSid", read=sid("AP", errors.INVALID_APPLICATION)),
        Field(name="EmergencyStatus", read=one_of("Active", "Inactive"), default="Inactive"),
        Field(name="EmergencyAddressSid", read=sid("AD")),
        Field(name="AddressSid", read=sid("AD")),
        Field(name="IdentitySid", read=sid("RI")),
        Field(name="BundleSid", read=sid("BU")),
    ),
    named="phone_number",
    taken=errors.NUMBER_TAKEN,
    filters={"FriendlyName": "label", "PhoneNumber": "name"},
    more=_of_number,
)


class Applications(Collection):
    """Where the documents of a call come from, under one SID."""

    def __init__(self) -> None:
        super().__init__(APPLICATION)


class Numbers(Collection):
    """The numbers that are answered here; whoever runs the platform brings them along on trunks."""

    def __init__(self) -> None:
        super().__init__(NUMBER)

    async def checked(self, world: RestWorld, form: Form, resource: Provisioned) -> Provisioned:
        """An application and a trunk exclude each other; a number without a name is called by itself."""
        values = dict(resource.values)
        application = values["voice_application_sid"]
        if form.text("VoiceApplicationSid") is not None:
            values["trunk_sid"] = None
        elif form.text("TrunkSid") is not None:
            values["voice_application_sid"] = application = None
        if application is not None:
            found = await world.provisioned.fetch(APPLICATION.name, application)
            if found is None or found.account_sid != resource.account_sid:
                message = f"VoiceApplicationSid {application} is no application of this account"
                raise InvalidParameter(errors.INVALID_APPLICATION, message)
        values["friendly_name"] = values["friendly_name"] or values["phone_number"]
        return replace(resource, values=values)


CALLER_ID = Kind(
    name="caller-id",
    prefix="PN",
    path="OutgoingCallerIds",
    key="outgoing_caller_ids",
    element="OutgoingCallerId",
    fields=(
        Field(name="PhoneNumber", read=number(errors.NOT_A_NUMBER), missing=errors.NO_NUMBER, is_fixed=True),
        FRIENDLY_NAME,
    ),
    filters={"FriendlyName": "label", "PhoneNumber": "name"},
    named="phone_number",
    taken=errors.CALLER_ID_TAKEN,
)


async def with_application(world: RestWorld, account_sid: AccountSid, form: Form) -> Form:
    """The form of a new call with what its ApplicationSid stands for. Raises InvalidParameter (21218, 21205)."""
    sid = form.text("ApplicationSid")
    if sid is None:
        return form
    found = await world.provisioned.fetch(APPLICATION.name, sid)
    if found is None or found.account_sid != account_sid:
        raise InvalidParameter(
            errors.INVALID_APPLICATION, f"ApplicationSid {sid[:80]} is no application of this account"
        )
    values = found.values
    if values["voice_url"] is None:
        raise InvalidParameter(errors.INVALID_URL, f"Application {sid} has no VoiceUrl")
    return form.replaced(
        {
            "Url": values["voice_url"],
            "Method": values["voice_method"],
            "Twiml": None,
            "FallbackUrl": values["voice_fallback_url"],
            "FallbackMethod": values["voice_fallback_method"],
            "StatusCallback": values["status_callback"],
            "StatusCallbackMethod": values["status_callback_method"],
            "StatusCallbackEvent": None,
        }
    )


class CallerIds(Collection):
    """Numbers that calls may show. Nobody is called to prove one: whoever has the account's token is believed."""

    def __init__(self) -> None:
        super().__init__(CALLER_ID)

    def made(self, request: web.Request, resource: Provisioned, secret: Resource) -> web.Response:  # noqa: ARG002
        """What Twilio answers while it calls the number."""
        validation = {
            "account_sid": resource.account_sid,
            "call_sid": None,
            "friendly_name": resource.label,
            "phone_number": resource.name,
            "validation_code": None,
        }
        return envelope.instance(validation, "ValidationRequest", extension_of(request))
