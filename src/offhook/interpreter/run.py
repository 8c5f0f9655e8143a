"""Runs a call's documents: fetch, run the verbs in order, follow redirects, fall back once, apologize.

Satisfies calls.program.CallProgram. Its task is cancelled when the call ends or gets another document.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from offhook.calls.errors import CallError, SpeechFailed, WebhookFailed
from offhook.calls.ports import DocumentRequest, ProgramStart
from offhook.interpreter.ahead import Ahead
from offhook.interpreter.context import Context, RunningCall
from offhook.interpreter.errors import DocumentFailed
from offhook.interpreter.outcome import Continue, Finish, Outcome, Redirect
from offhook.interpreter.page import Page, read_answer, read_inline
from offhook.interpreter.registry import is_heard, maker_of, runner_of
from offhook.model.ending import EndReason, VerbPlace
from offhook.model.timeline import Kind
from offhook.twiml.verbs import Verb

APOLOGY = "We are sorry. An application error has occurred. Goodbye."
APOLOGY_VOICE, APOLOGY_LANGUAGE = "man", "en-US"
APOLOGY_LIMIT = 30.0  # seconds for finding the voice and speaking
TOO_MANY_REDIRECTS = 11215
PAUSE = 0.1  # seconds: a document whose verbs took longer is no part of a redirect loop


class Program:
    """What runs on every call; holds nothing of any."""

    async def run(self, call: RunningCall, start: ProgramStart) -> bool:
        """Run to the end of the last document; False when a verb hung up or rejected the call, or nothing worked.

        Raises CallError when the leg fails while the call goes on.
        """
        try:
            return await Journey(call, start).travel()
        except CallError:
            # The leg told of its end itself; verbs that still ran on it have nothing to add.
            if call.is_over:
                return False
            raise


class Journey:
    """The documents of one program, one after the other."""

    def __init__(self, call: RunningCall, start: ProgramStart) -> None:
        self.call = call
        self.start = start
        self._has_fallen_back = False
        self._in_a_row = 0

    async def travel(self) -> bool:
        """Run from the first document to the end of the last."""
        outcome = await self._visit(self._first_request())
        while isinstance(outcome, Redirect):
            outcome = await self._visit(outcome)
        return isinstance(outcome, Continue)

    def _first_request(self) -> Redirect | None:
        """None: the document came inline."""
        start = self.start
        if start.document is None:
            return None
        purpose = "screening" if start.is_screening else "refer" if start.is_attempt else "voice"
        return Redirect(target=start.document, parameters=start.extra_parameters, purpose=purpose)

    async def _visit(self, request: Redirect | None) -> Outcome:
        """Load one document and run its verbs; a failure leads to the fallback or to the apology."""
        try:
            page = await self._load(request)
            if self.call.is_over:
                return Finish()
            return await self._perform(page)
        except (WebhookFailed, DocumentFailed) as error:
            return await self._rescue(request, error)

    async def _load(self, request: Redirect | None) -> Page:
        if request is None:
            return read_inline(self.call, self.start.twiml or "")
        self._count(request)
        call = self.call
        call.enter(None)
        standard = call.parameters()
        # Contract 2 §1.7: what a verb tells its action is not told to whoever that redirects to.
        own = request.parameters.keys() - standard.keys() if request.purpose == "action" else ()
        answer = await call.world.webhooks.fetch(
            DocumentRequest(
                account_sid=call.record.account_sid,
                call_sid=call.record.sid,
                target=request.target,
                parameters={**standard, **request.parameters},
                purpose=request.purpose,
                own=frozenset(own),
            )
        )
        return await read_answer(call, answer)

    def _count(self, request: Redirect) -> None:
        self._in_a_row += 1
        limit = self.call.world.settings.max_redirects
        if self._in_a_row > limit:
            told = f"{limit} documents followed one another without a verb that takes time: a redirect loop"
            raise DocumentFailed(TOO_MANY_REDIRECTS, told, url=request.target.url)

    # --- one document ---------------------------------------------------------------------------------------------

    async def _perform(self, page: Page) -> Outcome:
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcome = await self._run_verbs(page) if page.sound is None else await self._play_page(page)
        if loop.time() - began >= PAUSE:
            self._in_a_row = 0
        return outcome

    async def _run_verbs(self, page: Page) -> Outcome:
        # Errors leave the task group as values, because it would wrap them.
        async with asyncio.TaskGroup() as tasks:
            result = await self._run_each(page, Ahead(tasks))
        if isinstance(result, CallError):
            raise result
        return result

    async def _run_each(self, page: Page, ahead: Ahead) -> Outcome | CallError:
        try:
            for position, verb in enumerate(page.verbs):
                if is_heard(verb):
                    self._make_next(page, position + 1, ahead)
                outcome = await self._run_verb(verb, self._context(page, position, ahead))
                if not isinstance(outcome, Continue):
                    return outcome
                if self.call.is_over:
                    return Finish()
            # Contract 2 §6 rule 8: an empty document answers the call before it is hung up.
            if not page.verbs:
                await self.call.answer()
        except CallError as error:
            return error
        finally:
            ahead.stop()
        return Continue()

    def _context(self, page: Page, position: int, ahead: Ahead) -> Context:
        verb = page.verbs[position]
        context = Context(
            call=self.call,
            url=page.url,
            line=verb.line,
            is_first=position == 0,
            is_screening=self.start.is_screening,
            prepare=partial(self._prepare, page),
        )
        maker = maker_of(verb)
        if maker is None:
            return context
        return replace(context, sound=partial(ahead.take, position, partial(maker, verb, context)))

    async def _prepare(self, page: Page, verbs: Sequence[Verb]) -> Callable[[], Awaitable[None]]:
        """Make the sounds of verbs that stand in another one; gives what plays them. Raises WebhookFailed."""
        inner = [
            Context(call=self.call, url=page.url, line=verb.line, is_first=False, is_screening=self.start.is_screening)
            for verb in verbs
        ]
        async with asyncio.TaskGroup() as tasks:
            ahead = Ahead(tasks)
            for position, verb in enumerate(verbs):
                maker = maker_of(verb)
                if maker is not None:
                    ahead.begin(position, partial(maker, verb, inner[position]))
                    inner[position] = replace(
                        inner[position], sound=partial(ahead.take, position, partial(maker, verb, inner[position]))
                    )
        ahead.check()

        async def play() -> None:
            for verb, context in zip(verbs, inner, strict=True):
                await runner_of(verb)(verb, context)

        return play

    def _make_next(self, page: Page, position: int, ahead: Ahead) -> None:
        maker = maker_of(page.verbs[position]) if position < len(page.verbs) else None
        if maker is not None:
            ahead.begin(position, partial(maker, page.verbs[position], self._context(page, position, ahead)))

    async def _run_verb(self, verb: Verb, context: Context) -> Outcome:
        told = "cut off"
        self.call.enter(VerbPlace(name=verb.name, line=verb.line))
        try:
            outcome = await runner_of(verb)(verb, context)
            told = str(outcome)
        except CallError as error:
            told = f"failed with {error.error_code}"
            raise
        finally:
            name = verb.name
            self.call.trace(Kind.VERB, f"<{name}> line {verb.line}: {told}", name=name, line=verb.line, outcome=told)
        return outcome

    async def _play_page(self, page: Page) -> Outcome:
        """A document that is audio is played once (contract 1 §7.6)."""
        if page.sound is not None:
            await self.call.answer()
            await self.call.play(page.sound)
        return Continue()

    # --- when it goes wrong ---------------------------------------------------------------------------------------

    async def _rescue(self, request: Redirect | None, error: WebhookFailed | DocumentFailed) -> Outcome:
        """Turn to the fallback once; without one, tell the caller and hang up."""
        call = self.call
        url = error.url or (request.target.url if request else "")
        call.notice(error.error_code, str(error), is_error=True, url=url)
        fallback = call.fallback or self.start.fallback
        if call.is_over:
            return Finish()
        if self.start.is_attempt:
            return Finish()
        if fallback is None or self._has_fallen_back:
            await self._apologize(error.ending)
            return Finish()
        self._has_fallen_back = True
        self._in_a_row = 0
        parameters: Mapping[str, str] = request.parameters if request else self.start.extra_parameters
        told = {**parameters, "ErrorCode": str(error.error_code), "ErrorUrl": url}
        return Redirect(target=fallback, parameters=told, purpose="fallback")

    async def _apologize(self, reason: EndReason) -> None:
        """Tell the caller and hang up; a call that cannot be told anything is not answered for it."""
        call = self.call
        try:
            async with asyncio.timeout(APOLOGY_LIMIT):
                apology = await call.world.speech.synthesize(APOLOGY, APOLOGY_VOICE, APOLOGY_LANGUAGE)
                await call.answer()
                await call.play(apology)
        except (SpeechFailed, TimeoutError) as error:
            call.notice(SpeechFailed.error_code, f"the error message could not be spoken: {error}")
        call.hang_up(reason)
