"""`offhook edges`: what a firewall has to let in, written as it likes to read it; needs no running platform."""

from enum import Enum
from typing import Annotated

import typer

from offhook.server.allow_list import WRITERS, allow_list
from offhook.server.banner import edge_table
from offhook.server.commands.options import ConfigOption
from offhook.server.commands.terminal import OUT
from offhook.server.config import load

EXAMPLE = "Example: offhook edges --format nft > offhook.nft"


class Form(Enum):
    """How the list is written."""

    TABLE = "table"
    JSON = "json"
    NFT = "nft"
    IPTABLES = "iptables"
    CSV = "csv"


FormOption = Annotated[Form, typer.Option("--format", help="How to write the list.")]


def edges(*, config: ConfigOption = None, form: FormOption = Form.TABLE) -> None:
    """List the edges with the addresses and ports that their traffic comes from."""
    settings = load(config).settings
    if form is Form.TABLE:
        OUT.print(edge_table(settings.edge))
    else:
        OUT.out(WRITERS[form.value](allow_list(settings.edge)), end="", highlight=False)
