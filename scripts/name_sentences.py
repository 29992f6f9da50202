"""Sentences whose people, places, organisations and addresses are known, from templates and name pools."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from name_words import Pools

_LABELS = {
    "name": "name",
    "full": "name",
    "given": "name",
    "surname": "name",
    "place": "place",
    "country": "place",
    "org": "organisation",
    "address": "address",
    "block": "address",
    "street": "address",
}
Labelled = tuple[str, list[tuple[int, int, str]]]


class Sentences:
    """Endless sentences, the same for the same seed."""

    def __init__(self, pools: Pools, seed: int) -> None:
        self._pools = pools
        self._dice = random.Random(seed)
        here = Path(__file__).parent
        parts = tomllib.loads((here / "name_parts.toml").read_text("utf-8"))
        self._parts = {key: [" ".join(part.split()) for part in text.split(";")] for key, text in parts.items()}
        text = (here / "name_sentences.txt").read_text("utf-8")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        self._templates = [line.replace("\\n", "\n") for line in lines]
        self._slots: Mapping[str, Callable[[], str]] = {
            "given": self._given, "surname": self._surname, "full": self._full, "name": self._name,
            "place": self._place, "country": self._country, "org": self._org, "street": self._street,
            "address": self._address, "block": self._block, "date": self._date, "phone": self._phone,
            "year": lambda: self._number(1850, 2030), "age": lambda: self._number(18, 95),
            "n": lambda: self._number(1, 99), "money": lambda: f"${self._number(5, 9000)}.50",
            "number": lambda: self._digits(self._dice.randint(4, 16)),
            "time": lambda: f"{self._number(0, 23)}:{self._number(10, 59)}",
            "email": lambda: f"{self._surname().lower().replace(' ', '')}@{self._brand().lower()}.com",
            "url": lambda: f"https://www.{self._brand().lower()}.com/",
        }  # fmt: skip

    def one(self) -> Labelled:
        """A sentence and its labelled characters; some have lost their capitals."""
        text, spans = "", []
        for part in re.split(r"(\{\w+\})", self._one(self._templates)):
            slot = part[1:-1] if part.startswith("{") else ""
            filled = self._filled(slot) if slot else part
            if slot in _LABELS:
                spans.append((len(text), len(text) + len(filled), _LABELS[slot]))
            text += filled
        text = text[:1].upper() + text[1:] if self._maybe(0.5) else text
        return (text.lower() if self._maybe(0.06) else text), spans

    def _filled(self, slot: str) -> str:
        return self._slots[slot]() if slot in self._slots else self._one(self._parts[slot])

    def _number(self, least: int, most: int) -> str:
        return str(self._dice.randint(least, most))

    def _one(self, choices: tuple[str, ...] | list[str]) -> str:
        return self._dice.choice(choices)

    def _maybe(self, share: float) -> bool:
        return self._dice.random() < share

    def _of(self, pool: Mapping[str, list[str]]) -> str:
        return self._one(pool[self._one(list(pool))])

    def _digits(self, count: int) -> str:
        return "".join(self._one("0123456789") for _ in range(count))

    def _given(self) -> str:
        return self._of(self._pools.given)

    def _surname(self) -> str:
        name = self._of(self._pools.surnames)
        return f"{self._one(self._parts['links'])} {name}" if self._maybe(0.03) else name

    def _full(self) -> str:
        given = self._given() + (
            f"-{self._given()}" if self._maybe(0.03) else f" {self._given()}" if self._maybe(0.05) else ""
        )
        middle = f" {self._one('ABCDEFGHIJKLMNOPRSTUVW')}{self._one(('.', '.', ''))}" if self._maybe(0.2) else ""
        more = f"-{self._surname()}" if self._maybe(0.03) else f" {self._surname()}" if self._maybe(0.05) else ""
        return f"{given}{middle} {self._surname()}{more}"

    def _name(self) -> str:
        return self._full() if self._maybe(0.5) else self._given() if self._maybe(0.7) else self._surname()

    def _place(self) -> str:
        name = self._of(self._pools.cities) if self._maybe(0.85) else self._country()
        return name.upper() if self._maybe(0.12) else name

    def _country(self) -> str:
        return self._of({"en": self._pools.countries["en"]}) if self._maybe(0.85) else self._of(self._pools.countries)

    def _brand(self) -> str:
        return (
            self._one(self._parts["brand_heads"]) + self._one(self._parts["brand_tails"])
            if self._maybe(0.8)
            else self._one(self._parts["brand_heads"]) + self._one(self._parts["brand_tails"]).capitalize()
        )

    def _org(self) -> str:
        kind = self._dice.random()
        if kind < 0.35:
            return self._brand() + (f" {self._one(self._parts['company_ends'])}" if self._maybe(0.3) else "")
        if kind < 0.55:
            return (
                f"{self._surname()}-{self._surname()}"
                if self._maybe(0.5)
                else f"{self._surname()}, {self._surname()} and {self._surname()}"
            )
        if kind < 0.7:
            return f"{self._surname()} {self._one(self._parts['company_ends'])}"
        if kind < 0.76:
            return (
                f"University of {self._of(self._pools.cities)}"
                if self._maybe(0.5)
                else f"{self._of(self._pools.cities)} {self._one(self._parts['company_ends'])}"
            )
        return (
            " ".join(self._one(self._parts["company_words"]) for _ in range(self._dice.randint(1, 3)))
            + f" {self._one(self._parts['company_ends'])}"
        )

    def _street(self) -> str:
        word, number = self._named_street(), str(self._dice.randint(1, 400))
        kind = self._dice.random()
        if kind < 0.35:
            return f"{number} {word} {self._one(self._parts['street_kinds'])}"
        if kind < 0.5:
            return f"{self._one(self._parts['street_before'])} {word} {number}"
        if kind < 0.65:
            return f"{word.replace(' ', '')}{self._one(self._parts['street_compound'])} {number}"
        if kind < 0.72:
            return f"{word} {self._one(self._parts['street_after'])} {number}{self._one(('.', ''))}"
        if kind < 0.86:
            return f"{word} {number}"
        return f"{number} {self._one(self._parts['street_before'])} {word}" if kind < 0.93 else self._boxed()

    def _boxed(self) -> str:
        number = self._dice.randint(1, 9999)
        return self._one(
            (
                f"P.O. Box {number}",
                f"PO Box {number}",
                f"Postbox {number}",
                f"PSC {number}, Box {self._digits(4)}",
                f"Postfach {number}",
            )
        )

    def _named_street(self) -> str:
        kind = self._dice.random()
        return (
            self._of(self._pools.streets)
            if kind < 0.5
            else self._surname()
            if kind < 0.8
            else self._of(self._pools.cities)
        )

    def _flat(self) -> str:
        return f"{self._one(('Apt.', 'Suite', 'Apt', 'Flat', 'Unit', 'Floor'))} {self._dice.randint(1, 999)}"

    def _code(self) -> str:
        shapes = (
            self._digits(5),
            self._digits(5),
            self._digits(4),
            f"{self._digits(3)} {self._digits(2)}",
            "SW1A 2AA",
            f"{self._digits(2)}-{self._digits(3)}",
            "K1A 0B1",
        )
        return self._one(shapes)

    def _region(self) -> str:
        return "".join(self._one("ABCDEFGHIKLMNOPRSTVW") for _ in range(2))

    def _address(self) -> str:
        return self._joined(", ")

    def _block(self) -> str:
        return self._joined("\n" + " " * self._dice.choice((0, 0, 1, 4)))

    def _joined(self, by: str) -> str:
        street = f"{self._digits(self._dice.randint(1, 5))} {self._street()}" if self._maybe(0.35) else self._street()
        flat = f"{self._one((' ', by))}{self._flat()}" if self._maybe(0.35) else ""
        city = self._place()
        town = self._one(
            (
                f"{self._code()} {city}",
                f"{city} {self._code()}",
                f"{city}, {self._region()} {self._code()}",
                city,
                f"{city}{by}{self._country()} {self._code()}",
                f"{city}{by}{self._region()}{by}{self._code()}",
            )
        )
        return f"{street}{flat}{by if self._maybe(0.85) else ' '}{town}"

    def _date(self) -> str:
        d, m, y = self._dice.randint(1, 28), self._dice.randint(1, 12), self._dice.randint(1950, 2030)
        return self._one(
            (
                f"{d}/{m}/{y}",
                f"{y}-{m:02}-{d:02}",
                f"{self._parts['month'][m - 1]} {d}, {y}",
                f"{d} {self._parts['month'][m - 1]} {y}",
                f"{d}.{m}.{y}",
            )
        )

    def _phone(self) -> str:
        return self._one(
            (
                f"+49 30 {self._digits(7)}",
                f"{self._digits(3)}-{self._digits(3)}-{self._digits(4)}",
                f"0{self._digits(3)} {self._digits(6)}",
            )
        )
