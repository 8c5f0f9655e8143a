"""`offhook serve`: runs the platform."""

from typing import Annotated

import typer

from offhook.server.accounts import load_accounts
from offhook.server.banner import print_banner
from offhook.server.commands.options import ConfigOption
from offhook.server.commands.terminal import OUT
from offhook.server.config import Config, load
from offhook.server.lifecycle import serve as run_platform
from offhook.telemetry.logs import LogFormat, LogLevel, configure_logs

EXAMPLE = "Example: offhook serve --config offhook.toml"

LevelOption = Annotated[LogLevel, typer.Option("--log-level", help="From which level on to log.")]
FormatOption = Annotated[LogFormat, typer.Option("--log-format", help="How to log: auto is JSON unless on a terminal.")]


def serve(
    config: ConfigOption = None, log_level: LevelOption = LogLevel.INFO, log_format: FormatOption = LogFormat.AUTO
) -> None:
    """Run the platform until Ctrl-C."""
    loaded = load(config)
    configure_logs(log_level, log_format, secrets=secrets_of(loaded))
    run_platform(loaded, lambda platform: print_banner(platform, OUT))


def secrets_of(config: Config) -> list[str]:
    """Everything in the configuration and the data folder that no log may show. Raises StartFailed."""
    return [*load_accounts(config).values(), *(trunk.password for trunk in config.settings.trunk)]
