"""tls_setup_cpu: CPU per call that comes on a TLS connection of its own, from handshake to refusal.

Kamailio does the same beside it, with the same certificate; both refuse with 404, and get the ACK.
"""

import re
import socket
import ssl
import subprocess
from pathlib import Path

from bench.kamailio import kamailio
from bench.platform import platform
from bench.processes import PeerFailed, cpu_seconds, free_port

TLS = Path(__file__).parent / "peers" / "kamailio_tls.cfg"
WARM_UP, CALLS = 100, 500
NOBODY = "+15550999"
INVITE = (
    "INVITE sip:{number}@{target} SIP/2.0\r\nVia: SIP/2.0/TLS {here};branch=z9hG4bKt{call};rport\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:+15550101@{here}>;tag={call}\r\n"
    "To: <sip:{number}@{target}>\r\nCall-ID: t{call}@{here}\r\n"
    "CSeq: 1 INVITE\r\nContact: <sip:+15550101@{here};transport=tls>\r\nContent-Length: 0\r\n\r\n"
)
END = b"\r\n\r\n"
TO = re.compile(rb"^To:.*?\r\n", re.MULTILINE)


def setup_run(kind: str, folder: Path) -> float:
    """One run, ours or peer: milliseconds of CPU per connection with its call."""
    certificate, key = _make_certificate(folder)
    if kind == "ours":
        port = free_port(socket.SOCK_STREAM)
        settings = {
            "OFFHOOK_EDGE__0__SIPS": f"127.0.0.1:{port}",
            "OFFHOOK_TLS__CERTIFICATE": str(certificate),
            "OFFHOOK_TLS__KEY": str(key),
        }
        with platform(free_port(), folder, settings) as ours:
            return _measured(("127.0.0.1", port), ours.pid)
    template = folder / "tls.cfg"
    template.write_text(TLS.read_text(encoding="utf-8").replace("FOLDER", str(folder)), encoding="utf-8")
    with kamailio(free_port(), folder, template) as proxy:
        host, _, number = proxy.target.partition(":")
        return _measured((host, int(number)), proxy.pid)


def _measured(target: tuple[str, int], pid: int) -> float:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for call in range(WARM_UP):
        _call(target, context, call)
    before = cpu_seconds(pid)
    for call in range(CALLS):
        _call(target, context, WARM_UP + call)
    return (cpu_seconds(pid) - before) / CALLS * 1000


def _call(target: tuple[str, int], context: ssl.SSLContext, call: int) -> None:
    """One connection, one INVITE, its refusal and the ACK."""
    with socket.create_connection(target, timeout=5) as plain, context.wrap_socket(plain) as secure:
        here = f"127.0.0.1:{secure.getsockname()[1]}"
        invite = INVITE.format(number=NOBODY, target=f"{target[0]}:{target[1]}", here=here, call=call)
        secure.sendall(invite.encode())
        answer = b""
        while b"SIP/2.0 404" not in answer or not answer.endswith(END):
            piece = secure.recv(65535)
            if not piece:
                raise PeerFailed(f"the connection ended after {answer[:200]!r}")
            answer += piece
        to = TO.findall(answer[answer.rindex(b"SIP/2.0 404") :])[0]
        ack = TO.sub(lambda _: to, invite.replace("INVITE", "ACK").encode())
        secure.sendall(ack)


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 2048 bits of RSA, as both are given."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not certificate.exists():
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
        subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key
