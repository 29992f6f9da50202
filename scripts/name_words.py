"""Names, places and streets by country, from the data of Faker (MIT), for training and for `lists/words.txt`.

Faker is no dependency: `pip download --no-deps faker==40.54.0`, unpack, and give the folder to train_names.py.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff][A-Za-z\u00c0-\u024f\u1e00-\u1eff'\u2019 .-]*")
_GIVEN = ("first_names",)
_SURNAMES = ("last_names",)
_CITIES = (
    "cities", "city_names", "municipalities", "towns", "comunas", "states", "provinces", "departments", "regions",
    "counties", "districts", "municipios", "kommuner", "cantons", "voivodeships", "governorates",
)  # fmt: skip
# The villages of Italy alone would fill the list.
_LIMITS = {"it_IT": 400, "nl_BE": 500, "sk_SK": 300, "nl_NL": 600}
_LANGUAGES = ("en", "de", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "sv_SE", "pt_PT", "da_DK", "no_NO", "fi_FI")


@dataclass(frozen=True, kw_only=True)
class Pools:
    """What people, places and streets are called, by locale."""

    given: Mapping[str, list[str]]
    surnames: Mapping[str, list[str]]
    cities: Mapping[str, list[str]]
    countries: Mapping[str, list[str]]
    streets: Mapping[str, list[str]]


def pools(folder: Path) -> Pools:
    """Read them from the folder into which Faker was unpacked."""
    sys.path.insert(0, str(folder))
    people, places = dict(_providers("person")), dict(_providers("address"))
    return Pools(
        given=_each(people, _GIVEN),
        surnames=_each(people, _SURNAMES),
        cities=_each(places, _CITIES),
        countries=_each({k: v for k, v in places.items() if k in _LANGUAGES}, ("countries",)),
        streets=_each(places, ("street_names", "streets")),
    )


def word_list(pools: Pools, common: frozenset[str], limit: int) -> str:
    """Lines of a digit (1 given name, 2 surname, 4 place, added up) and the words that have it; at most limit bytes.

    common: words of ordinary prose in lower case, which are left out; then surnames of few countries go first.
    """
    classes: dict[str, int] = {}
    spread: dict[str, int] = {}
    for bit, pool in ((1, pools.given), (2, pools.surnames), (4, pools.cities), (4, pools.countries)):
        for names in pool.values():
            for word in {part for name in names for part in re.split(r"[ ]", name) if _is_telling(part, common)}:
                classes[word] = classes.get(word, 0) | bit
                spread[word] = spread.get(word, 0) + 1
    ranked = sorted(classes, key=lambda w: (-spread[w], len(w), w))
    size, kept = 0, []
    for word in ranked:
        size += len(word.encode()) + 1
        if size > limit:
            break
        kept.append(word)
    lines = (f"{bits} " + " ".join(sorted(w for w in kept if classes[w] == bits)) for bits in range(1, 8))
    return "\n".join(lines) + "\n"


def _is_telling(word: str, common: frozenset[str]) -> bool:
    return len(word) > 2 and word[0].isupper() and not word.isupper() and word.lower() not in common and "." not in word


def _providers(kind: str) -> Iterator[tuple[str, type]]:
    package = importlib.import_module(f"faker.providers.{kind}")
    for module in pkgutil.iter_modules(package.__path__):
        yield module.name, importlib.import_module(f"{package.__name__}.{module.name}").Provider


def _each(providers: Mapping[str, type], begins: tuple[str, ...]) -> dict[str, list[str]]:
    found = {
        locale: sorted(
            {n for a in vars(p) if a.startswith(begins) for n in _strings(vars(p)[a]) if _LATIN.fullmatch(n)}
        )
        for locale, p in providers.items()
    }
    return {k: v[:: max(1, len(v) // _LIMITS.get(k, len(v) or 1))] for k, v in found.items() if v}


def _strings(values: object) -> Iterable[str]:
    """The strings of a provider's list, of its weighted dictionary, or the last of each of its pairs."""
    if not isinstance(values, (list, tuple, dict)):
        return []
    return [v if isinstance(v, str) else v[-1] for v in values if isinstance(v, str) or (v and isinstance(v[-1], str))]
