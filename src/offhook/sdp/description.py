"""Session descriptions as values, and their printing (RFC 8866 §5); fed by parse.py and negotiate.py."""

from dataclasses import dataclass, replace
from enum import Enum

MEDIA_TYPE = "application/sdp"


class Direction(Enum):
    """Who may send, seen from whoever wrote the description (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def may_send(self) -> bool:
        """Whether the writer sends."""
        return self in {Direction.SENDRECV, Direction.SENDONLY}

    @property
    def may_receive(self) -> bool:
        """Whether the writer receives."""
        return self in {Direction.SENDRECV, Direction.RECVONLY}

    @classmethod
    def of(cls, *, may_send: bool, may_receive: bool) -> "Direction":
        """The direction of one who may send, may receive, or neither."""
        if may_send:
            return cls.SENDRECV if may_receive else cls.SENDONLY
        return cls.RECVONLY if may_receive else cls.INACTIVE

    @property
    def mirrored(self) -> "Direction":
        """The same, seen from the other side."""
        return Direction.of(may_send=self.may_receive, may_receive=self.may_send)


DIRECTIONS = frozenset(direction.value for direction in Direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who describes which session in which version (RFC 8866 §5.2); the address carries its type."""

    username: str
    session_id: int
    version: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One a= line; `value` is None for a flag."""

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return f"a={self.name}" if self.value is None else f"a={self.name}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDescription:
    """One m= line and what follows it; `address` is that of its own c= line, port 0 means rejected."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    address: str | None = None
    attributes: tuple[Attribute, ...] = ()

    def values(self, name: str) -> list[str]:
        """The values of every attribute of this name, in order."""
        return [attribute.value or "" for attribute in self.attributes if attribute.name == name]

    def lines(self) -> list[str]:
        """The lines that print it."""
        lines = [f"m={self.kind} {self.port} {self.protocol} {' '.join(self.formats)}"]
        if self.address is not None:
            lines.append(_connection(self.address))
        return [*lines, *map(str, self.attributes)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """A whole description; `address` is that of the session's c= line."""

    origin: Origin
    name: str = "-"
    address: str | None = None
    attributes: tuple[Attribute, ...] = ()
    media: tuple[MediaDescription, ...] = ()

    def __str__(self) -> str:
        origin = self.origin
        lines = [
            "v=0",
            f"o={origin.username} {origin.session_id} {origin.version} {_network(origin.address)}",
            f"s={self.name}",
        ]
        if self.address is not None:
            lines.append(_connection(self.address))
        lines += ["t=0 0", *map(str, self.attributes)]
        for media in self.media:
            lines += media.lines()
        return "\r\n".join(lines) + "\r\n"

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def address_of(self, media: MediaDescription) -> str | None:
        """Where this media line's packets go: its own c= line, or else the session's (RFC 8866 §5.7)."""
        return media.address if media.address is not None else self.address

    def direction_of(self, media: MediaDescription) -> Direction:
        """The media line's direction, or else the session's, or else sendrecv (RFC 8866 §6.7)."""
        for attributes in (media.attributes, self.attributes):
            for attribute in attributes:
                if attribute.name in DIRECTIONS:
                    return Direction(attribute.name)
        return Direction.SENDRECV

    def with_version(self, version: int) -> "SessionDescription":
        """The same session in another version."""
        return replace(self, origin=replace(self.origin, version=version))


def _network(address: str) -> str:
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


def _connection(address: str) -> str:
    return f"c={_network(address)}"
