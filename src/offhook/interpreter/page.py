"""Turns what a customer answered into verbs: by its media type (contract 1 §7.6), with notices for every warning."""

from dataclasses import dataclass

from offhook.calls.ports import DocumentAnswer, Sound
from offhook.interpreter.context import RunningCall
from offhook.interpreter.errors import DocumentFailed
from offhook.model.timeline import Kind
from offhook.twiml.document import Document, parse
from offhook.twiml.errors import TwimlError
from offhook.twiml.verbs import Say, Verb

TWIML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
TEXT_TYPE = "text/plain"
INVALID_CONTENT_TYPE = 12300


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document to run, or one sound to play; `url` is None when it came inline."""

    url: str | None
    verbs: tuple[Verb, ...] = ()
    sound: Sound | None = None


def read_inline(call: RunningCall, twiml: str) -> Page:
    """The page of a Twiml parameter. Raises DocumentFailed (12100, 12102)."""
    return _read_twiml(call, None, twiml.encode())


async def read_answer(call: RunningCall, answer: DocumentAnswer) -> Page:
    """The page that an application answered with. Raises DocumentFailed, and WebhookFailed for a broken sound."""
    kind = answer.content_type.lower()
    if kind.startswith("audio/"):
        sound = await call.world.webhooks.decode_sound(answer.body, kind)
        _trace(call, answer.url, len(answer.body), verbs=0, warnings=0)
        return Page(url=answer.url, sound=sound)
    if kind in TWIML_TYPES:
        return _read_twiml(call, answer.url, answer.body)
    if kind == TEXT_TYPE:
        return _read_text(call, answer)
    expected = "text/xml, application/xml, text/html, text/plain or audio/*"
    told = f"{answer.url} answered with Content-Type {kind or '(none)'}, expected {expected}"
    raise DocumentFailed(INVALID_CONTENT_TYPE, told, url=answer.url)


def _read_text(call: RunningCall, answer: DocumentAnswer) -> Page:
    """Plain text that is no TwiML is spoken."""
    try:
        document = parse(answer.body)
    except TwimlError:
        text = answer.body.decode("utf-8", errors="replace").strip()
        _trace(call, answer.url, len(answer.body), verbs=1, warnings=0)
        return Page(url=answer.url, verbs=(Say(line=1, text=text),))
    return _told(call, answer.url, answer.body, document)


def _read_twiml(call: RunningCall, url: str | None, body: bytes) -> Page:
    try:
        document = parse(body)
    except TwimlError as error:
        where = f"line {error.line}, column {error.column}"
        raise DocumentFailed(error.code, f"{url or 'Twiml'}, {where}: {error.message}", url=url or "") from error
    return _told(call, url, body, document)


def _told(call: RunningCall, url: str | None, body: bytes, document: Document) -> Page:
    for warning in document.warnings:
        call.notice(warning.code, f"line {warning.line}, column {warning.column}: {warning.message}", url=url or "")
    _trace(call, url, len(body), verbs=len(document.verbs), warnings=len(document.warnings))
    return Page(url=url, verbs=document.verbs)


def _trace(call: RunningCall, url: str | None, size: int, *, verbs: int, warnings: int) -> None:
    summary = f"document {url or '(inline)'}: {verbs} verbs"
    call.trace(Kind.DOCUMENT, summary, url=url or "", verbs=verbs, bytes=size, warnings=warnings)
