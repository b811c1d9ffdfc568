"""Numbers of the DNS and their mnemonics. Source: IANA, Domain Name System (DNS) Parameters."""

from __future__ import annotations

TYPES: dict[int, str] = {
    1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 12: "PTR",
    13: "HINFO", 14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP",
    23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX", 27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID",
    32: "NIMLOC", 33: "SRV", 34: "ATMA", 35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6", 39: "DNAME", 40: "SINK", 41: "OPT",
    42: "APL", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3",
    51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY", 58: "TALINK", 59: "CDS",
    60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 66: "DSYNC", 67: "HHIT",
    68: "BRID", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC", 104: "NID", 105: "L32", 106: "L64",
    107: "LP", 108: "EUI48", 109: "EUI64", 128: "NXNAME", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR",
    253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI", 257: "CAA", 258: "AVC", 259: "DOA", 260: "AMTRELAY",
    261: "RESINFO", 262: "WALLET", 263: "CLA", 264: "IPN", 32768: "TA", 32769: "DLV",
}  # fmt: skip

RCODES: dict[int, str] = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
    8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 11: "DSOTYPENI", 16: "BADVERS", 17: "BADKEY", 18: "BADTIME",
    19: "BADMODE", 20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", 23: "BADCOOKIE",
}  # fmt: skip

#: Operation code of a dynamic update, whose records may lack data (RFC 2136 §2.4).
UPDATE_OPCODE = 5

#: How the data of a type is written: one letter per field, explained in ``_rdata.py``. Types that are absent, and data
#: that breaks its form, are written as RFC 3597 has it: ``\# length hexadecimal``.
FORMS: dict[int, bytes] = {
    1: b"a", 2: b"n", 5: b"n", 6: b"nn44444", 12: b"n", 13: b"ss", 15: b"2n", 16: b"S", 17: b"nn", 18: b"2n", 19: b"s",
    21: b"2n", 24: b"T114tt2nb", 25: b"211b", 26: b"2nn", 28: b"6", 33: b"222n", 35: b"22sssn", 36: b"2n", 37: b"221b",
    39: b"n", 43: b"211h", 44: b"11h", 46: b"T114tt2nb", 47: b"nB", 48: b"211b", 49: b"b", 50: b"112xyB", 51: b"112x",
    52: b"111h", 53: b"111h", 56: b"S", 59: b"211h", 60: b"211b", 61: b"b", 62: b"42B", 63: b"411h", 64: b"2nv",
    65: b"2nv", 99: b"S", 256: b"22q", 257: b"1cq", 258: b"S", 261: b"S", 262: b"S", 32768: b"211h", 32769: b"211h",
}  # fmt: skip

#: Types whose data has this form in the class IN only.
INTERNET_ONLY: frozenset[int] = frozenset({1, 26, 28, 33, 35, 36, 49, 64, 65})

#: Keys of SVCB and HTTPS parameters. Source: RFC 9460 §14.3, RFC 9461, RFC 9540.
SERVICE_KEYS: dict[int, str] = {
    0: "mandatory", 1: "alpn", 2: "no-default-alpn", 3: "port", 4: "ipv4hint", 5: "ech", 6: "ipv6hint", 7: "dohpath",
    8: "ohttp",
}  # fmt: skip


def type_name(code: int) -> str:
    """Return the mnemonic of a record type, or ``TYPEnnn`` (RFC 3597)."""
    return TYPES.get(code, f"TYPE{code}")


def rcode_name(code: int) -> str:
    """Return the mnemonic of a response code, or ``RCODEnn``."""
    return RCODES.get(code, f"RCODE{code}")
