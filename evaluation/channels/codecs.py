r"""How payload becomes the text of a name, and back: one pair of functions each.

Text may hold ``\DDD`` escapes; dots are put in later, when the text is cut into labels.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from evaluation.dice import BASE36, LETTERS, WORDS

#: One octet as it stands in a name, or as an escape.
OCTET = re.compile(r"\\(\d{3})|(.)", re.S)


@dataclass(frozen=True)
class Codec:
    """A code.

    Attributes:
        encode: Octets to text.
        decode: Text without dots to octets; the number of octets is given.
        joint: What stands between the labels that the text is cut into; empty where any cut will do.
    """

    encode: Callable[[bytes], str]
    decode: Callable[[str, int], bytes]
    joint: str = ""


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _unbase32(text: str, size: int) -> bytes:
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))[:size]


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unbase64(text: str, size: int) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[:size]


def _number_text(data: bytes, alphabet: str) -> str:
    number, text = int.from_bytes(b"\1" + data, "big"), ""
    while number:
        number, rest = divmod(number, len(alphabet))
        text = alphabet[rest] + text
    return text


def _text_number(text: str, alphabet: str, size: int) -> bytes:
    number = 0
    for letter in text:
        number = number * len(alphabet) + alphabet.index(letter)
    return number.to_bytes(size + 1, "big")[1:]


def _octets(data: bytes) -> str:
    plain = (LETTERS + LETTERS.upper() + "0123456789-").encode()
    return "".join(chr(octet) if octet in plain else f"\\{octet:03d}" for octet in data)


def _unoctets(text: str, size: int) -> bytes:
    return bytes(int(found[1]) if found[1] else ord(found[2]) for found in OCTET.finditer(text))[:size]


def _words(data: bytes) -> str:
    return "-".join(WORDS[octet] for octet in data)


def _unwords(text: str, size: int) -> bytes:
    return bytes(WORDS.index(word) for word in text.split("-"))[:size]


def _nibbles(data: bytes) -> str:
    return "".join("abcdefghijklmnop"[octet >> 4] + "abcdefghijklmnop"[octet & 15] for octet in data)


def _unnibbles(text: str, size: int) -> bytes:
    values = ["abcdefghijklmnop".index(letter) for letter in text]
    return bytes(high << 4 | low for high, low in zip(values[::2], values[1::2], strict=True))[:size]


#: Host names that a case-bit channel asks again and again: 8 letters carry an octet.
CARRIER = "updateservicemanagerstatusreportcollectorendpointdistribution"


def _case_bits(data: bytes) -> str:
    bits = "".join(f"{octet:08b}" for octet in data)
    return "".join(letter.upper() if bit == "1" else letter for letter, bit in zip(CARRIER, bits, strict=False))


def _uncase(text: str, size: int) -> bytes:
    bits = "".join("1" if letter.isupper() else "0" for letter in text)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, 8 * size, 8))


def _code_word(data: bytes) -> str:
    return f"{WORDS[data[0]]}"


CODECS: dict[str, Codec] = {
    "hex": Codec(bytes.hex, lambda text, size: bytes.fromhex(text)[:size]),
    "base32": Codec(_base32, _unbase32),
    "base64url": Codec(_base64, _unbase64),
    "base36": Codec(lambda data: _number_text(data, BASE36), lambda text, size: _text_number(text, BASE36, size)),
    "decimal": Codec(lambda data: _number_text(data, "0123456789"), lambda text, size: _text_number(text, "0123456789", size)),
    "letters": Codec(_nibbles, _unnibbles),
    "octets": Codec(_octets, _unoctets),
    "words": Codec(_words, _unwords, joint="-"),
    "case": Codec(_case_bits, _uncase),
    "codeword": Codec(_code_word, lambda text, size: bytes([WORDS.index(text)])),
    "codeword16": Codec(lambda data: WORDS[data[0] >> 4], lambda text, size: bytes([WORDS.index(text) << 4])),
}


def cut(text: str, joint: str, chars: int) -> str:
    r"""Cut text into labels of at most so many letters; an escape ``\DDD`` is one letter and never cut.

    Args:
        text: Output of a codec.
        joint: Where the codec allows a cut; empty for anywhere.
        chars: Longest label.
    """
    letters = [found[0] for found in OCTET.finditer(text)]
    if not joint:
        return ".".join("".join(letters[i : i + chars]) for i in range(0, len(letters), chars))
    labels, label = [], ""
    for piece in text.split(joint):
        if label and len(label) + 1 + len(piece) > chars:
            labels.append(label)
            label = ""
        label = f"{label}{joint}{piece}" if label else piece
    return ".".join([*labels, label])


def uncut(labels: str, joint: str) -> str:
    """Undo :func:`cut`."""
    return labels.replace(".", joint)
