"""`make bench`: measures, shows progress, prints a table, writes build/bench.json. Names on the command line choose."""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.status import Status

from bench import latency
from bench.calls import LOAD, bridged_call_memory, call_run
from bench.conference import conference_run
from bench.flood import flood_run
from bench.lateness import calls_run, legs_run, memory_run
from bench.processes import PeerFailed
from bench.recording import record_run
from bench.relay import relay_run, secure_relay_run
from bench.report import Paired, Result, table, write
from bench.sipp import floor
from bench.streams import stream_run
from bench.tls_setup import setup_run
from bench.transcode import transcode_run

OUTPUT = Path("build") / "bench.json"
RUNS = 3
BRIDGED = 200  # calls, 20,000 packets a second: what the second core of a small machine can send
Say = Callable[[str], None]


def paired(run: Callable[[str, Path], float], folder: Path, say: Say) -> Paired:
    """Runs of ours and the peer's in turn, so that what else the machine does falls on both."""
    found: dict[str, list[float]] = {"ours": [], "peer": []}
    for number in range(1, RUNS + 1):
        for kind in found if number % 2 else reversed(found):
            say(f"run {number} of {RUNS}: {kind}")
            found[kind].append(run(kind, folder))
    return Paired(ours=tuple(found["ours"]), peer=tuple(found["peer"]))


def alone(run: Callable[[Path], float], folder: Path, say: Say) -> Paired:
    """Runs of ours that have no peer."""
    found = []
    for number in range(1, RUNS + 1):
        say(f"run {number} of {RUNS}")
        found.append(run(folder))
    return Paired(ours=tuple(found))


def bridged_call_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU per call, beside Kamailio; the floor is a SIPp that is called with nothing between."""
    say("SIPp alone")
    bottom = Paired(ours=(floor(LOAD, folder),))
    result = paired(call_run, folder, say).result("bridged_call_cpu", "ms CPU/call", "Kamailio 5.6 proxy", "<= 6 x")
    return [result, bottom.result("sipp_floor", "ms CPU/call")]


def relay_packet_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU per relayed packet, beside rtpengine without its kernel module."""
    found = paired(relay_run, folder, say)
    return [found.result("relay_packet_cpu", "us CPU/packet", "rtpengine in user space", "<= 0.6 x")]


def relay_srtp_packet_cpu(folder: Path, say: Say) -> list[Result]:
    """The same with SRTP on both sides, under four keys."""
    found = paired(secure_relay_run, folder, say)
    return [found.result("relay_srtp_packet_cpu", "us CPU/packet", "rtpengine in user space")]


def transcode_packet_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU per packet between G.711 and a wide codec, both ways, beside rtpengine."""
    return [
        paired(partial(transcode_run, payload_type), folder, say).result(
            f"transcode_packet_cpu_{name}", "us CPU/packet", "rtpengine in user space"
        )
        for name, payload_type in (("g722", 9), ("opus", 96))
    ]


def post_to_invite_p50(folder: Path, say: Say) -> list[Result]:
    """From the API's request to the INVITE."""
    return [alone(latency.post_to_invite, folder, say).result("post_to_invite_p50", "ms")]


def webhook_to_invite_p50(folder: Path, say: Say) -> list[Result]:
    """From the document's request to the INVITE."""
    return [alone(latency.webhook_to_invite, folder, say).result("webhook_to_invite_p50", "ms")]


def banned_packet_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU per datagram of a flooder that is kept out, beside Kamailio's pike."""
    return [paired(flood_run, folder, say).result("banned_packet_cpu", "us CPU/packet", "Kamailio 5.6 with pike")]


def tls_setup_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU per call that brings a TLS connection of its own, beside Kamailio."""
    return [paired(setup_run, folder, say).result("tls_setup_cpu", "ms CPU/call", "Kamailio 5.6 with TLS")]


def stream_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU of a media stream per second, with a hundred at once."""
    return [alone(stream_run, folder, say).result("stream_cpu", "ms CPU/s", aim="<= 2 ms/s")]


def memory(folder: Path, say: Say) -> list[Result]:
    """Resident memory of each call that is up."""
    return [alone(bridged_call_memory, folder, say).result("bridged_call_memory", "KiB/call")]


def conference_leg_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU of a leg in a conference of ten who all speak, per second."""
    return [alone(conference_run, folder, say).result("conference_leg_cpu", "us CPU/s")]


def tick_lateness(folder: Path, say: Say) -> list[Result]:
    """How late the ticks of one media thread come, with legs alone and with bridged calls."""
    loads = [(f"tick_lateness_p999_{legs}", partial(legs_run, legs)) for legs in (1, 100, 1000)]
    loads.append((f"tick_lateness_p999_{BRIDGED}_calls", partial(calls_run, BRIDGED)))
    return [alone(run, folder, say).result(name, "ms", aim="<= 10 ms") for name, run in loads]


def port_memory(folder: Path, say: Say) -> list[Result]:
    """Resident memory of each leg of the media plane."""
    return [alone(memory_run, folder, say).result("port_memory", "KiB/leg")]


def record_cpu(folder: Path, say: Say) -> list[Result]:
    """CPU of a recorded leg per second, with a hundred at once."""
    return [alone(record_run, folder, say).result("record_cpu", "ms CPU/s")]


MEASURES: dict[str, Callable[[Path, Say], list[Result]]] = {
    "bridged_call_cpu": bridged_call_cpu,
    "relay_packet_cpu": relay_packet_cpu,
    "relay_srtp_packet_cpu": relay_srtp_packet_cpu,
    "transcode_packet_cpu": transcode_packet_cpu,
    "post_to_invite_p50": post_to_invite_p50,
    "webhook_to_invite_p50": webhook_to_invite_p50,
    "bridged_call_memory": memory,
    "banned_packet_cpu": banned_packet_cpu,
    "tls_setup_cpu": tls_setup_cpu,
    "stream_cpu": stream_cpu,
    "conference_leg_cpu": conference_leg_cpu,
    "tick_lateness": tick_lateness,
    "port_memory": port_memory,
    "record_cpu": record_cpu,
}


def main(names: list[str]) -> int:
    """Measure what is named, or everything; 1 when something could not be measured, 2 for a name that is none."""
    console = Console(width=None if sys.stdout.isatty() else 140)  # a log shows the whole table
    unknown = sorted(set(names) - set(MEASURES))
    if unknown:
        console.print(f"nothing is called {', '.join(unknown)}; there are {', '.join(MEASURES)}")
        return 2
    results: list[Result] = []
    failures = 0
    for name in names or MEASURES:
        with tempfile.TemporaryDirectory(prefix="offhook-bench-") as place, console.status(name) as status:

            def say(text: str, name: str = name, status: Status = status) -> None:
                status.update(f"{name}: {text}")

            try:
                results += MEASURES[name](Path(place), say)
            except PeerFailed as error:
                failures += 1
                console.print(f"[red]{name}: {error}[/red]")
            else:
                console.print(f"{name}: done")
        write(results, OUTPUT)
    console.print(table(results))
    console.print(f"written to {OUTPUT}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
