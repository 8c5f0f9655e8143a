"""What runs TwiML on a call; satisfied by interpreter.run."""

from typing import Protocol

from offhook.calls.call import Call
from offhook.calls.ports import ProgramStart


class CallProgram(Protocol):
    """Runs documents on a call; its task is cancelled when the call ends or is redirected."""

    async def run(self, call: Call, start: ProgramStart) -> bool:
        """Run to the end of the last document; False when a verb hung up or rejected the call."""
