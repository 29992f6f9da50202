"""How much of a PDF's text comes out right, in the order it is read, and how fast?

    python bench/pdf.py [--write]

PDFs are made here from known text, by reportlab and by Chromium's print to PDF (skipped where there is none): columns
drawn one after the other and line by line across, running headers and footers, hyphenation, tables with and without
rules, ligatures and accents, a script from right to left. F1 over pairs of neighbouring words: a glued word costs two
pairs, a wrong order one. Beside it the engine's own text, its broken words joined. Cells are those of a table's row
that come out in one line, in order, apart from one another. Pages a CPU second, best of three, beside the engine's own
text of the same pages.
"""

from __future__ import annotations

import argparse
import html
import io
import json
import random
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from shutil import which
from typing import NamedTuple

import pypdfium2 as pdfium
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

from thruline.backends.pdf_parser import PdfParser
from thruline.core.documents import Parsed
from thruline.core.errors import Refused

HERE = Path(__file__).resolve().parent
JUDGED = HERE.parent / "tests/unit/data/judged_pages"
SEED = 7
ROUNDS = 3
TARGET = 0.97
BROKEN = re.compile("[\x02\ufffe\u00ad]\r?\n?")
HEAD = "Handbook of the Northern Office"
NARROW = "columns: 3; column-gap: 18px; text-align: justify; hyphens: auto"
ACCENTS = "Ångström naïve façade Łódź Čeština œuvre straße efficient offline affluent"
HEBREW = "שלום עולם זהו מסמך ארוך עם מילים רבות בשפה העברית לבדיקה"


class Made(NamedTuple):
    """A PDF and what it says, its tables as rows of cells."""

    data: bytes
    text: str
    rows: tuple[tuple[str, ...], ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write bench/results/pdf.json")
    wanted = parser.parse_args()
    made = documents(random.Random(SEED))
    read = {name: judged(document) for name, document in made.items() if document}
    report = {
        "seed": SEED,
        "target_f1": TARGET,
        "mean_f1": round(sum(r["f1"] for r in read.values()) / len(read), 4),
        "mean_engine_f1": round(sum(r["engine_f1"] for r in read.values()) / len(read), 4),
        "documents": read | {name: "skipped: no Chromium" for name, document in made.items() if not document},
        "speed": speed([document.data for document in made.values() if document]),
    }
    text = json.dumps(report, indent=1)
    print(text)
    if wanted.write:
        (HERE / "results" / "pdf.json").write_text(text + "\n")


def judged(made: Made) -> dict[str, float]:
    """F1 of ours and the engine's, and of cells where there is a table."""
    ours, plain = ours_of(made.data), engine_of(made.data)
    found = {"f1": round(f1(ours, made.text), 4), "engine_f1": round(f1(plain, made.text), 4)}
    return found | ({"cells_f1": round(cells_f1(ours, made.rows), 4)} if made.rows else {})


def f1(found: str, truth: str) -> float:
    a, b = (pairs(re.findall(r"\w+", text)) for text in (found, truth))
    return 2 * (a & b).total() / max(a.total() + b.total(), 1)


def pairs(words: list[str]) -> Counter[tuple[str, str]]:
    return Counter(pairwise(words))


def cells_f1(found: str, rows: tuple[tuple[str, ...], ...]) -> float:
    """Cells with the one to their right, both whole."""
    lines = [line.split(" | ") for line in found.split("\n") if " | " in line]
    a = Counter(pair for line in lines for pair in pairwise(line))
    b = Counter(pair for row in rows for pair in pairwise(row))
    return 2 * (a & b).total() / max(a.total() + b.total(), 1)


def ours_of(data: bytes) -> str:
    return PdfParser().parse_with(data, "application/pdf", "made.pdf", unread).text


def unread(_: bytes, name: str) -> Parsed:
    raise Refused(f"{name!r} is a picture", reason="needs_ocr")


def engine_of(data: bytes) -> str:
    document = pdfium.PdfDocument(data)
    said = []
    for page in document:
        texts = page.get_textpage()
        said.append(BROKEN.sub("", texts.get_text_range()))
        texts.close()
        page.close()
    return "\n".join(said)


def speed(files: list[bytes]) -> dict[str, float]:
    pages = sum(len(pdfium.PdfDocument(data)) for data in files)
    ours, plain = (pages / seconds(work, files) for work in (ours_of, engine_of))
    return {
        "pages": pages, "pages_per_cpu_s": round(ours), "engine_pages_per_cpu_s": round(plain),
        "of_engine": round(ours / plain, 3),
    }  # fmt: skip


def seconds(work: Callable[[bytes], object], files: list[bytes]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for data in files:
            work(data)
        taken.append(time.process_time() - began)
    return min(taken)


def documents(rng: random.Random) -> dict[str, Made | None]:
    """Each layout with its text."""
    words = re.findall(r"[A-Za-z]{2,}", " ".join(page.read_text("utf-8") for page in sorted(JUDGED.glob("*.txt"))))
    texts = [sentence_run(rng, words) for _ in range(60)]
    table = [("Name", "Place", "Amount", "Note")]
    table += [
        (f"Item {n}", rng.choice(words), f"{rng.random():.3f}", " ".join(rng.choices(words, k=2))) for n in range(24)
    ]
    return {
        "columns, one after the other": columns(texts),
        "columns, line by line across": across(rng, words),
        "headers and footers": headed(texts),
        "article in Chromium": article(texts[:30]),
        "hyphenated columns in Chromium": article(texts[:30], NARROW),
        "table with rules": tabled(texts[:4], table, "td, th { border: 1px solid #888; padding: 4px }"),
        "table without rules": tabled(texts[:4], table, "td, th { padding: 4px 18px 4px 0; text-align: left }"),
        "accents and ligatures": printed([f"<p>{' '.join([ACCENTS] * 20)}</p>"], " ".join([ACCENTS] * 20)),
        "right to left": printed([f"<p dir='rtl'>{' '.join([HEBREW] * 20)}</p>"], " ".join([HEBREW] * 20)),
    }  # fmt: skip


def sentence_run(rng: random.Random, words: list[str]) -> str:
    return " ".join(f"{' '.join(rng.choices(words, k=rng.randint(6, 18))).capitalize()}." for _ in range(5))


def columns(texts: list[str]) -> Made:
    held, style = io.BytesIO(), getSampleStyleSheet()["Normal"]
    document = BaseDocTemplate(held)
    frames = [Frame(60, 60, 225, 700), Frame(310, 60, 225, 700)]
    document.addPageTemplates(PageTemplate(frames=frames))
    document.build([Paragraph(text, style) for text in texts])
    return Made(held.getvalue(), "\n".join(texts))


def across(rng: random.Random, words: list[str]) -> Made:
    """Two columns as some programs write them: the first line of both, then the second of both."""
    held, said = io.BytesIO(), []
    page = canvas.Canvas(held)
    for _ in range(3):
        page.setFont("Times-Roman", 10)
        left, right = ([filled(page, rng, words, 220) for _ in range(50)] for _ in range(2))
        for n, pair in enumerate(zip(left, right, strict=True)):
            page.drawString(60, 760 - n * 12, pair[0])
            page.drawString(310, 760 - n * 12, pair[1])
        page.showPage()
        said += [*left, *right]
    page.save()
    return Made(held.getvalue(), "\n".join(said))


def filled(page: canvas.Canvas, rng: random.Random, words: list[str], width: float) -> str:
    line = rng.choice(words)
    while page.stringWidth(longer := f"{line} {rng.choice(words)}") < width:
        line = longer
    return line


def headed(texts: list[str]) -> Made:
    """Pages that each bear a title above and a number below."""
    held, style = io.BytesIO(), getSampleStyleSheet()["Normal"]

    def edges(page: canvas.Canvas, document: BaseDocTemplate) -> None:
        page.drawString(60, 810, HEAD)
        page.drawString(280, 30, f"Page {document.page}")

    document = BaseDocTemplate(held)
    document.addPageTemplates(PageTemplate(frames=[Frame(60, 60, 475, 720)], onPage=edges))
    document.build([Paragraph(text, style) for text in texts * 2])
    return Made(held.getvalue(), "\n".join([*texts * 2, HEAD, "Page 1"]))


def article(texts: list[str], style: str = "columns: 2; column-gap: 24px") -> Made | None:
    body = "".join(f"<h2>Part {n // 5}</h2><p>{t}</p>" if n % 5 == 0 else f"<p>{t}</p>" for n, t in enumerate(texts))
    truth = "\n".join(f"Part {n // 5}\n{t}" if n % 5 == 0 else t for n, t in enumerate(texts))
    return printed([f"<h1>The whole article</h1><div style='{style}'>{body}</div>"], f"The whole article\n{truth}")


def tabled(texts: list[str], rows: list[tuple[str, ...]], style: str) -> Made | None:
    lines = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    paragraphs = [f"<p>{text}</p>" for text in texts]
    body = [f"<style>table {{ border-collapse: collapse }} {style}</style>", *paragraphs[:2], f"<table>{lines}</table>"]
    truth = "\n".join([*texts[:2], *(" ".join(row) for row in rows), *texts[2:]])
    made = printed([*body, *paragraphs[2:]], truth)
    return made and made._replace(rows=tuple(rows))


def printed(body: list[str], truth: str) -> Made | None:
    """As Chromium prints it."""
    browser = which("chromium") or which("chromium-browser") or which("google-chrome")
    if not browser:
        return None
    with tempfile.TemporaryDirectory() as folder:
        page, made = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(
            f"<!doctype html><html lang=en><meta charset=utf-8><body>{''.join(body)}</body></html>", "utf-8"
        )
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        subprocess.run([*command, f"--print-to-pdf={made}", page.as_uri()], capture_output=True, check=True, timeout=60)
        return Made(made.read_bytes(), truth)


if __name__ == "__main__":
    main()
