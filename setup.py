"""Builds the native media plane; everything else stands in pyproject.toml."""

from pathlib import Path

from setuptools import Extension, setup

NATIVE = Path("src/offhook/media/native")

setup(
    ext_modules=[
        Extension(
            "offhook.media._native",
            sources=sorted(str(path) for path in NATIVE.glob("*.c")),
            depends=sorted(str(path) for path in NATIVE.glob("*.h")),
            extra_compile_args=["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-pthread"],
            extra_link_args=["-pthread"],
        )
    ]
)
