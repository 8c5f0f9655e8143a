"""What the tests of recordings share: a caller who is recorded, and what was told of it."""

from offhook.audio.tones import tone
from offhook.testing.murmur import murmur
from offhook.testing.recordings import MemoryRecording
from offhook.testing.switchboard import Switchboard

VOICE, OTHER = murmur(1.0), tone((500.0,), 1.0, level_dbfs=-15)
SECOND = 16_000  # octets
CALLBACK = "recordingStatusCallback='/told' recordingStatusCallbackEvent='in-progress completed absent'"


def answered(verbs: str) -> Switchboard:
    """A caller who gets these verbs."""
    board = Switchboard()
    board.app.serve("/voice", f"<Response>{verbs}</Response>")
    board.app.serve("/done", "<Response><Hangup/></Response>")
    board.answer_number_with("/voice")
    return board


def file(board: Switchboard) -> MemoryRecording:
    """The one recording."""
    (only,) = board.recordings.files.values()
    return only


def told(board: Switchboard, name: str) -> list[str]:
    """This parameter of the recording callbacks."""
    return [one.parameters.get(name, "-") for one in board.app.callbacks if "RecordingSid" in one.parameters]


def done(board: Switchboard, name: str) -> list[str]:
    """This parameter of the requests to the action."""
    return [one.parameters.get(name, "-") for one in board.app.asked("/done")]
