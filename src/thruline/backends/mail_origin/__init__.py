"""A mailbox: an mbox file, or a folder on an IMAP server. One message is one item, as its server has it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from thruline.backends.mail_origin.box import Box, message_name
from thruline.backends.mail_origin.imap import Imap
from thruline.backends.mail_origin.mbox import Mbox
from thruline.core.errors import Invalid, Refused
from thruline.core.loopback import is_loopback
from thruline.core.units import Bytes
from thruline.ports.origin import Item, Listing, Reading, Secret

_ENDING = ".eml"


class MailOrigin:
    """The messages of `mbox:///path/to/file` or `imaps://user@host/FOLDER`.

    An item is called by its day and subject. secret: the password of an IMAP user.
    """

    options: Mapping[str, str] = {
        "ca": "file of the certificates to trust instead of the machine's, for a server of your own"
    }
    marks_content = True

    def __init__(self, location: str, options: Mapping[str, str] = {}, secret: Secret | None = None) -> None:
        self._box = _box(location, options.get("ca", ""), secret)
        self._places: Mapping[str, str] | None = None  # of the last listing; replaced whole, so readers need no lock

    def look(self, *, within_s: float) -> str:
        """How much mail there is; none of it is read."""
        return self._box.look(within_s)

    def list(self) -> Listing:
        """Every message; one that is there twice has a number behind its name."""
        items: dict[str, Item] = {}
        places: dict[str, str] = {}
        times: dict[str, int] = {}
        for met in self._box.scan():
            name = message_name(met)
            times[name] = times.get(name, 0) + 1
            path = f"{name}{_ENDING}" if times[name] == 1 else f"{name} {times[name]}{_ENDING}"
            items[path], places[path] = Item(path, met.mark, met.size), met.where
        self._places = places
        return Listing(items=list(items.values()))

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """A message with all its headers."""
        if self._places is None:
            self.list()
        where = (self._places or {}).get(item.path)
        if where is None:
            raise Refused(f"{item.path!r} is not in the mailbox any more", reason="unreadable")
        return Reading(self._box.fetch(where, item.mark, limit=limit), item.mark)

    def close(self) -> None:
        """Say goodbye to the server."""
        self._box.close()


def _box(location: str, ca: str, secret: Secret | None) -> Box:
    parts = urlsplit(location)
    if parts.scheme == "mbox":
        path = unquote(parts.path)
        if parts.netloc or not path.strip("/") or "\0" in path:
            raise Invalid(f"{location!r} names no file", hint="write mbox:///path/to/file, with three slashes")
        return Mbox(path)
    user, host, folder = unquote(parts.username or ""), parts.hostname or "", unquote(parts.path.strip("/"))
    if not user or not host or not (user + folder).isprintable():
        raise Invalid(f"{location!r} names no mailbox", hint="write imaps://user@host/INBOX; an @ in the user is %40")
    if parts.scheme != "imaps" and not is_loopback(host):
        raise Invalid(f"a password would be sent in the open to {host!r}", hint="use imaps://")
    if secret is None:
        raise Invalid(f"{user!r} needs a password", hint="name it: --secret env:NAME or --secret file:PATH")
    trusted = _trusted(ca) if parts.scheme == "imaps" else None
    return Imap(host, parts.port, user, folder or "INBOX", secret, trusted)


def _trusted(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise Invalid(f"ca={ca!r} holds no certificates: {error}", hint="give a file in PEM format") from error
