"""What can keep the platform from starting.

OffhookError
├── ConfigError    the configuration says something that cannot be; names the file and line
└── StartFailed    an address, a file or a program that is needed cannot be had
"""

from offhook.base.errors import OffhookError


class ConfigError(OffhookError):
    """The configuration cannot be used; the text says where and what to write instead."""


class StartFailed(OffhookError):
    """The platform cannot start; the text says what to do."""
