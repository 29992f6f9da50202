"""Which kind of place an address means: `s3://bucket/manuals` a bucket, `/srv/wiki` a folder, `orders.csv` its rows."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from thruline.core.errors import Invalid
from thruline.core.nearest import meant

# scheme -> kind of origin; `git+https` and the like are told by what stands before the plus.
KINDS = {
    "s3": "s3", "http": "web", "https": "web", "git": "git", "postgresql": "sql", "mysql": "sql", "sqlite": "sql",
    "imap": "mail", "imaps": "mail", "mbox": "mail", "dlt": "dlt",
}  # fmt: skip
PUSH = "push"  # the kind of source whose records are sent to us
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")  # suffixes of files whose rows are documents


def place_of(location: str) -> tuple[str, str]:
    """(kind, location as it is kept): folders and files by their whole path, anything else as it was written.

    Raises Invalid for an address of an unknown kind, and for one that holds a password.
    """
    scheme, is_address, rest = location.partition("://")
    if scheme == "push" and rest.isprintable() and rest and not set(rest) & set("@:"):
        return PUSH, location
    if not is_address:
        return _on_disk(Path(location).expanduser().resolve())
    kind = KINDS.get(scheme.partition("+")[0])
    if kind is None:
        raise Invalid(f"{scheme + '://'!r} is no kind of source", hint=meant(scheme, ("a folder", PUSH, *KINDS)))
    if _holds_secret(location, kind):
        raise Invalid("the address holds a password or a token", hint="leave it out, and name it: --secret env:NAME")
    return kind, location


def _holds_secret(location: str, kind: str) -> bool:
    try:
        address = urlsplit(location)
        by_token = kind == "web" or address.scheme.endswith(("+http", "+https"))  # there a user's name is a token
        return bool(address.password or (by_token and address.username))
    except ValueError as error:
        raise Invalid(f"{location!r} is no address: {error}", hint="as https://wiki.example.org/handbook") from error


def _on_disk(path: Path) -> tuple[str, str]:
    """A file of rows, or else a folder."""
    if path.suffix.lower() not in TABLES or path.is_dir():
        return "folder", str(path)
    return "rows", str(path)


def path_of(place: str) -> Path | None:
    """Where on this machine a place lies; None for one that is elsewhere."""
    if "://" not in place:
        return Path(place)
    address = urlsplit(place)
    here = address.scheme in ("sqlite", "mbox") or address.scheme.endswith("+file")
    return Path(unquote(address.path)).resolve() if here else None


def name_of(place: str) -> str:
    """A source's name when none is given: the last word of its place."""
    if place.startswith("dlt://"):
        return place.rpartition(":")[2]
    address = urlsplit(place) if "://" in place else None
    path = address.path if address else place
    return Path(path).name.partition(".")[0] or (address.netloc if address else "") or "source"
