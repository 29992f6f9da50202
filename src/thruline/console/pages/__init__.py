"""One file a page: which operations it reads."""

from thruline.console.pages.ask import ASK
from thruline.console.pages.data import DATA, RECORD
from thruline.console.pages.home import HOME
from thruline.console.pages.indexes import INDEXES
from thruline.console.pages.lineage import LINEAGE
from thruline.console.pages.matches import MATCHES
from thruline.console.pages.papers import PAPERS
from thruline.console.pages.runs import LOG, RUNS
from thruline.console.pages.source import SOURCE
from thruline.console.pages.touched import TOUCHED
from thruline.console.pages.why import WHY

PAGES = (HOME, ASK, WHY, DATA, SOURCE, RECORD, TOUCHED, MATCHES, LINEAGE, INDEXES, RUNS, LOG, PAPERS)

__all__ = ["PAGES"]
