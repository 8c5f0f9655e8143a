"""The numbers that requests to the customer's application go by (contract 1 §7.3); durations in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookLimits:
    """Every limit with its default; sizes in bytes."""

    connect_timeout: float = 5.0
    retries: int = 1  # of a connection that timed out
    total: float = 15.0
    redirects: int = 10
    document_size: int = 64 * 1024
    sound_size: int = 64 * 1024 * 1024
    sound_cache_size: int = 64 * 1024 * 1024  # decoded samples kept for the next Play of the same URL
    url_length: int = 8000  # what common servers take in a request line
    cookies: int = 50  # per call
    connections: int = 1000
    idle: float = 1.5  # below the idle limit of the servers in use (2 s and up), so that they rarely close first
    callbacks_waiting: int = 200  # about one call, stream, recording or transcription
    calls: int = 50_000  # calls whose cookies are remembered
    drain: float = 5.0  # how long close() waits for callbacks on their way
    recorded_body: int = 16 * 1024  # of an answer on the timeline
