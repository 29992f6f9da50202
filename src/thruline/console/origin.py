"""Which requests may change something: only forms of our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from thruline.core.errors import Denied


def check_origin(request: Request) -> None:
    """Raises Denied unless the browser says that one of our own pages sent this form.

    Every current browser states it in Sec-Fetch-Site, older ones in Origin. The scheme is not compared: behind a
    proxy that ends TLS the page is https and this request http.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        ours = site == "same-origin"
    else:
        ours = origin is not None and urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise Denied(f"this form came from {origin or 'nowhere'!r}", hint="open the page here and send it again")
