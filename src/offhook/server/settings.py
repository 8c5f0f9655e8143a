"""Every key of the configuration file, its type and its default; keys not named here are refused.

docs/reference/configuration.md is made from this module.
"""

import msgspec

from offhook.sip.guard_settings import SCANNERS


class Http(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """REST API and console; `public_url` is how others reach them, made from `listen` when empty."""

    listen: str = "127.0.0.1:8080"
    public_url: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account of the REST API; with none given a development account is made and kept in the data folder."""

    sid: str
    auth_token: str
    friendly_name: str = ""


class Sip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """SIP Domains are <name>.<domain>; `allow` lists the networks that may call in; `t1` is RFC 3261's, in seconds.

    `session_expires` and `min_se` are the interval of session timers and the shortest that is taken, in seconds
    (RFC 4028, which wants 90 at least); 0 for the former leaves them off. `redirects` is how many 3xx one call follows,
    `redirect_private` whether also to addresses that are not public; `private_targets` is whether any SIP URI of an
    application may lead there: false where those who write applications are strangers to the network. After a response
    of `failover_codes` the next target of a name is tried, and after `target_timeout` seconds of silence; a target that
    failed is tried last for `avoid_failed` seconds; requests of more than `datagram_limit` octets prefer TCP. Each of
    the three may be 0.
    `nat` says when a peer is called back where it sends from rather than at its Contact: "auto" when that is an address
    that only its own network knows, "always" or "never".
    `digest_algorithms` are offered to callers that have to prove who they are, in this order.
    """

    domain: str = "sip.localhost"
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    user_agent: str = "offhook"
    t1: float = 0.5
    session_expires: int = 1800
    min_se: int = 90
    redirects: int = 5
    redirect_private: bool = True
    private_targets: bool = True
    failover_codes: tuple[int, ...] = (503,)
    target_timeout: float = 4.0
    avoid_failed: float = 30.0
    datagram_limit: int = 1300
    nat: str = "auto"
    digest_algorithms: tuple[str, ...] = ("MD5", "SHA-256")


class Dns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked for SIP hosts: `servers` as address and port, those of the machine when there are none.

    `timeout` is what one name may take, in seconds; without `rfc3263` only A and AAAA are asked, no NAPTR and SRV.
    """

    servers: tuple[str, ...] = ()
    timeout: float = 4.0
    rfc3263: bool = True


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where calls of an edge leave from; `advertise` is written into Via, Contact and SDP (the address when empty).

    `proxy` is the SIP host that its calls go through, with port and parameters if need be.
    """

    name: str
    region: str = ""
    sip: str
    sips: str = ""
    media: str = ""
    media_ports: str = "10000-19999"
    advertise: str = ""
    proxy: str = ""


class Voice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a number and a SIP Domain have in common: the application that answers."""

    voice_url: str
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    status_callback_event: tuple[str, ...] = ("completed",)
    account_sid: str = ""


class Number(Voice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A phone number that trunks deliver; `srtp` says whether its calls' media may be, or must be, SRTP."""

    phone_number: str
    srtp: str = "accepted"


class Credential(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller of a SIP Domain has to know."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credential(username={self.username!r})"


class SipDomain(Voice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A SIP Domain: calls to anyone at <name>.<sip.domain>; `secure` asks for TLS and SRTP, and otherwise for RTP.

    `allow` lists the networks that may call it, those of `sip.allow` when empty; with `credentials`, a list of
    `{username = "…", password = "…"}`, a caller has to know one of them besides.
    """

    name: str
    secure: bool = False
    allow: tuple[str, ...] = ()
    credentials: tuple[Credential, ...] = ()


class Trunk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where phone numbers with this prefix are called; `tls_verify` overrides `tls.verify`, `secure` is TLS and SRTP.

    `proxy` is the SIP host that its calls go through, in place of the edge's.
    """

    host: str
    prefix: str = "+"
    edge: str = "ashburn"
    strip_plus: bool = False
    username: str = ""
    password: str = ""
    tls_verify: str = ""
    secure: bool = False
    proxy: str = ""


class Tls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PEM files of the edges' certificate and key; a self-signed one is made and kept when none is given.

    `verify` is how far the certificates of peers that we connect to are checked: none, chain, name, rfc5922 (see
    howto/tls.md); `trust` the PEM file of who may sign them, the system's own when empty. Relative paths start at this
    file's folder. `ciphers` is OpenSSL's list for TLS 1.2; the version is 1.2 or newer always.
    """

    certificate: str = ""
    key: str = ""
    trust: str = ""
    verify: str = "none"
    require_client_certificate: bool = False
    ciphers: str = ""


class Connections(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each edge allows its TCP peers, and the same again its TLS peers; durations in seconds.

    `idle` is how long a connection may be silent, `message` how long a message may take from its first byte to its
    last. `ping` is how often a connection that we opened is kept alive (0: never), and `pong` how long a peer that
    answers such pings may take.
    """

    total: int = 4096
    per_source: int = 256
    idle: float = 900.0
    message: float = 20.0
    connect: float = 5.0
    handshake: float = 5.0
    handshakes: int = 128
    handshakes_per_source: int = 16
    ping: float = 100.0
    pong: float = 10.0


class Store(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where records are kept; a relative path is in the data folder."""

    url: str = "sqlite:///offhook.db"


class Recordings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where recordings are kept: `file:` and a folder below the data folder, or any URL that fsspec knows.

    `s3://bucket/folder` needs the extra s3. `options` are what fsspec takes for such a place, as in
    `endpoint_url = "https://minio.example.org"`, those of a table within by `client_kwargs.region_name`; who we are
    is better told by the environment (AWS_ACCESS_KEY_ID…). `kept_bytes` of what is there stays here, too.
    So many transcriptions of `<Record transcribe>` are made at once, and so many may wait; more are told as failed.
    """

    url: str = "file:./recordings"
    options: dict[str, str] = {}
    kept_bytes: int = 1_073_741_824
    transcriptions_at_once: int = 1
    transcriptions_waiting: int = 1000


class Streams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Media Streams: `allow_ws` lets them go to servers without TLS, too; seconds, messages and bytes.

    `waiting` messages are kept for a server that reads slowly, then the oldest sound is left out; `queue` is how much
    sound of a server may wait to be played.
    """

    allow_ws: bool = False
    connect_timeout: float = 10.0
    waiting: int = 250
    message_bytes: int = 1_048_576
    queue: float = 600.0


class Webhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests to the application; seconds and bytes.

    With `ending_parameters` the last status callback of a call also says how it ended, in parameters that begin with
    OffhookEnd and that the contract does not have.
    """

    allow_private_addresses: bool = True
    ending_parameters: bool = False
    connect_timeout: float = 5.0
    total_timeout: float = 15.0


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a process takes on; durations in seconds. A SIP message has so many bytes and header lines at the most."""

    calls: int = 5000
    message_bytes: int = 65536
    header_lines: int = 256
    line_bytes: int = 8192
    call_length: float = 14400.0
    ring_buffer: float = 5.0
    media_silence: float = 60.0
    drain: float = 5.0


class Media(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The media plane: how many threads do its work; 0 is one less than this process has cores, and one at least.

    `codecs` are those that may be used, of PCMU, PCMA, G722 and opus, the best first: so they are offered, and those of
    another's offer are answered in its own order. Calls between two that use the same one are not transcoded.
    """

    threads: int = 0
    codecs: tuple[str, ...] = ("PCMU", "PCMA")


class Guard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one source (an IPv4 address or an IPv6 /64) may send; networks of `trusted` and `sip.allow` have no limits.

    A network of `sip.allow` larger than an IPv4 /8 or an IPv6 /16 is not trusted: it stands for the whole Internet.
    `messages` and `dialogs` (requests outside of calls) are per second, `transactions` and `sessions` are open at once,
    `strangers` are the transactions of all sources together that are not trusted. `strikes` (malformed messages,
    refusals, wrong credentials) within `strike_window` seconds ban a source for `ban` seconds, a name of `scanners` in
    its User-Agent at once. `sources` and `bans` are how many are remembered. New calls get 503 while the program is
    later than `lateness` seconds with its work; 0 for `ban` bans nobody.
    """

    trusted: tuple[str, ...] = ()
    messages: float = 100.0
    messages_burst: float = 400.0
    dialogs: float = 10.0
    dialogs_burst: float = 50.0
    transactions: int = 500
    sessions: int = 250
    strangers: int = 5000
    strikes: int = 10
    strike_window: float = 60.0
    ban: float = 600.0
    sources: int = 20000
    bans: int = 20000
    lateness: float = 0.3
    scanners: tuple[str, ...] = SCANNERS


class Speech(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of what providers spoke, the longest unused goes first: bytes in memory, and in the data folder.

    What is in the data folder (`speech`) outlasts a restart; 0 keeps nothing there.
    """

    cache_bytes: int = 64_000_000
    disk_cache_bytes: int = 0


class VoiceProvider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who speaks for `<Say>` besides the local voice: openai, google, polly, elevenlabs, piper, or a plug-in's name.

    TwiML calls its voices `<name>.<voice>`, as in `Polly.Joanna`; `name` is the provider's usual one when empty.
    `voices` gives some of them names without a dot, `{ woman = "nova" }`. `key` and `secret` are what the provider
    issued, `url` where it is, if elsewhere than usual; what takes longer than `timeout` seconds the local voice speaks.
    `options` are for plug-ins.
    """

    provider: str
    name: str = ""
    url: str = ""
    key: str = ""
    secret: str = ""
    region: str = ""
    model: str = ""
    voices: dict[str, str] = {}
    timeout: float = 10.0
    options: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"VoiceProvider(provider={self.provider!r}, name={self.name!r})"


class RecogniserProvider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who understands speech: pocketsphinx (when none is given), openai, deepgram, or a plug-in's name.

    A document chooses one by `<name>_<model>`, as in `deepgram_nova-3`; all other models are the first one's. `name` is
    the provider's when empty, and the rest is as for `[[voice]]`.
    """

    provider: str
    name: str = ""
    url: str = ""
    key: str = ""
    secret: str = ""
    region: str = ""
    model: str = ""
    timeout: float = 10.0
    options: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"RecogniserProvider(provider={self.provider!r}, name={self.name!r})"


class Calls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The status of a call that was refused, by its SIP code: `603 = "busy"` under `[calls.status_of_code]`.

    Any of busy, no-answer, failed, canceled. Codes that are not named keep their own: 408, 480, 487, 603 no-answer,
    486, 600 busy, all others failed.
    """

    status_of_code: dict[str, str] = {}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    http: Http = Http()
    account: tuple[Account, ...] = ()
    sip: Sip = Sip()
    dns: Dns = Dns()
    edge: tuple[Edge, ...] = ()
    number: tuple[Number, ...] = ()
    sip_domain: tuple[SipDomain, ...] = ()
    trunk: tuple[Trunk, ...] = ()
    tls: Tls = Tls()
    connections: Connections = Connections()
    store: Store = Store()
    recordings: Recordings = Recordings()
    webhook: Webhook = Webhook()
    streams: Streams = Streams()
    speech: Speech = Speech()
    voice: tuple[VoiceProvider, ...] = ()
    recogniser: tuple[RecogniserProvider, ...] = ()
    calls: Calls = Calls()
    limits: Limits = Limits()
    media: Media = Media()
    guard: Guard = Guard()
