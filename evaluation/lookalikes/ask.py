"""What all look-alikes share: ask made-up names at a rate, get made-up answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evaluation.cases import START_S
from evaluation.dice import Dice

Rows = list[dict[str, Any]]
Name = Callable[[Dice], str]
Reply = Callable[[Dice], dict[str, Any]]

#: Length of every look-alike, in days.
DAYS = 3


def office_clients(count: int) -> list[str]:
    """Name so many clients."""
    return [f"10.0.0.{20 + i}" for i in range(count)]


def ask(dice: Dice, clients: Sequence[str], per_day: float, name: Name, reply: Reply | None = None, qtype: str = "A") -> Rows:
    """Let each client ask names at a rate, over working days.

    Args:
        dice: Source of everything.
        clients: Who asks.
        per_day: Queries of one client in a day.
        name: Draws the next name.
        reply: Draws its response; an A record by default.
        qtype: Type asked.
    """
    rows: Rows = []
    for client in clients:
        count = max(1, round(per_day * DAYS * (0.7 + 0.6 * dice.rng.random())))
        for ts in dice.daytime(count, DAYS):
            row = {"ts": START_S + float(ts), "client": client, "qname": name(dice), "qtype": qtype}
            rows.append(row | {"resolver": "10.0.0.1", "transport": "udp"} | (reply or address)(dice))
    return rows


def answer(kind: str, data: str, ttl: int = 300) -> dict[str, Any]:
    """Return the columns of a response with one record."""
    return {"rcode": "NOERROR", "answers": [data], "answer_types": [kind], "answer_ttls": [ttl]}


def address(dice: Dice) -> dict[str, Any]:
    """Answer with one of eight addresses."""
    return answer("A", f"198.51.100.{10 + dice.int(8)}")


def missing(dice: Dice) -> dict[str, Any]:
    """Answer that there is no such name."""
    return {"rcode": "NXDOMAIN", "answers": [], "answer_types": [], "answer_ttls": []}


def nothing(dice: Dice) -> dict[str, Any]:
    """Answer that the name has no such record."""
    return missing(dice) | {"rcode": "NOERROR"}


def verdict(dice: Dice) -> dict[str, Any]:
    """Answer as a list does: mostly no such name, else one of four addresses in 127/8."""
    return missing(dice) if dice.chance(0.7) else answer("A", f"127.0.0.{2 + dice.int(4)}")


def text(*options: str) -> Reply:
    """Answer with one of a few TXT records."""
    return lambda dice: answer("TXT", f'"{dice.pick(options)}"')


def fixed(data: str, kind: str = "A", ttl: int = 300) -> Reply:
    """Answer always the same."""
    return lambda dice: answer(kind, data, ttl)


def once(draw: Name, dice: Dice, count: int) -> list[str]:
    """Draw a stock of names, to be asked again and again."""
    return [draw(dice) for _ in range(count)]
