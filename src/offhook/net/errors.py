"""What can go wrong between the sockets and the rest.

NetError
└── EdgeUnavailable   the address of an edge cannot be bound
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
