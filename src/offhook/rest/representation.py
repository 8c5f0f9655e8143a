"""Records as API resources: the call (contract 1 §1.4), the notification (§8.6), the event (§1.1), the timeline."""

from urllib.parse import urlencode

from offhook.calls.ports import Notification
from offhook.model.call import CallRecord, CallStatus
from offhook.model.errors import more_info
from offhook.model.numbers import format_number
from offhook.model.timeline import TimelineEntry
from offhook.model.webhook import API_VERSION
from offhook.rest.envelope import Extension, Resource, date

_SUBRESOURCES = (
    "events",
    "notifications",
    "payments",
    "recordings",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
)


def account_path(account_sid: str) -> str:
    """Where an account's resources begin."""
    return f"/{API_VERSION}/Accounts/{account_sid}"


def call_resource(record: CallRecord, extension: Extension) -> Resource:
    """A call as the API shows it, keys in the order of captured answers; what is never known here is null."""
    path = f"{account_path(record.account_sid)}/Calls/{record.sid}"
    is_completed = record.status is CallStatus.COMPLETED
    return {
        "account_sid": record.account_sid,
        "annotation": None,
        "answered_by": None,
        "api_version": API_VERSION,
        "caller_name": record.caller_name,
        "date_created": date(record.date_created),
        "date_updated": date(record.date_updated),
        "direction": record.direction.value,
        "duration": str(record.duration) if is_completed and record.duration is not None else None,
        "end_time": date(record.end_time) if is_completed else None,
        "forwarded_from": record.forwarded_from,
        "from": record.from_,
        "from_formatted": format_number(record.from_),
        "group_sid": None,
        "parent_call_sid": record.parent_call_sid,
        "phone_number_sid": record.phone_number_sid,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": record.sid,
        "start_time": date(record.start_time),
        "status": _shown_status(record.status),
        "subresource_uris": {name: f"{path}/{_in_path(name)}.json" for name in _SUBRESOURCES},
        "to": record.to,
        "to_formatted": format_number(record.to),
        "trunk_sid": "",
        "uri": path + extension.value,
    }


def notification_resource(
    notification: Notification, extension: Extension, *, is_of_call: bool, is_whole: bool = False
) -> Resource:
    """A notification; the whole one, shown by itself, has the request and the answer too. All values are strings."""
    moment = date(notification.message_date)
    parent = f"/Calls/{notification.call_sid}" if is_of_call else ""
    path = f"{account_path(notification.account_sid)}{parent}/Notifications/{notification.sid}"
    resource = {
        "account_sid": notification.account_sid,
        "api_version": API_VERSION,
        "call_sid": notification.call_sid,
        "date_created": moment,
        "date_updated": moment,
        "error_code": str(notification.error_code),
        "log": str(notification.log),
        "message_date": moment,
        "message_text": notification.message_text,
        "more_info": more_info(notification.error_code),
        "request_method": notification.request_method,
        "request_url": notification.request_url,
        "sid": notification.sid,
        "uri": path + extension.value,
    }
    if is_whole:
        resource |= {"request_variables": "", "response_headers": "", "response_body": ""}
    return resource


def event_resource(entry: TimelineEntry) -> Resource:
    """A webhook of the call and its answer, from the timeline."""
    detail = entry.detail
    return {
        "request": {
            "method": detail.get("method"),
            "url": detail.get("url"),
            "parameters": detail.get("parameters", {}),
        },
        "response": {
            "response_code": detail.get("code"),
            "request_duration": round(detail.get("milliseconds") or 0),
            "content_type": detail.get("content_type"),
            "response_body": detail.get("body") or detail.get("error"),
            "date_created": date(entry.at),
        },
    }


def timeline_resource(entry: TimelineEntry) -> Resource:
    """An entry of the timeline."""
    return {
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "kind": entry.kind.value,
        "summary": entry.summary,
        "detail": entry.detail,
    }


def message_text(code: int, level: str, text: str) -> str:
    """What a notification says, as encoded pairs."""
    return urlencode({"ErrorCode": code, "LogLevel": level, "Msg": text}, errors="replace")


def _shown_status(status: CallStatus) -> str:
    shown: str = (CallStatus.QUEUED if status is CallStatus.INITIATED else status).value
    return shown


def _in_path(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
