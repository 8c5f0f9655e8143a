"""The wall clock: the one place that asks the machine what time it is, for whoever takes calls.ports.Clock."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock; satisfies calls.ports.Clock."""

    def now(self) -> datetime:
        """The present, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is what satisfies the port
