"""Take a picture of each page in light and dark, wide and narrow: `python tests/console/screenshots.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from thruline.testing.browsing import PAGES, SCHEMES, WIDTHS, chromium_page, serving
from thruline.testing.sample import SamplePlatform


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with serving(SamplePlatform()) as site, serving(SamplePlatform(empty=True)) as fresh:
        addresses = {name: site + path for name, path in PAGES.items()} | {"first-day": f"{fresh}/"}
        for scheme in SCHEMES:
            for width in WIDTHS:
                with chromium_page(width, scheme) as page:
                    for name, address in addresses.items():
                        page.goto(address, wait_until="networkidle")
                        page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
