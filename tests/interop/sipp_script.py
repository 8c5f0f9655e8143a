"""SIPp scenarios as steps in Python: what a phone sends and expects, written once and run over any transport.

`callee()` and `caller()` begin a script from either side; the steps after it read like the ladder. SIPp itself checks
each step: a message that is not the expected one, or lacks what `matching` asks for, ends it with an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from xml.sax.saxutils import quoteattr

NOTHING: Mapping[str, str] = MappingProxyType({})
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
CONTACT = "<[own_uri]>"
VIA = "SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
DIRECTION = "sendrecv"


def sdp(direction: str = DIRECTION, *, codec: str = "0 PCMU", address: str = "[media_ip]", version: int = 1) -> str:
    """A session description of one audio line."""
    number, name = codec.split()
    return "\n".join(
        (
            "v=0",
            f"o=phone 1 {version} IN IP[local_ip_type] [local_ip]",
            "s=-",
            f"c=IN IP[media_ip_type] {address}",
            "t=0 0",
            f"m=audio [media_port] RTP/AVP {number} 101",
            f"a=rtpmap:{number} {name}/8000",
            "a=rtpmap:101 telephone-event/8000",
            f"a={direction}",
        )
    )


@dataclass(frozen=True, slots=True)
class Script:
    """The steps so far; each method gives a longer script. `ours` and `theirs` are From and To of its requests."""

    name: str
    ours: str
    theirs: str
    call_id: str
    steps: tuple[str, ...] = ()
    uri: str = ""
    cseq: int = 0
    references: tuple[str, ...] = ()

    def __str__(self) -> str:
        used = f"  <Reference variables={quoteattr(','.join(self.references))}/>\n" if self.references else ""
        return f"{HEAD}<scenario name={quoteattr(self.name)}>\n{''.join(self.steps)}{used}</scenario>\n"

    def _with(self, step: str, **changes: object) -> "Script":
        return replace(self, steps=(*self.steps, step), **changes)  # type: ignore[arg-type]

    # --- what comes -----------------------------------------------------------------------------------------------

    def expect(
        self, method: str, *, matching: str = "", optional: bool = False, takes_dialog: bool = False
    ) -> "Script":
        """A request; `matching` is a regular expression that its text has to contain."""
        return self._receive(f"request={quoteattr(method)}", matching, optional=optional, takes_dialog=takes_dialog)

    def expect_answer(
        self,
        code: int,
        *,
        matching: str = "",
        optional: bool = False,
        takes_dialog: bool = False,
        keeps: Mapping[str, str] = NOTHING,
    ) -> "Script":
        """A response; `keeps` names header fields and the variables that keep their values."""
        answered = self._receive(f'response="{code}"', matching, optional=optional, takes_dialog=takes_dialog)
        return answered._keep(keeps) if keeps else answered

    def _keep(self, kept: Mapping[str, str], more: str = "") -> "Script":
        """Keep values of the message of the step before."""
        actions = "".join(
            f'<ereg regexp="[^ ].*" search_in="hdr" header="{name}:" assign_to="{variable}"/>'
            for name, variable in kept.items()
        )
        last = self.steps[-1]
        if last.endswith("/>\n"):
            last = last.removesuffix("/>\n") + "><action></action></recv>\n"
        step = last.replace("</action>", f"{actions}{more}</action>")
        references = tuple(dict.fromkeys((*self.references, *kept.values())))
        return replace(self, steps=(*self.steps[:-1], step), references=references)

    def _receive(self, what: str, matching: str, *, optional: bool, takes_dialog: bool) -> "Script":
        options = (' optional="true"' if optional else "") + (' rrs="true"' if takes_dialog else "")
        actions, variables, changes = "", list(self.references), {}
        if matching:
            variables.append(f"seen{len(variables)}")
            check = f'search_in="msg" check_it="true" assign_to="{variables[-1]}"'
            actions += f"<ereg regexp={quoteattr(matching)} {check}/>"
        if takes_dialog and what.startswith("response"):
            actions += '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="theirs"/>'
            changes["theirs"] = "[$theirs]"
            variables.append("theirs")
        return self._with(
            f"  <recv {what}{options}><action>{actions}</action></recv>\n"
            if actions
            else f"  <recv {what}{options}/>\n",
            references=tuple(dict.fromkeys(variables)),
            **changes,
        )

    # --- what goes ------------------------------------------------------------------------------------------------

    def answer(
        self, code: int, reason: str = "", *, body: str = "", headers: Mapping[str, str] = NOTHING, tag: str = "phone"
    ) -> "Script":
        """A response to the last request; one to INVITE of 200 or more is repeated until its ACK."""
        lines = [f"SIP/2.0 {code} {reason or 'Reason'}", "[last_Via:]", "[last_Record-Route:]", "[last_From:]"]
        to = f"[last_To:];tag={tag}[call_number]" if tag else "[last_To:]"
        lines += [to if code > 100 else "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
        return self._send(lines, {"Contact": CONTACT, **headers}, body)

    def request(
        self,
        method: str,
        *,
        body: str = "",
        headers: Mapping[str, str] = NOTHING,
        cseq: int | None = None,
        uri: str = "[next_url]",
    ) -> "Script":
        """A request within the dialog, with the next CSeq unless one is given."""
        number = self.cseq + 1 if cseq is None else cseq
        lines = [f"{method} {uri} SIP/2.0", f"Via: {VIA}", "[routes]", "Max-Forwards: 70"]
        lines += [f"From: {self.ours}", f"To: {self.theirs}", f"Call-ID: {self.call_id}", f"CSeq: {number} {method}"]
        fields = {"Contact": CONTACT, **headers} if method in ("INVITE", "UPDATE", "REFER", "NOTIFY") else headers
        is_repeated = method != "ACK"
        return replace(self._send(lines, fields, body, is_repeated=is_repeated), cseq=max(self.cseq, number))

    def _send(self, lines: list[str], headers: Mapping[str, str], body: str, *, is_repeated: bool = False) -> "Script":
        kind = [] if not body or "Content-Type" in headers else ["Content-Type: application/sdp"]
        lines = [*lines, *(f"{name}: {value}" for name, value in headers.items()), *kind, "Content-Length: [len]", ""]
        text = "\n".join(f"      {line}" for line in [*lines, *body.split("\n")])
        retransmission = ' retrans="500"' if is_repeated else ""
        return self._with(f"  <send{retransmission}><![CDATA[\n\n{text}\n\n    ]]></send>\n")

    def pause(self, milliseconds: int) -> "Script":
        """Let time pass."""
        return self._with(f'  <pause milliseconds="{milliseconds}"/>\n')

    # --- stretches that many scripts have in common ------------------------------------------------------------------

    def pick_up(self, *, matching: str = "", headers: Mapping[str, str] = NOTHING, body: str = "") -> "Script":
        """Ring, answer, and take the ACK."""
        rung = self.expect("INVITE", matching=matching, takes_dialog=True).answer(180)
        return rung.answer(200, "OK", body=body or sdp(), headers=headers).confirmed()

    def confirmed(self) -> "Script":
        """The ACK, with both ends of the dialog kept for requests of our own."""
        keep = (
            '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="theirs"/>'
            '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="ours"/>'
        )
        return self._with(
            f'  <recv request="ACK"><action>{keep}</action></recv>\n',
            references=tuple(dict.fromkeys((*self.references, "ours", "theirs"))),
        )

    def keep_invite(self) -> "Script":
        """Keep of the INVITE, which is the step before, what its answer needs when other requests come between."""
        ours = '<assignstr assign_to="ours" value="[$called];tag=phone[call_number]"/>'
        kept = self._keep({"Via": "invitevia", "CSeq": "invitecseq", "From": "theirs", "To": "called"}, ours)
        return replace(kept, references=tuple(dict.fromkeys((*kept.references, "ours"))))

    def answer_invite(self, code: int, reason: str, *, body: str = "", tag: str = "phone") -> "Script":
        """The answer to an INVITE that was kept."""
        to = f"To: [$called];tag={tag}[call_number]"
        lines = [f"SIP/2.0 {code} {reason}", "Via: [$invitevia]", "From: [$theirs]", to]
        return self._send([*lines, f"Call-ID: {self.call_id}", "CSeq: [$invitecseq]"], {"Contact": CONTACT}, body)

    def ack_refusal(self) -> "Script":
        """The ACK of a final response from 300 on: within the INVITE's transaction (RFC 3261 §17.1.1.3)."""
        lines = [f"ACK {self.uri} SIP/2.0", "[last_Via:]", "Max-Forwards: 70", "[last_From:]", "[last_To:]"]
        return self._send([*lines, f"Call-ID: {self.call_id}", f"CSeq: {self.cseq} ACK"], NOTHING, "")

    def cancel(self) -> "Script":
        """CANCEL of the INVITE that rings, its 200 and the 487, confirmed."""
        lines = [f"CANCEL {self.uri} SIP/2.0", "[last_Via:]", "Max-Forwards: 70", "[last_From:]", f"To: <{self.uri}>"]
        sent = self._send([*lines, f"Call-ID: {self.call_id}", f"CSeq: {self.cseq} CANCEL"], NOTHING, "")
        return sent.expect_answer(200).expect_answer(487).ack_refusal()

    def with_max_forwards(self, hops: int) -> "Script":
        """The step before, with fewer hops left."""
        step = self.steps[-1].replace("Max-Forwards: 70", f"Max-Forwards: {hops}")
        return replace(self, steps=(*self.steps[:-1], step))

    def by_strict_route(self, router: str) -> "Script":
        """The step before, as an RFC 2543 route sends it: to the router's URI, the target at the end of Route."""
        step = (
            self.steps[-1].replace("[next_url] SIP/2.0", f"{router} SIP/2.0").replace("[routes]", "Route: <[next_url]>")
        )
        return replace(self, steps=(*self.steps[:-1], step))

    def copy_of_invite(self) -> "Script":
        """The first step once more, as if it had come by another way: another branch, all else the same."""
        step = (
            self.steps[0].replace("branch=[branch]", "branch=z9hG4bKanother[call_number]").replace(' retrans="500"', "")
        )
        return self._with(step)

    def ack_copy(self) -> "Script":
        """The ACK of what the copy got."""
        return self.ack_refusal()

    def answered(self, *, matching: str = "", body: str = "") -> "Script":
        """Whatever rings, the 200, and its ACK; `body` is our answer when theirs is the offer."""
        rung = self
        for code in (100, 180, 183):
            rung = rung.expect_answer(code, optional=True)
        up = rung.expect_answer(200, matching=matching, takes_dialog=True)
        return up.request("ACK", cseq=up.cseq, body=body)

    def hang_up(self, headers: Mapping[str, str] = NOTHING) -> "Script":
        """BYE and its 200."""
        return self.request("BYE", headers=headers).expect_answer(200)

    def be_hung_up(self, *, matching: str = "") -> "Script":
        """Their BYE and our 200."""
        return self.expect("BYE", matching=matching).answer(200, "OK", tag="").pause(100)


def callee(name: str) -> Script:
    """A phone that is called."""
    return Script(name=name, ours="[$ours]", theirs="[$theirs]", call_id="[call_id]")


def caller(
    name: str,
    target: str = "+15550100",
    *,
    body: str | None = None,
    headers: Mapping[str, str] = NOTHING,
    begins_with: str = "INVITE",
    host: str = "[remote_ip]:[remote_port]",
) -> Script:
    """A phone that calls, its INVITE included; an empty body asks the other side to offer."""
    uri = f"sip:{target}@{host}"
    script = Script(
        name=name,
        ours='"Ann" <sip:+15550199@[local_ip]:[local_port]>;tag=ann[call_number]',
        theirs=f"<{uri}>",
        call_id="[call_id]",
        uri=uri,
    )
    if body is None:
        body = sdp() if begins_with == "INVITE" else ""
    return script.request(begins_with, uri=uri, body=body, headers=headers)
