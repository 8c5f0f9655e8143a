"""Writes each request and its answer on the call's timeline, without secrets (model.timeline, kind webhook)."""

from typing import Any

from offhook.calls.ports import Clock, Timeline
from offhook.model.sids import CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.webhook.order import HttpAnswer, RequestOrder
from offhook.webhook.url import redact


class WebhookTrace:
    """Timeline entries of requests to the customer's application."""

    def __init__(self, timeline: Timeline, clock: Clock, recorded_body: int) -> None:
        self._timeline = timeline
        self._clock = clock
        self._recorded_body = recorded_body

    def answered(self, order: RequestOrder, url: str, answer: HttpAnswer, seconds: float) -> None:
        """An answer came, of whatever code."""
        detail = {
            **_asked(order, url, seconds),
            "code": answer.code,
            "content_type": answer.content_type,
            "body": self._text(answer),
        }
        self._record(order.call_sid, f"{order.method.value} {redact(url)} → {answer.code}", detail)

    def failed(self, order: RequestOrder, url: str, reason: str, seconds: float) -> None:
        """No answer came, or none that can be used."""
        detail = {**_asked(order, url, seconds), "code": None, "error": reason}
        self._record(order.call_sid, f"{order.method.value} {redact(url)} failed: {reason}", detail)

    def _record(self, call_sid: CallSid, summary: str, detail: dict[str, Any]) -> None:
        entry = TimelineEntry(
            at=self._clock.now(), kind=Kind.WEBHOOK, summary=summary, call_sid=call_sid, detail=detail
        )
        self._timeline.record(entry)

    def _text(self, answer: HttpAnswer) -> str:
        if answer.content_type.startswith("audio/"):
            return f"({len(answer.body)} bytes of {answer.content_type})"
        text = answer.body[: self._recorded_body].decode("utf-8", errors="replace")
        return text if len(answer.body) <= self._recorded_body else text + "…"


def _asked(order: RequestOrder, url: str, seconds: float) -> dict[str, Any]:
    return {
        "purpose": order.purpose,
        "method": order.method.value,
        "url": redact(url),
        "parameters": dict(order.parameters),
        "milliseconds": round(seconds * 1000, 1),
    }
