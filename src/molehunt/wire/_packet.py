# cython: cdivision=True
"""From a captured frame to its DNS message: link, IP, UDP or TCP (compiled).

Every read is preceded by a check of what is left. What is no IP, or not on a known port, is counted as other traffic and
otherwise passed by. Source: tcpdump.org link types; IEEE 802.1Q; RFC 791, 8200, 768, 9293; RFC 2516 (PPPoE).
"""

import cython
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.molehunt.wire._buffer import be16, be32
from cython.cimports.molehunt.wire._fragments import (
    Fragment,
    add_fragment,
    drop_datagram,
    stale_datagram,
    whole_octets,
)
from cython.cimports.molehunt.wire._pairing import take_message
from cython.cimports.molehunt.wire._state import (
    BAD_IP,
    BAD_LINK,
    BAD_TRANSPORT,
    LOST_FRAGMENT,
    SNAPPED,
    TCP,
    UDP,
    UNKNOWN_LINK,
    fault,
)
from cython.cimports.molehunt.wire._streams import add_segment

IP = cython.declare(cython.uint, 0x0800)  # or IPv6: the packet's first four bits say which
NOT_IP = cython.declare(cython.uint, 0)
SECOND_NS = cython.declare(cython.longlong, 1_000_000_000)
DEEPEST = cython.declare(cython.int, 4)  # IP in IP


def take_frame(state, link, data, size):
    """Take one frame of a link type."""
    kind: cython.uint = NOT_IP
    at: int64_t = link_head(link, data, size, cython.address(kind))
    if state.datagram_count > 0 and state.clock - state.datagrams_checked > SECOND_NS:
        end_datagrams(state, False)
    if at == -UNKNOWN_LINK:
        fault(state, UNKNOWN_LINK, link)
    elif at < 0:
        fault(state, BAD_LINK, 0)
    else:
        take_payload(state, kind, data + at, size - at)


def link_head(link, data, size, kind):
    """Find what the frame carries; return the offset of that or a negative fault."""
    kind[0] = IP
    if link == 1:  # Ethernet
        if size < 14:
            return -BAD_LINK
        kind[0] = be16(data + 12)
        return llc_head(data, size, 14, kind) if kind[0] < 1536 else 14
    if link == 113 or link == 276:  # Linux cooked, versions 1 and 2
        if size < (16 if link == 113 else 20):
            return -BAD_LINK
        kind[0] = be16(data + 14) if link == 113 else be16(data)
        return 16 if link == 113 else 20
    if link == 0 or link == 108:  # BSD loopback, in the order of the host or the network
        return 4 if size >= 4 else -BAD_LINK
    if link == 12 or link == 14 or link == 101 or link == 228 or link == 229:  # raw IP
        return 0
    if link == 9:  # PPP
        if size >= 4 and be16(data) == 0xFF03:
            kind[0] = IP if be16(data + 2) == 0x21 or be16(data + 2) == 0x57 else NOT_IP
            return 4
        kind[0] = IP if size >= 2 and (be16(data) == 0x21 or be16(data) == 0x57) else NOT_IP
        return 2 if size >= 2 else -BAD_LINK
    if link == 10:  # FDDI
        return llc_head(data, size, 13, kind)
    return -UNKNOWN_LINK


def llc_head(data, size, at, kind):
    """Step over an LLC and SNAP head."""
    kind[0] = NOT_IP
    if size - at >= 8 and size >= at and be16(data + at) == 0xAAAA and data[at + 2] == 3:
        kind[0] = be16(data + at + 6)
        return at + 8
    return 0


def take_payload(state, kind, data, size):
    """Step over VLAN tags, PPPoE and MPLS heads; then take the IP packet."""
    while kind == 0x8100 or kind == 0x88A8 or kind == 0x9100 or kind == 0x9200:
        if size < 4:
            fault(state, BAD_LINK, 0)
            return
        kind = be16(data + 2)
        data += 4
        size -= 4
    if kind == 0x8864 and size >= 8:
        kind = IP if be16(data + 6) == 0x21 or be16(data + 6) == 0x57 else NOT_IP
        data += 8
        size -= 8
    while kind == 0x8847 and size >= 4:
        kind = IP if data[2] & 1 else 0x8847
        data += 4
        size -= 4
    if kind == 0x0800 or kind == 0x86DD:
        take_ip(state, data, size, 0)
    else:
        state.other_count += 1


def take_ip(state, data, size, depth):
    """Take an IP packet of either version."""
    if size > 0 and data[0] >> 4 == 4:
        take_ipv4(state, data, size, depth)
    elif size > 0 and data[0] >> 4 == 6:
        take_ipv6(state, data, size, depth)
    else:
        fault(state, BAD_IP, 0)


def take_ipv4(state, data, size, depth):
    """Take an IPv4 packet. A total length of 0 means that the sender's network card filled it in later."""
    head: cython.size_t = (data[0] & 15) * 4
    if size < 20 or head < 20 or size < head:
        fault(state, BAD_IP, 0)
        return
    total: cython.size_t = be16(data + 2)
    cut: cython.int = SNAPPED if total > size else 0
    if total > 0 and total < head:
        fault(state, BAD_IP, 0)
        return
    if 0 < total < size:
        size = total
    flow: Flow
    memset(cython.address(flow), 0, cython.sizeof(Flow))
    memcpy(flow.source, data + 12, 4)
    memcpy(flow.target, data + 16, 4)
    flow.family = 4
    word: cython.uint = be16(data + 6)
    if word & 0x3FFF:
        take_fragment(
            state,
            cython.address(flow),
            be16(data + 4),
            ((word & 0x1FFF) << 3) | ((word >> 13) & 1),
            data[9],
            data + head,
            size - head,
        )
    elif (data[9] == 4 or data[9] == 41) and depth < DEEPEST:
        take_ip(state, data + head, size - head, depth + 1)
    else:
        take_transport(state, cython.address(flow), data[9], data + head, size - head, cut)


def take_ipv6(state, data, size, depth):
    """Take an IPv6 packet with its extension headers."""
    if size < 40:
        fault(state, BAD_IP, 0)
        return
    total: cython.size_t = be16(data + 4)
    cut: cython.int = SNAPPED if total + 40 > size else 0
    number: cython.int = data[6]
    at: cython.size_t = 40
    head: cython.size_t
    flow: Flow
    if 0 < total < size - 40:
        size = total + 40
    memset(cython.address(flow), 0, cython.sizeof(Flow))
    memcpy(flow.source, data + 8, 16)
    memcpy(flow.target, data + 24, 16)
    flow.family = 6
    while number == 0 or number == 43 or number == 44 or number == 51 or number == 60 or number == 135:
        if size - at < 8:
            fault(state, BAD_IP, 0)
            return
        head = 8 if number == 44 else (data[at + 1] + 2) * 4 if number == 51 else (data[at + 1] + 1) * 8
        if size - at < head:
            fault(state, BAD_IP, 0)
            return
        if number == 44 and be16(data + at + 2) & 0xFFF9:
            take_fragment(
                state,
                cython.address(flow),
                be32(data + at + 4),
                be16(data + at + 2) & 0xFFF9,
                data[at],
                data + at + 8,
                size - at - 8,
            )
            return
        number = data[at]
        at += head
    if (number == 4 or number == 41) and depth < DEEPEST:
        take_ip(state, data + at, size - at, depth + 1)
    else:
        take_transport(state, cython.address(flow), number, data + at, size - at, cut)


def take_fragment(state, flow, id, word, number, data, size):
    """Take a fragment; ``word`` is its offset in octets, and 1 in the last bit if more follow."""
    fragment: Fragment
    if number != 17 and number != 6 and word >> 3 == 0:
        state.other_count += 1
        return
    fragment.id = id
    fragment.offset = word & 0xFFF8
    fragment.more = word & 1
    fragment.number = number
    fragment.data = data
    fragment.size = size
    end_datagrams(state, False)
    datagram: cython.pointer[Datagram] = add_fragment(state, flow, cython.address(fragment))
    if datagram != cython.NULL:
        take_transport(state, cython.address(datagram.flow), datagram.number, datagram.data.data, datagram.total, 0)
        drop_datagram(state, datagram)


def end_datagrams(state, all):
    """Give up datagrams that wait too long for a fragment (or all); what came before the gap is read."""
    datagram: cython.pointer[Datagram] = stale_datagram(state, all)
    state.datagrams_checked = state.clock
    while datagram != cython.NULL:
        take_datagram(state, datagram)
        drop_datagram(state, datagram)
        datagram = stale_datagram(state, all)


def take_datagram(state, datagram):
    """Read a datagram up to its gap, as of the time when it began."""
    now: int64_t = state.now
    size: cython.size_t = whole_octets(datagram)
    state.now = datagram.ts
    if size >= 8:
        take_transport(state, cython.address(datagram.flow), datagram.number, datagram.data.data, size, LOST_FRAGMENT)
    elif datagram.number == 17:
        fault(state, LOST_FRAGMENT, 0)
    state.now = now


def take_transport(state, flow, number, data, size, cut):
    """Take a UDP datagram or TCP segment. ``cut`` is the fault that explains a broken end, or 0."""
    if number != 17 and number != 6:
        state.other_count += 1
        return
    if size < 4:
        fault(state, cut if cut else BAD_TRANSPORT, 0)
        return
    if not known_ports(state, flow, data):
        state.other_count += 1
    elif number == 17:
        take_udp(state, flow, data, size, cut)
    else:
        take_tcp(state, flow, data, size, cut)


def known_ports(state, flow, data):
    """Set the ports and the protocol that they stand for; tell whether there is one."""
    flow.source_port = be16(data)
    flow.target_port = be16(data + 2)
    one: cython.int = state.ports[flow.source_port]
    other: cython.int = state.ports[flow.target_port]
    flow.protocol = one if other == 0 or 0 < one < other else other
    return flow.protocol != 0


def take_udp(state, flow, data, size, cut):
    """Take a UDP datagram."""
    if size < 8:
        fault(state, cut if cut else BAD_TRANSPORT, 0)
        return
    length: cython.size_t = be16(data + 4)
    if length == 0:
        length = size
    if length < 8:
        fault(state, BAD_TRANSPORT, 0)
        return
    flow.transport = UDP
    take_message(state, flow, data + 8, min(length, size) - 8, cut if length > size else 0)


def take_tcp(state, flow, data, size, cut):
    """Take a TCP segment."""
    if size < 20:
        fault(state, cut if cut else BAD_TRANSPORT, 0)
        return
    head: cython.size_t = (data[12] >> 4) * 4
    if head < 20 or size < head:
        fault(state, cut if cut else BAD_TRANSPORT, 0)
        return
    if cut:
        fault(state, cut, 0)
    flow.transport = TCP
    add_segment(state, flow, be32(data + 4), data[13], data + head, size - head)
