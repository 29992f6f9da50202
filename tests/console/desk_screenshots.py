"""Pictures of a real home: `python tests/console/desk_screenshots.py HOME FOLDER`, HOME as `thruline demo` left it."""

from __future__ import annotations

import sys
from pathlib import Path

from thruline.app.platform import Platform
from thruline.demo import desk
from thruline.testing.browsing import SCHEMES, WIDTHS, chromium_page, serving


def main(home: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with Platform.open(home) as opened:
        platform = opened.acting(opened.operator, "console")
        answer = platform.vectors.ask(question=desk.QUESTION.question)
        kept_out = platform.data.documents(state="quarantined")[0]
        pages = {
            "home": "/", "ask": f"/ask?answer={answer.id}", "why": f"/why/{answer.id}?check=seal", "data": "/data",
            "record": f"/data/{kept_out.record}", "runs": "/runs",
        }  # fmt: skip
        with serving(platform) as site:
            for scheme in SCHEMES:
                for width in WIDTHS:
                    with chromium_page(width, scheme) as page:
                        for name, path in pages.items():
                            page.goto(site + path, wait_until="networkidle")
                            page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
