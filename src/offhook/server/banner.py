"""What `offhook serve` says when it is ready: credentials, addresses, and the edges' own."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from offhook.server.compose import Platform
from offhook.server.settings import Edge


def print_banner(platform: Platform, console: Console) -> None:
    """Print it."""
    console.print(Group(_credentials(platform), edge_table(platform.config.settings.edge)))


def public_url(platform: Platform) -> str:
    """How others reach the REST API."""
    return platform.config.settings.http.public_url or f"http://{platform.address}"


def _credentials(platform: Platform) -> RenderableType:
    lines = Text()
    for sid, token in platform.accounts.items():
        lines.append(f"account  {sid}\ntoken    {token}\n")
    lines.append(f"REST     {public_url(platform)}/2010-04-01/Accounts/{next(iter(platform.accounts))}\n")
    if platform.recovered:
        lines.append(f"closed   {platform.recovered} calls that an earlier process left open\n")
    return lines


def edge_table(edges: tuple[Edge, ...]) -> Table:
    """The edges with the addresses that their signalling and media leave from."""
    table = Table(title="edges", title_justify="left")
    for column in ("edge", "region", "SIP (UDP, TCP)", "SIP (TLS)", "media (UDP)"):
        table.add_column(column, no_wrap=True)
    for edge in edges:
        media = edge.media or edge.sip.rpartition(":")[0]
        table.add_row(edge.name, edge.region, edge.sip, edge.sips or "-", f"{media}:{edge.media_ports}")
    return table
