"""Reports as responses: templates, JSON, static files, and the headers that each of them carries."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import RedirectResponse, Response, StreamingResponse

from thruline.console import charts, columns, frontier, parts
from thruline.core.errors import NotFound, ThrulineError

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Responses:
    """Makes every response of the console."""

    def __init__(self, *, has_login: bool) -> None:
        self._static = _read_static()
        self._templates = Environment(
            loader=PackageLoader("thruline.console"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters.update(parts.FILTERS)
        self._templates.globals.update(
            asset=self._asset,
            has_login=has_login,
            sections=parts.SECTIONS,
            notices=parts.NOTICES,
            charts=charts,
            columns=columns,
            frontier=frontier,
        )

    def html(
        self, template: str, context: Mapping[str, Any], *, section: str = "", notice: str = "", status: int = 200,
        may: Collection[str] = (), mistake: ThrulineError | None = None, typed: Mapping[str, str] = {},
    ) -> Response:  # fmt: skip
        """A page.

        section: the current entry of the navigation. notice: a key of parts.NOTICES, others show nothing. may: the
        roles of who looks at it, who is not shown buttons that would refuse them. mistake: what is wrong with a form of
        this page; typed: what it says.
        """
        shown = self._templates.get_template(template)
        text = shown.render(
            **context,
            may=may,
            section=section,
            notice=notice,
            writer="writer" in may,
            operator="operator" in may,
            mistake=mistake,
            typed=typed,
        )
        return Response(text, status, HEADERS, "text/html")

    def json(self, report: object, *, status: int = 200, media_type: str = "application/json") -> Response:
        """A report as its twin shows it."""
        return Response(msgspec.json.encode(report), status, HEADERS, media_type)

    def redirect(self, to: str) -> Response:
        """On to the page that shows what was done."""
        return RedirectResponse(to, 303, HEADERS)

    def file(self, name: str, text: str) -> Response:
        """Something to keep; name is ours, never a visitor's."""
        return Response(text, 200, HEADERS | {"content-disposition": f'attachment; filename="{name}"'}, "text/markdown")

    def stream(self, name: str, parts: Iterator[str]) -> Response:
        """A table to keep, sent while it is made; name is ours."""
        headers = HEADERS | {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(parts, 200, headers, "text/csv; charset=utf-8")

    def picture(self, png: bytes) -> Response:
        """A picture that this reader may see now: kept by no browser, like all else."""
        return Response(png, 200, HEADERS, "image/png")

    def error(self, error: ThrulineError, *, as_json: bool) -> Response:
        """An error as a page or as a problem document (RFC 9457)."""
        if as_json:
            return self.json(error.as_problem(), status=error.status, media_type="application/problem+json")
        return self.html("error.html", {"error": error}, status=error.status)

    def static(self, name: str) -> Response:
        """A file of `static/`, cacheable for good because its address names its content."""
        if name not in self._static:
            raise NotFound(f"no file named {name!r}", hint=f"known: {', '.join(self._static)}")
        headers = HEADERS | {"cache-control": "public, max-age=31536000, immutable"}
        return Response(self._static[name], 200, headers, MEDIA_TYPES[name.rpartition(".")[2]])

    def _asset(self, name: str) -> str:
        return f"/static/{name}?{hashlib.sha256(self._static[name]).hexdigest()[:12]}"


def _read_static() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in files("thruline.console").joinpath("static").iterdir()}
