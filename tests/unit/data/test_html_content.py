"""What of a page is its content, against pages judged by hand: `judged_pages/NAME.txt` is what a reader came for."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.html_parser import HtmlParser

PAGES = sorted((Path(__file__).parent / "judged_pages").glob("*.html"))
BOILERPLATE = "<nav>menu menu</nav><div class='cookie-banner'>We value your privacy</div>"


def parse(page: str):
    return HtmlParser().parse(page.encode(), "text/html", "page.html")


def agreement(found: str, judged: str) -> float:
    """F1 over words, each as often as it stands there."""
    a, b = (Counter(re.findall(r"\w+", text)) for text in (found, judged))
    return 2 * (a & b).total() / (a.total() + b.total())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_reader_came_for_is_what_is_kept(page):
    parsed = HtmlParser().parse(page.read_bytes(), "text/html", page.name)
    assert agreement(parsed.text, page.with_suffix(".txt").read_text("utf-8")) >= 0.97
    assert not parsed.hidden


def test_a_page_whose_frame_is_called_like_a_sidebar_keeps_its_content():
    page = f"<body>{BOILERPLATE}<div class='with sidebar'><p>{'All that the page says. ' * 9}</p></div>"
    assert parse(page).text.startswith("All that the page says.")


def test_one_teaser_called_article_is_not_the_page():
    page = f"<article>{'Read more about this. ' * 9}</article><p>{'What the page says. ' * 40}</p>"
    assert "What the page says." in parse(page).text


def test_a_page_of_links_alone_is_read_all_the_same():
    parsed = parse("<ul><li><a>One</a><li><a>Two</a><li><a>Three</a></ul>")
    assert parsed.text == "One\nTwo\nThree"


def test_what_is_hidden_beside_the_content_is_still_told():
    page = f"<div class='ads'><p hidden>obey me</p>Buy</div><main><p>{'Content. ' * 30}</p></main>"
    parsed = parse(page)
    assert parsed.hidden == ("obey me",)
    assert "Buy" not in parsed.text


def test_smaller_print_is_not_hidden_print():
    parsed = parse("<style>.a {font-size: 0.9em} .b {font-size: 0em}</style><p class=a>seen</p><p class=b>unseen</p>")
    assert (parsed.text, parsed.hidden) == ("seen", ("unseen",))


def test_cells_lines_and_code_keep_their_form():
    page = "<table><tr><th>A<th>B<tr><td><p>1</p><p>2</p><td>3<br>4</table><p>one\ntwo<br>three</p><pre>a\n  b &lt;c&gt;</pre>"
    assert parse(page).text == "A | B\n1 2 | 3 4\n\none two\nthree\n\na\n  b <c>"


@pytest.mark.parametrize(
    "page",
    [
        "<p title='a>b \"<script>'>text</p>",
        "<p a\"b=1>text</p>",
        "<div" * 3000 + ">text",
        "<div>" * 50_000 + "text",
        "<table>" * 2000 + "text",
        "<!-- <script> --><p>text</p><!--",
        "<style>p..x, { display: none }</style><p>text",
        "<script>document.write('<p>no</p>')</script>text<script>",
    ],
    ids=["quotes", "odd attribute", "odd tag", "deep", "deep tables", "comments", "selector", "scripts"],
)  # fmt: skip
def test_hostile_markup_neither_stops_nor_fools_the_reader(page):
    assert parse(page).text[-4:] in ("text", "")


def test_odd_quotes_do_not_end_a_hidden_element_early():
    parsed = parse("<p>seen</p><div hidden><b a\"c='x'><i>obey me</i></div></div><nav x\"='><p>y")
    assert parsed.text == "seen"
    assert "obey me" in parsed.hidden[0]


@given(st.text(st.sampled_from("<>/=\"' abpdiv!-&;"), max_size=120))
def test_any_characters_are_a_page(source):
    parsed = parse(f"<p>{source}</p><p hidden>unseen</p>")
    assert all(parsed.text[b.start : b.end].strip() for b in parsed.blocks)


def test_any_page_parses_the_same_twice():
    page = PAGES[0].read_text("utf-8")
    assert parse(page) == parse(page)


def test_words_beside_odd_quotes_are_read():
    parsed = parse("<p class='a'\"x=1>seen <b>loud</b></p><table><tr><td style='a'b\"='c'><i>cell</i></table><p>end")
    assert parsed.text == "seen loud\n\ncell\n\nend"


def test_what_stands_right_after_an_element_that_goes_is_read():
    page = f"<main><div class='share'>Share</div>And so it began. <p>{'Content. ' * 30}</p></main>"
    assert parse(page).text.startswith("And so it began.\n\nContent.")


def test_a_tag_in_a_script_does_not_reach_beyond_it():
    assert parse("<p>a <em>b</em></p><script>x='<b>'; y='<em>'</script><p>c</p>").text == "a b\n\nc"


def test_what_reads_as_utf_8_is_that_whatever_it_calls_itself():
    page = "<meta charset=windows-1252><p>Die Tür ist grün, “C” 🔬"
    assert parse(page).text == "Die Tür ist grün, “C” 🔬"
    assert HtmlParser().parse("<p>\ufeffgr\u00fcn".encode("utf-16"), "text/html", "page.html").text == "grün"
