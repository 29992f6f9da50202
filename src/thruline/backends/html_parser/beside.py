"""What of a page is beside the point: menus, banners, advertisements, by what pages call them and how they are made."""

from __future__ import annotations

import re

from thruline.backends.html_parser.page import Page

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_KEPT = frozenset(("body", "main", "article", "pre", *_HEADINGS))
_NAMES = r"""
    cookies? cookie-?(?:bar|banner|notice|consent|law) consent gdpr ccpa ads? advert\w* sponsor\w* promo\w* newsletter
    subscribe breadcrumbs? side-?bar rail social share sharing sharebar related recommend\w* pagination pager menu nav
    navbar navigation top-?bar footer masthead skip-?(?:link|nav|to-\w+) pop-?up modal login sign-?up copyright widget
    toc outbrain taboola complementary alertdialog dialog
"""
_NAMED = re.compile(rf'[\s_"-](?:{"|".join(_NAMES.split())})[\s_"-]', re.IGNORECASE)
_NAMES_OF = re.compile(r' (?:class|id|role|aria-label)=("[^"]*")')
_FEWEST_MAIN = 140  # characters: a shorter <main> is filled by a script later
# Of the page's characters. One article among much else is a teaser.
_LEAST_OF_PAGE = {"main": 0.1, "article": 0.4}
_MOST_BESIDE = 0.4  # of the page's characters: a larger element is called what it is only by accident
_MOST_LINKED = 0.75
_FEWEST_LINKS = 3


def content(page: Page) -> range | None:
    """The tags of what the page itself calls its content: the one <main>, or the one <article> that fills it."""
    for name, share in _LEAST_OF_PAGE.items():
        at = page.tags.index(name) if page.tags.count(name) == 1 else 0
        if at and page.size(at) >= max(_FEWEST_MAIN, share * page.before[-1]):
            return range(at, page.ends[at] + 1)
    return None


def stands_beside(page: Page, at: int, *, framed: bool) -> bool:
    """Whether an element is not what the page is about. framed: it stands in what the page calls its content."""
    tag = page.tags[at]
    if tag in _KEPT or page.size(at) > page.before[-1] * _MOST_BESIDE:
        return False
    if _is_called_so(page.attributes[at]) or (tag in ("aside", "header") and not framed):
        return "h1" not in page.tags[at : page.ends[at]]
    return tag in ("ul", "ol") and not framed and _is_linked(page, at)


def _is_called_so(attributes: str) -> bool:
    return bool(attributes) and any(_NAMED.search(names) for names in _NAMES_OF.findall(attributes))


def _is_linked(page: Page, at: int) -> bool:
    links = [page.size(n) for n in range(at, page.ends[at]) if page.tags[n] == "a"]
    return len(links) >= _FEWEST_LINKS and sum(links) > _MOST_LINKED * page.size(at)
