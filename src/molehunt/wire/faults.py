"""What the decoder could not use, in words."""

from __future__ import annotations

from molehunt.findings import Problem
from molehunt.wire._decoder import Decoder

CUT_CAPTURE = 20

#: Fault (``_text.pxd``, ``_message.pxd``, ``_state.pxd``) -> reason; ``{}`` is the detail.
REASONS = {
    1: "DNS message breaks off inside a name",
    2: "DNS name with a label of unknown kind",
    3: "DNS name longer than 255 octets",
    4: "DNS name with a compression loop",
    5: "answer data breaks the form of its type",
    6: "DNS message shorter than its header",
    7: "DNS message breaks off inside its question",
    8: "DNS message breaks off inside a record",
    9: "EDNS record is malformed",
    10: "packet cut short by the capture's snap length",
    11: "link-layer head is malformed",
    12: "IP head is malformed",
    13: "UDP or TCP head is malformed",
    14: "IP fragment is missing; read up to the gap",
    15: "TCP segment is missing",
    16: "TCP stream on a DNS port does not carry DNS messages",
    17: "link type {} is not supported",
    18: "time stamp out of range",
    19: "block or record of impossible length {}",
    20: "truncated capture: the last {} bytes are not a whole record",
    21: "IP fragment is malformed",
}


def problems(decoder: Decoder, ports: tuple[int, ...]) -> list[Problem]:
    """List what the decoder could not use so far, each with its first example."""
    found = [
        Problem(
            reason=REASONS[reason].format(detail),
            count=count,
            example=f"byte {offset}" if reason == CUT_CAPTURE else f"packet {packet} at byte {offset}",
        )
        for reason, (count, packet, offset, detail) in decoder.faults.items()
    ]
    counts = decoder.counts
    if counts["messages"] == 0:
        found.append(_no_dns(counts, ports))
    return found


def _no_dns(counts: dict[str, int], ports: tuple[int, ...]) -> Problem:
    """Say that a capture holds no DNS, and what to try."""
    if counts["packets"] == 0:
        return Problem(reason="the capture holds no packets", count=0)
    known = ", ".join(str(port) for port in sorted({*ports, 5353, 5355}))
    return Problem(
        reason=f"no DNS on ports {known}; other port? use --port",
        count=counts["packets"],
        example=f"{counts['packets']} packets, {counts['other']} of them are other traffic",
    )
