"""The native plane under sanitizers: no octet read or written astray, no undefined arithmetic, no data race."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[3] / "src/offhook/media/native"
TRIALS = Path(__file__).parent
OF_PYTHON = ("module", "plane_object", "codec_functions", "codec_libraries", "srtp_functions", "voice_object")


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("trial", "sanitizers"),
    [
        ("native", "address,undefined"),
        ("native", "thread"),
        ("jitter", "address,undefined"),
        ("mix", "address,undefined"),
    ],
)
def test_the_native_plane_is_clean_under_sanitizers(tmp_path: Path, trial: str, sanitizers: str) -> None:
    """Garbage in tight buffers, random commands and a flooded plane end without a finding; samples keep their order."""
    compiler = shutil.which("cc")
    assert compiler, "the plane is built with a C compiler, so there is one"
    sources = [str(path) for path in sorted(NATIVE.glob("*.c")) if not path.name.startswith(OF_PYTHON)]
    program = tmp_path / "trial"
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-fno-sanitize-recover=all"]
    subprocess.run(  # noqa: S603 - our own sources
        [
            compiler,
            *flags,
            f"-fsanitize={sanitizers}",
            f"-I{NATIVE}",
            str(TRIALS / f"{trial}_trial.c"),
            *sources,
            "-o",
            str(program),
            "-lsrtp2",
            "-lm",
        ],
        check=True,
        timeout=60,
    )
    seed = str(random.getrandbits(32))
    ended = subprocess.run([program, seed], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert ended.returncode == 0, f"seed {seed}: {ended.stderr}"
