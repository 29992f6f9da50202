"""The pages a person sees: server-rendered, readable without JavaScript, each with a `.json` twin."""

from thruline.console.routes import COOKIE, console

__all__ = ["COOKIE", "console"]
