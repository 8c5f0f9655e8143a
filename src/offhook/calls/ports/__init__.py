"""What calls need of the world, as Protocols; the adapters above satisfy them by shape.

Commands return at once; what comes of them arrives as events at the exchange. Nothing here may block the loop.
"""

from offhook.calls.ports.application import (
    CallbackRequest,
    DocumentAnswer,
    DocumentRequest,
    Remark,
    Speech,
    Webhooks,
    no_remark,
)
from offhook.calls.ports.conferences import (
    ConferenceFilter,
    ConferencePage,
    ConferenceStore,
    ParticipantFilter,
    ParticipantPage,
)
from offhook.calls.ports.media import MediaPlane, PortStatistics, SrtpPolicy, TapBlock
from offhook.calls.ports.mixes import EVERYTHING, Mixes, MixRole
from offhook.calls.ports.programs import ProgramStart
from offhook.calls.ports.quality import Quality, Reception
from offhook.calls.ports.recogniser import Recogniser, Recognition, SpeechOrder, Utterance
from offhook.calls.ports.recordings import RecordingFile, RecordingFiles
from offhook.calls.ports.records import (
    CallFilter,
    CallPage,
    Clock,
    Notification,
    NotificationFilter,
    NotificationPage,
    RecordingFilter,
    RecordingPage,
    Store,
    Timeline,
    Tokens,
)
from offhook.calls.ports.signalling import InviteOrder, PlacedInvite, Signalling, SipCredentials
from offhook.calls.ports.sound import Sound
from offhook.calls.ports.streams import (
    ClearGiven,
    MarkGiven,
    Nonsense,
    Said,
    SocketOrder,
    SoundGiven,
    StreamDigit,
    StreamMark,
    StreamSocket,
    StreamSockets,
    StreamSound,
    StreamStarted,
    StreamStopped,
    Telling,
)
from offhook.calls.ports.transcripts import Transcriber, TranscriptPage, TranscriptStore

__all__ = [
    "EVERYTHING",
    "CallFilter",
    "CallPage",
    "CallbackRequest",
    "ClearGiven",
    "Clock",
    "ConferenceFilter",
    "ConferencePage",
    "ConferenceStore",
    "DocumentAnswer",
    "DocumentRequest",
    "InviteOrder",
    "MarkGiven",
    "MediaPlane",
    "MixRole",
    "Mixes",
    "Nonsense",
    "Notification",
    "NotificationFilter",
    "NotificationPage",
    "ParticipantFilter",
    "ParticipantPage",
    "PlacedInvite",
    "PortStatistics",
    "ProgramStart",
    "Quality",
    "Reception",
    "Recogniser",
    "Recognition",
    "RecordingFile",
    "RecordingFiles",
    "RecordingFilter",
    "RecordingPage",
    "Remark",
    "Said",
    "Signalling",
    "SipCredentials",
    "SocketOrder",
    "Sound",
    "SoundGiven",
    "Speech",
    "SpeechOrder",
    "SrtpPolicy",
    "Store",
    "StreamDigit",
    "StreamMark",
    "StreamSocket",
    "StreamSockets",
    "StreamSound",
    "StreamStarted",
    "StreamStopped",
    "TapBlock",
    "Telling",
    "Timeline",
    "Tokens",
    "Transcriber",
    "TranscriptPage",
    "TranscriptStore",
    "Utterance",
    "Webhooks",
    "no_remark",
]
