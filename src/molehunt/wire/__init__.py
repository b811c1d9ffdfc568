"""From octets to DNS: captures (pcap, pcapng), packets, TCP streams, messages, transactions.

Compiled modules, from the bottom up: ``_buffer`` (memory), ``_text``, ``_service`` and ``_rdata`` (presentation format),
``_message`` (one message), ``_rows`` (Arrow columns), ``_pairing`` (transactions), ``_fragments`` and ``_streams``
(reassembly), ``_packet`` (link, IP, UDP, TCP), ``_frames`` (files), ``_decoder`` (all of it as Python sees it). Each has its C
types in its ``.pxd`` file. Every read of input is preceded by a check of what is left, and every table has a bound.
"""

from __future__ import annotations

from molehunt.wire.message import Message, Question, Record, decode_message

__all__ = ["Message", "Question", "Record", "decode_message"]
