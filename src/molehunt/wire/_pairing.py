# cython: cdivision=True
"""Queries and their responses become one transaction (compiled).

A query waits in a ring, in order of time, until its response comes or ``pair_s`` have passed; a hash table leads to it.
The key is client, resolver, both ports, message id, name without letter case, and type. The same query again within
``retry_s`` is a retransmission. As many responses as transmissions belong to one row; any further response, and one that
nobody asked for, is a row of its own. The ring grows up to a bound: when it is full, the oldest query becomes a row at once.
"""

import cython
from cython.cimports.libc.stdlib import calloc, free, malloc
from cython.cimports.libc.string import memcmp, memcpy, memset
from cython.cimports.molehunt.wire._buffer import mix, mix_address
from cython.cimports.molehunt.wire._message import read_message, read_question
from cython.cimports.molehunt.wire._rows import add_retry, put_row, rows_full
from cython.cimports.molehunt.wire._state import DNS, MDNS, NO_SLOT, NO_TIME, fault
from cython.cimports.molehunt.wire._text import BAD_RDATA, NAME_OCTETS, name_hash, same_name

LONGEST_CHAIN = cython.declare(cython.int, 64)  # entries of one hash that are looked at; bounds the work of a flood
FIRST_ROOM = cython.declare(cython.ulonglong, 1024)  # entries of the ring at first: a small one stays in the cache
NOT_WRITTEN = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)
RESPONSE = cython.declare(cython.uint, 0x8000)


def open_pairs(state, limit):
    """Make the ring, which grows to ``limit`` entries, a power of two; tell whether there was memory."""
    state.entry_limit = limit
    return make_room(state, min(limit, FIRST_ROOM))


def make_room(state, room):
    """Make the ring ``room`` entries large, with all that wait; tell whether there was memory, else nothing has changed."""
    entries: cython.pointer[Entry] = cython.cast(cython.pointer[Entry], calloc(room, cython.sizeof(Entry)))
    heads: cython.p_uint = cython.cast(cython.p_uint, malloc(2 * room * cython.sizeof(uint32_t)))
    if entries == cython.NULL or heads == cython.NULL:
        free(entries)
        free(heads)
        return False
    memset(heads, 0xFF, 2 * room * cython.sizeof(uint32_t))  # NO_SLOT
    index: uint64_t
    for index in range(state.first, state.last):
        entries[index & (room - 1)] = state.entries[index & (state.entry_room - 1)]
    free(state.entries)
    free(state.heads)
    state.entries = entries
    state.heads = heads
    state.entry_room = room
    for index in range(state.first, state.last):
        chain(state, index & (room - 1))
    return True


def close_pairs(state):
    """Give all memory back."""
    index: cython.size_t
    if state.entries != cython.NULL:
        for index in range(state.entry_room):
            free(state.entries[index].octets)
    free(state.entries)
    free(state.heads)
    state.entries = cython.NULL
    state.heads = cython.NULL


def take_message(state, flow, data, length, cut):
    """Take one DNS message that went along ``flow``. ``cut`` is the fault of its transport that explains a broken end."""
    message: Message
    usable: cython.bint = read_message(cython.address(message), data, length)
    if message.fault:
        fault(state, cut if cut else message.fault, 0)
        usable = usable and message.has_question and (message.question_count == 1 or flow.protocol == MDNS)
    if not usable:
        return
    state.message_count += 1
    if message.flags & RESPONSE:
        turn(flow)
        take_response(state, flow, cython.address(message))
    else:
        take_query(state, flow, cython.address(message))


def turn(flow):
    """Let the flow lead from client to resolver."""
    address: cython.uchar[16]
    port: uint16_t = flow.source_port
    memcpy(address, flow.source, 16)
    memcpy(flow.source, flow.target, 16)
    memcpy(flow.target, address, 16)
    flow.source_port = flow.target_port
    flow.target_port = port


def flow_hash(flow, message):
    """Hash what a response must share with its query. A multicast query is answered by whoever can, with any id."""
    ports: uint64_t = (cython.cast(uint64_t, flow.source_port) << 16) | flow.target_port
    value: uint64_t = mix_address(mix(flow.transport, (ports << 16) | message.id), flow.source)
    if flow.protocol == DNS:
        value = mix_address(value, flow.target)
    else:
        value = mix(value, name_hash(message.name, message.name_size))
    return value >> 32


def same_flow(one, other):
    """Compare two flows; of multicast protocols the resolver may differ."""
    return (
        one.source_port == other.source_port
        and one.target_port == other.target_port
        and one.family == other.family
        and one.transport == other.transport
        and one.protocol == other.protocol
        and memcmp(one.source, other.source, 16) == 0
        and (one.protocol != DNS or memcmp(one.target, other.target, 16) == 0)
    )


def same_question(entry, message):
    """Compare the questions. A response without one (some refusals) fits any."""
    if not message.has_question and message.flags & RESPONSE:
        return True
    return (
        entry.has_question == message.has_question
        and entry.qtype == message.qtype
        and entry.name_size == message.name_size
        and same_name(entry.octets, message.name, message.name_size)
    )


def find(state, flow, message, hash, answered):
    """Return the newest query of this key that waits, or (if ``answered``) that has its response already; or NULL."""
    slot: uint32_t = state.heads[hash & (2 * state.entry_room - 1)]
    steps: cython.int = 0
    entry: cython.pointer[Entry]
    while slot != NO_SLOT and steps < LONGEST_CHAIN:
        entry = cython.address(state.entries[slot])
        if (
            entry.hash == hash
            and entry.id == message.id
            and (entry.response_count > 0) == answered
            and same_flow(cython.address(entry.flow), flow)
            and same_question(entry, message)
        ):
            return entry
        slot = entry.older
        steps += 1
    return cython.NULL


def take_query(state, flow, message):
    """Count a retransmission, or let a new query wait."""
    hash: uint32_t = flow_hash(flow, message)
    entry: cython.pointer[Entry] = find(state, flow, message, hash, False)
    if entry == cython.NULL:
        entry = find(state, flow, message, hash, True)
    if entry != cython.NULL and state.clock - entry.last_seen <= state.retry_ns:
        entry.last_seen = state.clock
        entry.retry_count += 1
        if entry.response_count > 0:
            add_retry(state, entry.row)
        return
    insert(state, flow, message, hash)
    if message.question_count > 1:
        put_more_questions(state, flow, message)


def take_response(state, flow, message):
    """Complete the row of the query, or write a row for a response that nobody waits for."""
    hash: uint32_t = flow_hash(flow, message)
    entry: cython.pointer[Entry] = find(state, flow, message, hash, False)
    if entry != cython.NULL and state.clock - entry.first_seen <= state.pair_ns:
        put_entry(state, entry, message)
        entry.response_count = 1
        return
    entry = find(state, flow, message, hash, True)
    if entry != cython.NULL and entry.response_count <= entry.retry_count:
        entry.response_count += 1
        return
    put_lone_response(state, flow, message)


def insert(state, flow, message, hash):
    """Let a query wait."""
    if state.last - state.first >= state.entry_room:
        if state.entry_room >= state.entry_limit or not make_room(state, 2 * state.entry_room):
            drop_oldest(state)
    slot: uint32_t = state.last & (state.entry_room - 1)
    entry: cython.pointer[Entry] = cython.address(state.entries[slot])
    if not keep_octets(entry, message):
        return
    entry.ts = state.now
    entry.first_seen = state.clock
    entry.last_seen = state.clock
    entry.row = NOT_WRITTEN
    entry.hash = hash
    entry.retry_count = 0
    entry.response_count = 0
    entry.query_bytes = message.length
    entry.qtype = message.qtype
    entry.id = message.id
    entry.has_question = message.has_question
    entry.has_edns = message.has_edns
    entry.flow = flow[0]
    chain(state, slot)
    state.last += 1


def chain(state, slot):
    """Let the hash table lead to an entry, before the older ones of its hash."""
    entry: cython.pointer[Entry] = cython.address(state.entries[slot])
    head: cython.pointer[uint32_t] = cython.address(state.heads[entry.hash & (2 * state.entry_room - 1)])
    entry.newer = NO_SLOT
    entry.older = head[0]
    if head[0] != NO_SLOT:
        state.entries[head[0]].newer = slot
    head[0] = slot


def keep_octets(entry, message):
    """Keep the name and the option codes, where those of an earlier query were; tell whether there was memory."""
    size: cython.size_t = message.name_size + (message.name_size & 1)
    need: cython.size_t = size + 2 * message.option_count
    if need >= entry.octet_room:
        free(entry.octets)
        entry.octet_room = need + 32
        entry.octets = cython.cast(cython.pointer[uint8_t], malloc(entry.octet_room))
        if entry.octets == cython.NULL:
            entry.octet_room = 0
            return False
    memcpy(entry.octets, message.name, message.name_size)
    memcpy(entry.octets + size, message.options, 2 * message.option_count)
    entry.name_size = message.name_size
    entry.option_count = message.option_count
    return True


def drop_oldest(state):
    """Forget the oldest query; if it still waits, it becomes a row without a response."""
    slot: uint32_t = state.first & (state.entry_room - 1)
    entry: cython.pointer[Entry] = cython.address(state.entries[slot])
    if entry.response_count == 0:
        put_entry(state, entry, cython.NULL)
    if entry.newer != NO_SLOT:
        state.entries[entry.newer].older = NO_SLOT
    else:
        state.heads[entry.hash & (2 * state.entry_room - 1)] = NO_SLOT
    state.first += 1


def expire(state, all):
    """Forget the queries whose time is over (or all), as long as the batch has room."""
    entry: cython.pointer[Entry]
    while state.first < state.last and not rows_full(state):
        entry = cython.address(state.entries[state.first & (state.entry_room - 1)])
        if not all and entry.response_count > 0 and state.clock - entry.last_seen <= state.retry_ns:
            return
        if not all and entry.response_count == 0 and state.clock - entry.last_seen <= state.pair_ns:
            return
        drop_oldest(state)


def put_entry(state, entry, response):
    """Write the row of a query, with its response if there is one."""
    row: Row
    known: cython.bint = response != cython.NULL and entry.ts != NO_TIME and state.now != NO_TIME
    row.ts = entry.ts
    row.client = entry.flow.source
    row.resolver = entry.flow.target
    row.family = entry.flow.family
    row.transport = entry.flow.transport
    row.protocol = entry.flow.protocol
    row.name = entry.octets if entry.has_question else cython.NULL
    row.name_size = entry.name_size
    row.qtype = entry.qtype
    row.query_bytes = entry.query_bytes
    row.retry_count = entry.retry_count
    row.rtt_ns = state.now - entry.ts if known else -1
    row.option_count = entry.option_count if entry.has_edns else -1
    row.options = cython.cast(cython.pointer[cython.const[uint16_t]], entry.octets + entry.name_size + (entry.name_size & 1))
    entry.row = state.row_count
    if not put_row(state, cython.address(row), response):
        fault(state, BAD_RDATA, 0)


def put_lone_response(state, flow, message):
    """Write the row of a response that no query was seen for; sent to a group, it names no client."""
    row: Row
    row.ts = state.now
    row.client = cython.NULL if is_multicast(flow.source, flow.family) else flow.source
    row.resolver = flow.target
    row.family = flow.family
    row.transport = flow.transport
    row.protocol = flow.protocol
    row.name = message.name if message.has_question else cython.NULL
    row.name_size = message.name_size
    row.qtype = message.qtype
    row.query_bytes = -1
    row.retry_count = -1
    row.rtt_ns = -1
    row.option_count = -1
    row.options = cython.NULL
    if not put_row(state, cython.address(row), message):
        fault(state, BAD_RDATA, 0)


def put_more_questions(state, flow, message):
    """Write a row for each question after the first, as mDNS asks several at once; size and EDNS stand with the first."""
    row: Row
    at: int64_t = message.more_questions_at
    _: cython.uint
    qtype: uint32_t = 0
    size: cython.size_t = 0
    name: cython.uchar[NAME_OCTETS]
    row.ts = state.now
    row.client = flow.source
    row.resolver = flow.target
    row.family = flow.family
    row.transport = flow.transport
    row.protocol = flow.protocol
    row.query_bytes = -1
    row.retry_count = -1
    row.rtt_ns = -1
    row.option_count = -1
    row.options = cython.NULL
    for _ in range(1, message.question_count):
        at = read_question(message, at, name, cython.address(size), cython.address(qtype))
        if at < 0:
            return
        row.name = name
        row.name_size = size
        row.qtype = qtype
        put_row(state, cython.address(row), cython.NULL)


def is_multicast(address, family):
    """Tell whether an address names a group."""
    return 224 <= address[0] < 240 if family == 4 else address[0] == 0xFF
