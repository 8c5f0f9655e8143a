"""What is remembered of a call between its requests: its cookies, and the account whose token signs for it."""

from collections import OrderedDict
from http.cookies import SimpleCookie

from aiohttp import CookieJar
from yarl import URL

from offhook.model.sids import AccountSid, CallSid


class CallMemory:
    """One call's cookies; unknown hosts share nothing."""

    __slots__ = ("_jar", "_limit", "account_sid", "is_forgotten")

    def __init__(self, account_sid: AccountSid, limit: int) -> None:
        self.account_sid = account_sid
        self.is_forgotten = False
        self._limit = limit
        self._jar: CookieJar | None = None

    def cookies_for(self, url: URL) -> str:
        """The value of the Cookie header, empty when there is none to send."""
        if self._jar is None:
            return ""
        found = self._jar.filter_cookies(url)
        return "; ".join(f"{name}={morsel.coded_value}" for name, morsel in found.items())

    def keep(self, cookies: SimpleCookie, url: URL) -> None:
        """Take over what an answer set; beyond the limit nothing more is taken."""
        if not cookies:
            return
        if self._jar is None:
            # Laptops serve webhooks on plain addresses, for which a jar is called unsafe.
            self._jar = CookieJar(unsafe=True, quote_cookie=False)
        room = self._limit - len(self._jar)
        self._jar.update_cookies(dict(list(cookies.items())[: max(0, room)]), url)


class CallMemories:
    """The memories of all calls; the oldest goes when there are too many."""

    def __init__(self, calls: int, cookies: int) -> None:
        self._calls = calls
        self._cookies = cookies
        self._memories: OrderedDict[CallSid, CallMemory] = OrderedDict()

    def __len__(self) -> int:
        return len(self._memories)

    def of(self, call_sid: CallSid, account_sid: AccountSid = AccountSid("")) -> CallMemory:  # noqa: B008 - a NewType
        """The memory of a call, begun when it has none."""
        memory = self._memories.get(call_sid)
        if memory is None:
            memory = self._memories[call_sid] = CallMemory(account_sid, self._cookies)
            if len(self._memories) > self._calls:
                self._memories.popitem(last=False)
        elif account_sid:
            memory.account_sid = account_sid
        return memory

    def find(self, call_sid: CallSid) -> CallMemory | None:
        """The memory of a call, if it has one."""
        return self._memories.get(call_sid)

    def drop(self, call_sid: CallSid) -> None:
        """Forget a call."""
        self._memories.pop(call_sid, None)
