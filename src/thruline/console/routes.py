"""The console as Starlette routes: a page and its twin for each read, one address for each action, and the login."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from thruline.console.actions import ACTIONS, Action
from thruline.console.listing import listing
from thruline.console.origin import check_origin
from thruline.console.pages import PAGES
from thruline.console.respond import Responses
from thruline.console.visit import Page, Platform, Visit
from thruline.core.errors import Denied, Invalid, ThrulineError

COOKIE = "thruline_session"
PATIENCE_S = 2.0  # how long a browser waits for slow work before it is shown as a run
MAX_FORM = 256 * 1024

PlatformFor = Callable[[Request], Platform]
Login = Callable[[str], str]
Endpoint = Callable[[Request], Awaitable[Response]]
logger = logging.getLogger(__name__)


def console(platform_for: PlatformFor, login: Login | None = None) -> list[Route]:
    """The routes of all pages.

    platform_for: the platform for the request's actor; raises Denied when nobody is signed in. It runs in a thread.
    login: the session cookie's value for an API key, or raises Denied; None where no login is needed.
    """
    site = _Site(platform_for, login)
    pages = [route for page in PAGES for route in site.page(page)]
    return [
        *pages,
        Route("/data/{record}/pages/{page:int}.png", site.guarded(site.picture)),
        Route("/touched.csv", site.guarded(site.listing)),
        *(Route(f"/do/{action.name}", site.action(action), methods=["POST"]) for action in ACTIONS.values()),
        Route("/static/{name}", site.guarded(site.static)),
        *(site.login_routes() if login else ()),
    ]


class _Site:
    def __init__(self, platform_for: PlatformFor, login: Login | None) -> None:
        self._platform_for = platform_for
        self._login = login
        self._responses = Responses(has_login=login is not None)
        self._slow: set[asyncio.Task[Any]] = set()  # work that outlives its request; a task unheld may be collected

    def page(self, page: Page) -> list[Route]:
        """The twin first: `/data/{record}` would match its address too."""
        return [
            Route(page.twin, self.guarded(lambda request: self._report(page, request), as_json=True)),
            Route(page.path, self.guarded(lambda request: self._show(page, request))),
        ]

    def action(self, action: Action) -> Endpoint:
        return self.guarded(lambda request: self._act(action, request))

    def login_routes(self) -> list[Route]:
        return [
            Route("/login", self.guarded(self._login_page)),
            Route("/login", self.guarded(self._sign_in), methods=["POST"]),
            Route("/logout", self.guarded(self._sign_out), methods=["POST"]),
        ]

    def guarded(self, endpoint: Endpoint, *, as_json: bool = False) -> Endpoint:
        """The endpoint with errors as responses; whoever is not signed in is shown the way to the login."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except _SignedOut as error:
                if as_json or self._login is None:
                    return self._responses.error(error, as_json=as_json)
                return self._responses.redirect("/login")
            except ThrulineError as error:
                return self._responses.error(error, as_json=as_json)

        return answer

    async def static(self, request: Request) -> Response:
        return self._responses.static(request.path_params["name"])

    async def picture(self, request: Request) -> Response:
        """A page of a document, for an `img`."""
        platform = await self._platform(request)
        record, page = request.path_params["record"], request.path_params["page"]
        shown = await run_in_threadpool(platform.data.page, record=record, page=page)
        return self._responses.picture(shown.png)

    async def listing(self, request: Request) -> Response:
        """The exact list of what was touched, to keep."""
        visit = await self._visit(request)
        given = {name: word for name in ("what", "since", "until") if (word := visit.word(name))}
        if "what" not in given:
            raise Invalid("the address names nothing", hint="say what: a source, a path or an id")
        return self._responses.stream("touched.csv", await run_in_threadpool(listing, visit.platform, given))

    async def _report(self, page: Page, request: Request) -> Response:
        visit = await self._visit(request)
        return self._responses.json(await run_in_threadpool(page.read, visit))

    async def _show(self, page: Page, request: Request) -> Response:
        visit = await self._visit(request)
        report = await run_in_threadpool(page.read, visit)
        may = visit.platform.actor.may
        return self._responses.html(page.template, report, section=page.section, notice=visit.word("done"), may=may)

    async def _visit(self, request: Request) -> Visit:
        platform = await self._platform(request)
        return Visit(platform=platform, path=request.path_params, query=request.query_params)

    async def _platform(self, request: Request) -> Platform:
        try:
            return await run_in_threadpool(self._platform_for, request)
        except Denied as error:
            raise _SignedOut(error.message, hint=error.hint) from error

    async def _act(self, action: Action, request: Request) -> Response:
        check_origin(request)
        platform = await self._platform(request)
        form = await _form(request)
        try:
            return await self._do(action, platform, form)
        except ThrulineError as error:
            if not action.page or "operator" not in platform.actor.may:
                raise
            return await self._again(action, platform, form, error)

    async def _again(self, action: Action, platform: Platform, form: dict[str, str], error: ThrulineError) -> Response:
        """The page that the form stands on, with what was typed and what is wrong with it."""
        page = next(page for page in PAGES if page.path == action.page)
        visit = Visit(platform=platform, path=form, query={})
        report = await run_in_threadpool(page.read, visit)
        may = platform.actor.may
        return self._responses.html(
            page.template, report, section=page.section, status=error.status, may=may, mistake=error, typed=form
        )

    async def _do(self, action: Action, platform: Platform, form: dict[str, str]) -> Response:
        arguments = action.arguments(form)
        if action.confirm and action.asks(form) and form.get("confirmed") != "yes":
            report = await run_in_threadpool(_looked_at, action, platform, arguments, form)
            return self._result(action, action.confirm, platform, {"report": report, "form": form})
        work = run_in_threadpool(action.call, platform, arguments)
        if action.slow:
            return await self._start(action, work, platform)
        report = await work
        if action.follow:
            return await self._start(action, run_in_threadpool(action.follow, platform, report), platform)
        if action.file:
            return self._responses.file(*action.file(report))
        if action.result:
            return self._result(action, action.result, platform, {"report": report, "form": form})
        return self._responses.redirect(action.then.format_map({**arguments, "id": getattr(report, "id", "")}))

    def _result(self, action: Action, template: str, platform: Platform, context: dict[str, Any]) -> Response:
        return self._responses.html(template, context, section=action.section, may=platform.actor.may)

    async def _start(self, action: Action, work: Awaitable[Any], platform: Platform) -> Response:
        """Wait for a moment; what then still goes on is followed under Runs, by those who may see them."""
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        if done:
            task.result()
            return self._responses.redirect(action.then)
        self._slow.add(task)
        task.add_done_callback(self._ended)
        page = "/runs" if "operator" in platform.actor.may else "/data"
        return self._responses.redirect(f"{page}?done={action.name}.started")

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._slow.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # The run itself keeps how it ended; its words may name files, which no log may.
            logger.warning("work that a form began has failed", extra={"error": type(error).__name__})

    async def _login_page(self, _: Request) -> Response:
        return self._responses.html("login.html", {"error": None})

    async def _sign_in(self, request: Request) -> Response:
        assert self._login is not None
        check_origin(request)
        key = (await _form(request)).get("key", "").strip()
        try:
            value = await run_in_threadpool(self._login, key)
        except Denied as error:
            return self._responses.html("login.html", {"error": error}, status=error.status)
        response = self._responses.redirect("/")
        response.set_cookie(
            COOKIE, value, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
        )
        return response

    async def _sign_out(self, request: Request) -> Response:
        check_origin(request)
        response = self._responses.redirect("/login")
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
        return response


class _SignedOut(Denied):
    """Nobody is signed in."""

    status = 401


def _looked_at(action: Action, platform: Platform, arguments: dict[str, object], form: dict[str, str]) -> Any:
    """What would be done."""
    if action.preview:
        return action.preview(platform, form)
    return action.call(platform, arguments | {"dry_run": True})


async def _form(request: Request) -> dict[str, str]:
    """The fields of a URL-encoded form; raises Invalid when it is larger than any of ours can be."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise Invalid("the form is too large", hint=f"at most {MAX_FORM // 1024} kB")
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict"))
    except ValueError as error:
        raise Invalid("the form cannot be read", hint="send it from the page itself") from error
