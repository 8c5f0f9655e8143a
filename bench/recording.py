"""record_cpu: CPU of one recorded leg per second of it: tap, blocks to Python and a WAV file, a hundred at once."""

from pathlib import Path

from bench.platform import platform
from bench.processes import free_port
from bench.streams import measured

RECORD = '<Response><Record maxLength="600" timeout="600" playBeep="false" trim="do-not-trim"/></Response>'
IDLE = '<Response><Play digits="W"/><Pause length="60"/></Response>'


def record_run(folder: Path) -> float:
    """One run: milliseconds of CPU per leg and second, calls that only wait taken off before; callees send no RTP."""
    found = []
    for document in (IDLE, RECORD):
        with platform(port := free_port(), folder) as ours:
            found.append(measured(ours, port, folder, document))
    return found[1] - found[0]
