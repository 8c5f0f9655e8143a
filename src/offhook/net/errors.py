"""What can go wrong between the sockets and the rest.

NetError
├── EdgeUnavailable       the address of an edge cannot be bound
├── CertificateUnusable   a certificate, key or list of trusted ones of ours is no good
└── PeerNotTrusted        remote: a peer is not whom its certificate should show
"""

from offhook.base.errors import OffhookError


class NetError(OffhookError):
    """Base of this package's errors."""


class EdgeUnavailable(NetError):
    """An edge's address is in use or does not exist on this machine; names the edge, the address and the reason."""

    def __init__(self, edge: str, address: str, reason: str) -> None:
        super().__init__(f"edge {edge} cannot use {address}: {reason}")
        self.edge = edge
        self.address = address


class CertificateUnusable(NetError):
    """Our certificate, its key or the trusted ones cannot be used; names the file and the reason."""


class PeerNotTrusted(NetError):
    """A peer's certificate broke a rule: `rule` is chain or name."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"{reason} ({rule})")
        self.rule = rule
