"""The public suffix list as the compiled table reads it: loaded once, on first use.

The list's private section counts: each customer of a hosting suffix is a zone of its own. A rule with non-ASCII labels is
entered twice, in punycode and in UTF-8, because logs show names in both forms.

Source: https://publicsuffix.org/list/ (the file that comes with the package ``publicsuffixlist``).
"""

from __future__ import annotations

import functools
from importlib.resources import files

from molehunt.names._domains import EXCEPT, INTERNAL, REVERSE4, REVERSE6, RULE, WILD, Suffixes

#: Reverse zones (RFC 1035 §3.5, RFC 3596 §2.5) and, of the listed suffixes, those that are never public
#: (RFC 8375; RFC 7686). Every last label that is not in the list is internal anyway.
SPECIAL = {
    b"in-addr.arpa": RULE | REVERSE4,
    b"ip6.arpa": RULE | REVERSE6,
    b"home.arpa": RULE | INTERNAL,
    b"onion": RULE | INTERNAL,
}


def punycode(name: str) -> bytes:
    """Return a lower-case name with its non-ASCII labels in punycode (RFC 3492), as the list's rules need it."""
    labels = (label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in name.split("."))
    return ".".join(labels).encode()


def parse(text: str) -> dict[bytes, int]:
    """Return the flags of every suffix that the rules of a list name.

    Args:
        text: The list, one rule a line, ``//`` before comments.
    """
    flags: dict[bytes, int] = {}
    for line in text.splitlines():
        rule = line.partition(" ")[0]
        if not rule or rule.startswith("//"):
            continue
        name, flag = (rule[2:], WILD) if rule.startswith("*.") else (rule.removeprefix("!"), RULE)
        flag = EXCEPT if rule.startswith("!") else flag
        spellings = (name.encode(),) if name.isascii() else (name.encode(), punycode(name))
        for spelling in spellings:
            flags[spelling] = flags.get(spelling, 0) | flag
    return flags


@functools.cache
def rules() -> dict[bytes, int]:
    """Return the flags of every suffix of the installed list, special zones included."""
    text = (files("publicsuffixlist") / "public_suffix_list.dat").read_text("utf-8")
    flags = parse(text)
    for name, flag in SPECIAL.items():
        flags[name] = flags.get(name, 0) | flag
    return flags


@functools.cache
def suffixes() -> Suffixes:
    """Return the compiled table of the installed list, special zones included (built on the first call)."""
    return Suffixes(rules())


@functools.cache
def shared() -> frozenset[bytes]:
    """Return every name that no one owner has: the suffixes, and what has one below it, such as a cloud's own domain."""
    suffix = {name for name, flag in rules().items() if not flag & EXCEPT}
    return frozenset(suffix.union(*(_above(name) for name in rules())))


def _above(name: bytes) -> list[bytes]:
    labels = name.split(b".")
    return [b".".join(labels[i:]) for i in range(1, len(labels))]
