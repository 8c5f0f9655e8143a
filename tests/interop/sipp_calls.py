"""Calls between offhook and a scripted SIPp, with what both sides and the application say of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offhook_process import Offhook
from sipp_runner import Sipp, sipp
from sipp_script import Script
from web_application import WebApplication

EVENTS = ["initiated", "ringing", "answered", "completed"]
STAY = "<Response><Pause length='{seconds}'/></Response>"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a call: its record, the status callbacks in order, and SIPp with its message log."""

    record: Mapping[str, Any]
    statuses: list[str]
    last: Mapping[str, str]
    phone: Sipp
    notices: list[int]


@dataclass(frozen=True, slots=True)
class Calls:
    """A running offhook and its application, shared by the tests of a module; each call has paths of its own."""

    platform: Offhook
    application: WebApplication
    folder: Path

    async def place(
        self,
        script: Script,
        name: str,
        *,
        transport: str = "udp",
        seconds: float = 1,
        form: Mapping[str, str] | None = None,
    ) -> Told:
        """Call the scripted phone by REST; once answered the document pauses so long and hangs up."""
        async with sipp(script, self.folder / name, transport=transport) as phone:
            return await self.reach(phone, phone.uri, name, document=STAY.format(seconds=seconds), form=form)

    async def reach(
        self,
        phone: Sipp,
        uri: str,
        name: str,
        *,
        document: str = STAY.format(seconds=1),
        form: Mapping[str, str] | None = None,
        finishes: bool = True,
    ) -> Told:
        """Call a phone that is there already by a URI that leads to it; `finishes` when its script comes to its end.

        Once answered the call runs `document`.
        """
        application = self.application
        application.pages[f"/{name}"] = document
        call = await self.platform.call(
            uri,
            Url=f"{application.url}/{name}",
            StatusCallback=f"{application.url}/{name}/status",
            StatusCallbackEvent=EVENTS,
            **(form or {}),
        )
        if finishes:
            await phone.finish()
        return await self._told(call["sid"], f"/{name}/status", phone)

    async def sent(self, sid: str, start: str) -> str:
        """The first SIP message of ours in a call whose start line begins so."""
        for entry in await self.platform.timeline(sid):
            text = str(entry["detail"].get("text", ""))
            if entry["detail"].get("direction") == "sent" and text.startswith(start):
                return text
        raise AssertionError(f"no {start} was sent in {sid}")

    async def receive(
        self, script: Script, name: str, document: str, *, transport: str = "udp", target: str = ""
    ) -> Told:
        """Let the scripted phone call the number, which this document answers; by way of `target` if there is one."""
        application = self.application
        application.pages["/number"] = document
        before = len(application.to("/number-status"))
        port = self.platform.sips_port if transport == "tls" else self.platform.sip_port
        target = target or f"127.0.0.1:{port}"
        async with sipp(script, self.folder / name, transport=transport, target=target) as phone:
            await phone.finish()
        await application.until(
            lambda: any(one.form["CallStatus"] in FINAL for one in application.to("/number-status")[before:]),
            "the last callback of the number",
        )
        sid = application.to("/number-status")[before].form["CallSid"]
        return await self._told(sid, "/number-status", phone)

    async def refuse(self, script: Script, name: str, *, transport: str = "udp") -> Sipp:
        """Let the scripted phone ask for something that never becomes a call; the application hears nothing."""
        before = len(self.application.asked)
        port = self.platform.sips_port if transport == "tls" else self.platform.sip_port
        async with sipp(script, self.folder / name, transport=transport, target=f"127.0.0.1:{port}") as phone:
            await phone.finish()
        assert self.application.asked[before:] == []
        return phone

    async def _told(self, sid: str, path: str, phone: Sipp) -> Told:
        record = await self.platform.ended(sid)
        application = self.application

        def mine() -> list[dict[str, str]]:
            return [one.form for one in application.to(path) if one.form["CallSid"] == sid]

        await application.until(
            lambda: any(one["CallStatus"] in FINAL for one in mine()), f"the last callback of {sid}"
        )
        notices = [int(one["error_code"]) for one in await self.platform.notifications(sid)]
        return Told(record, [one["CallStatus"] for one in mine()], mine()[-1], phone, notices)


FINAL = {"completed", "busy", "no-answer", "failed", "canceled"}
WHOLE = ["initiated", "ringing", "in-progress", "completed"]
