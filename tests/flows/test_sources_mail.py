"""A mailbox as a source, through the public door: letters come, go, answer with their attachments, or are away."""

from __future__ import annotations

import io
import mailbox
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import docx
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, Unavailable
from thruline.flows.reports import SyncReport
from thruline.testing.mail_server import PASSWORD, MailServer, is_installed

VALVE = "The blue valve opens at nine in the morning and closes at noon."
PUMP = "The red pump runs at night, when power is cheap, and rests by day."
FAN = "The green fan turns whenever the oven is hotter than fifty degrees."


def mail(subject: str, text: str, attached: bytes = b"") -> bytes:
    message = EmailMessage()
    message["From"] = "Marit Oslovsen <marit.oslovsen@example.org>"
    message["Message-ID"] = f"<{subject}@example.org>"
    message["Date"] = "Sun, 01 Mar 2026 10:00:00 +0000"
    message["Subject"] = subject
    message.set_content(text)
    if attached:
        message.add_attachment(attached, maintype="application", subtype="octet-stream", filename="terms.docx")
    return message.as_bytes(policy=SMTP)


def letter_with_terms() -> bytes:
    file = io.BytesIO()
    terms = docx.Document()
    terms.add_paragraph("Payment is due within thirty days of the delivery.")
    terms.save(file)
    return mail("Terms", "Please see the attached terms.", file.getvalue())


class Box:
    """An mbox file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def put(self, *messages: bytes) -> None:
        with closing(mailbox.mbox(self.path, create=False)) as box:
            for message in messages:
                box.add(message.replace(b"\r\n", b"\n"))

    def delete(self, subject: str) -> None:
        with closing(mailbox.mbox(self.path, create=False)) as box:
            for key in [key for key, message in box.items() if message["Subject"] == subject]:
                box.remove(key)


@pytest.fixture
def box(home: Platform, tmp_path: Path) -> Box:
    box = Box(tmp_path / "office.mbox")
    home.data.add(path=f"mbox://{box.path}", name="mail", options=("tries=1",))
    return box


def sync(home: Platform) -> SyncReport:
    (report,) = home.data.sync(source="mail")
    assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    return report


def names_found(home: Platform, question: str) -> set[str]:
    """The subjects of the letters that answer."""
    return {p.path[11:-13] for p in home.vectors.search(question=question).passages}


def test_letters_come_and_go(home: Platform, box: Box) -> None:
    box.put(mail("Valve", VALVE), mail("Pump", PUMP))
    assert (sync(home).added, sync(home).unchanged) == (2, 2)
    assert names_found(home, "When does the blue valve open?") == {"Valve", "Pump"}
    box.delete("Valve")
    box.put(mail("Fan", FAN))
    report = sync(home)
    assert (report.added, report.changed, report.deleted, report.unchanged) == (1, 0, 1, 1)
    assert names_found(home, "blue valve") == {"Pump", "Fan"}


def test_attachments_answer(home: Platform, box: Box) -> None:
    box.put(letter_with_terms())
    assert sync(home).indexed == 1
    texts = [p.text for p in home.vectors.search(question="When is payment due?").passages]
    assert any("thirty days" in text for text in texts)


def test_nothing_is_deleted_while_the_box_is_away(home: Platform, box: Box) -> None:
    box.put(mail("Valve", VALVE))
    sync(home)
    box.path.rename(box.path.with_suffix(".away"))
    with pytest.raises(Unavailable):
        sync(home)
    assert names_found(home, "blue valve") == {"Valve"}


def test_a_box_that_lost_all_its_letters_is_not_believed_at_once(home: Platform, box: Box) -> None:
    box.put(*(mail(f"Letter {n}", f"{VALVE} {n}") for n in range(12)))
    sync(home)
    box.path.write_bytes(b"")
    with pytest.raises(Unavailable):
        sync(home)
    (report,) = home.data.sync(source="mail", allow_empty=True)
    assert report.deleted == 12


def test_one_bad_letter_does_not_stop_the_rest(home: Platform, box: Box) -> None:
    box.put(mail("Valve", VALVE), b"\r\n", b"\xff\xfe\x00 no header\r\n\r\n" + b"\x00" * 50, mail("Pump", PUMP))
    report = sync(home)
    assert report.indexed >= 2
    assert names_found(home, "blue valve") >= {"Valve", "Pump"}


def test_who_wrote_is_erased_with_all_letters_and_does_not_come_back(home: Platform, box: Box) -> None:
    box.put(mail("Valve", VALVE))
    sync(home)
    erased = home.data.erase(identifiers=("marit.oslovsen@example.org", "Marit Oslovsen"))
    assert erased.residue == 0
    assert [r.reason for r in sync(home).refused] == ["suppressed"]
    assert names_found(home, "blue valve") == set()


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.mark.skipif(not is_installed(), reason="pymap, the mail server of the tests, is not installed")
def test_letters_on_a_server_come_and_go_and_its_password_is_only_named(
    home: Platform, server: MailServer, tmp_path: Path
) -> None:
    (tmp_path / "word").write_text(PASSWORD, "utf-8")
    server.put("Office", mail("Valve", VALVE), letter_with_terms())
    home.data.add(
        path=server.url("Office"), name="mail", options=("tries=1",), secret=f"file:{tmp_path / 'word'}"
    )  # fmt: skip
    assert (sync(home).added, sync(home).unchanged) == (2, 2)
    server.delete("Office", "Valve")
    server.put("Office", mail("Fan", FAN))
    report = sync(home)
    assert (report.added, report.deleted, report.unchanged) == (1, 1, 1)
    assert names_found(home, "blue valve") == {"Fan", "Terms"}
    (tmp_path / "word").write_text("another", "utf-8")
    with pytest.raises(Denied):
        sync(home)
    assert names_found(home, "green fan") == {"Fan", "Terms"}


def test_what_cannot_be_meant_is_refused_when_it_is_added(home: Platform) -> None:
    with pytest.raises(Invalid, match="password"):
        home.data.add(path="imaps://ann@mail.example.org/INBOX")
    with pytest.raises(Invalid, match="open"):
        home.data.add(path="imap://ann@mail.example.org/INBOX", secret="env:MAIL")
