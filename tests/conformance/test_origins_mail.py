"""Mailboxes as sources: mbox files and a real IMAP server by the same measure, and what hostile mail may not do."""

from __future__ import annotations

import mailbox
import os
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.backends.mail_origin import MailOrigin
from thruline.backends.mail_origin.box import Met, message_name
from thruline.core.errors import Denied, Invalid, Refused, Unavailable
from thruline.ports.origin import Item
from thruline.testing.certificates import self_signed
from thruline.testing.mail_server import PASSWORD, MailServer, is_installed

LIMIT = 1_000_000
LOOK_S = 5.0


def mail(subject: str, text: str = "The valve opens at nine.", ident: str = "") -> bytes:
    message = EmailMessage()
    message["Message-ID"] = f"<{ident or subject.encode().hex() or 'none'}@example.test>"
    message["Date"] = "Sun, 01 Mar 2026 10:00:00 +0000"
    message["Subject"] = subject
    message.set_content(text)
    return message.as_bytes(policy=SMTP)


class MboxPlace:
    """A file of messages, written by the standard library."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "office box.mbox"
        self.path.touch()

    def put(self, *messages: bytes) -> None:
        with closing(mailbox.mbox(self.path, create=False)) as box:
            for message in messages:
                box.add(message.replace(b"\r\n", b"\n"))

    def delete(self, subject: str) -> None:
        with closing(mailbox.mbox(self.path, create=False)) as box:
            for key in [key for key, message in box.items() if message["Subject"] == subject]:
                box.remove(key)

    def origin(self) -> MailOrigin:
        return MailOrigin(f"mbox://{self.path}".replace(" ", "%20"))

    def away(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))


class ImapPlace:
    """A folder of a server."""

    def __init__(self, server: MailServer, folder: str) -> None:
        self.server, self.folder = server, folder
        self._url = server.url(folder)
        server.put(folder)

    def put(self, *messages: bytes) -> None:
        self.server.put(self.folder, *messages)

    def delete(self, subject: str) -> None:
        self.server.delete(self.folder, subject)

    def origin(self, password: str = PASSWORD) -> MailOrigin:
        return MailOrigin(self._url, {}, lambda: password)

    def away(self) -> None:
        self._url = self._url.replace(str(self.server.port), "1")


Place = MboxPlace | ImapPlace
NEEDS_SERVER = pytest.mark.skipif(not is_installed(), reason="pymap, the mail server of the tests, is not installed")


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def server(running: MailServer, request: pytest.FixtureRequest) -> ImapPlace:
    return ImapPlace(running, f"box{abs(hash(request.node.name))}")


@pytest.fixture
def mbox(tmp_path: Path) -> MboxPlace:
    return MboxPlace(tmp_path)


@pytest.fixture(params=["mbox", pytest.param("server", marks=NEEDS_SERVER)])
def place(request: pytest.FixtureRequest) -> Place:
    return request.getfixturevalue(request.param)


def listed(place: Place) -> dict[str, Item]:
    with closing(place.origin()) as origin:
        return {item.path: item for item in origin.list().items}


# What both promise


def test_a_look_tells_in_a_line_what_is_there(place: Place) -> None:
    place.put(mail("Valve", ident="1"), mail("Pump", ident="2"))
    with closing(place.origin()) as origin:
        said = origin.look(within_s=LOOK_S)
        assert said.startswith("mail of " if isinstance(place, MboxPlace) else "2 messages in ")
        assert len(origin.list().items) == 2


def test_a_look_at_a_mailbox_that_is_away_says_so_and_the_way_out(place: Place) -> None:
    place.put(mail("Valve"))
    place.away()
    with closing(place.origin()) as origin, pytest.raises(Unavailable) as away:
        origin.look(within_s=LOOK_S)
    assert away.value.hint


def test_a_look_at_a_file_that_is_no_mail_says_so(mbox: MboxPlace) -> None:
    mbox.path.write_text("Dear Sir,\n\nthis is a letter.\n")
    with closing(mbox.origin()) as origin, pytest.raises(Unavailable, match="no mbox file"):
        origin.look(within_s=LOOK_S)


@NEEDS_SERVER
def test_a_look_with_a_wrong_password_or_a_folder_that_is_not_there_says_so(server: ImapPlace) -> None:
    with closing(server.origin("wrong")) as origin, pytest.raises(Denied, match="does not let"):
        origin.look(within_s=LOOK_S)
    there = MailOrigin(server.server.url("Nowhere"), {}, lambda: PASSWORD)
    with closing(there) as origin, pytest.raises(Unavailable, match="no mail folder 'Nowhere'"):
        origin.look(within_s=LOOK_S)


def test_a_look_at_a_server_that_says_nothing_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"imap://ann@127.0.0.1:{silent.getsockname()[1]}/INBOX"
        began = time.monotonic()
        with closing(MailOrigin(url, {}, lambda: PASSWORD)) as origin, pytest.raises(Unavailable, match="in time"):
            origin.look(within_s=0.5)
    assert time.monotonic() - began < 5


def test_every_message_is_an_item_that_people_can_read(place: Place) -> None:
    place.put(mail("Valve", ident="1"), mail("Grüße / aus\tÖst", ident="2"))
    assert [path[:-13] for path in listed(place)] == ["2026-03-01 Valve", "2026-03-01 Grüße aus Öst"]
    assert all(path.endswith(".eml") for path in listed(place))


def test_what_is_read_is_the_message(place: Place) -> None:
    place.put(mail("Valve"), mail("Pump", "At night.\n\n\nFrom far away.\n\n"))
    with closing(place.origin()) as origin:
        read = {item.path: origin.read(item, limit=LIMIT) for item in origin.list().items}
        assert [reading.mark for reading in read.values()] == [item.mark for item in origin.list().items]
    (valve, pump) = (reading.data.replace(b"\r\n", b"\n") for reading in read.values())
    assert valve == mail("Valve").replace(b"\r\n", b"\n")
    assert b"At night." in pump
    assert b"From far away." in pump


def test_names_and_marks_stay_while_other_messages_come_and_go(place: Place) -> None:
    place.put(mail("Valve"), mail("Pump"), mail("Fan"))
    before = listed(place)
    place.delete("Valve")
    place.put(mail("Oven"))
    after = listed(place)
    assert {path.split()[1] for path in after} == {"Pump", "Fan", "Oven"}
    assert {path: item.mark for path, item in after.items() if path in before} == {
        path: item.mark for path, item in before.items() if path in after
    }


def test_the_same_message_twice_has_two_names(place: Place) -> None:
    place.put(mail("Valve"), mail("Valve"))
    first, second = listed(place)
    assert second == first.replace(".eml", " 2.eml")


def test_what_has_just_the_limit_is_read_and_one_byte_more_is_refused(place: Place) -> None:
    place.put(mail("Valve"))
    with closing(place.origin()) as origin:
        (item,) = origin.list().items
        assert len(origin.read(item, limit=item.size).data) == item.size
        with pytest.raises(Refused) as refused:
            origin.read(item, limit=item.size - 1)
    assert refused.value.reason == "too_large"


def test_a_box_that_is_away_is_unavailable_and_never_empty(place: Place) -> None:
    place.put(mail("Valve"))
    place.away()
    with closing(place.origin()) as origin, pytest.raises(Unavailable):
        origin.list()


def test_an_empty_box_lists_nothing(place: Place) -> None:
    assert listed(place) == {}


def test_threads_read_at_once(place: Place) -> None:
    place.put(*(mail(f"Letter {n}", f"Text {n}.") for n in range(25)))
    with closing(place.origin()) as origin, ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda item: origin.read(item, limit=LIMIT).data, origin.list().items))
    assert all(f"Text {n}.".encode() in data for n, data in enumerate(found))


def test_what_was_never_listed_is_unreadable_and_closing_twice_is_fine(place: Place) -> None:
    origin = place.origin()
    with pytest.raises(Refused) as refused:
        origin.read(Item("2026-03-01 Gone 12345678.eml", "1:2:3"), limit=LIMIT)
    assert refused.value.reason == "unreadable"
    origin.close()
    origin.close()


# Names


@settings(max_examples=300)
@given(head=st.binary(max_size=300), subject=st.text(max_size=200))
def test_no_header_breaks_a_path(head: bytes, subject: str) -> None:
    met = Met("", "mark", 1, b"Subject: " + subject.encode("utf-8", "replace") + b"\n" + head)
    name = f"{message_name(met)}.eml"
    assert len(name) <= 120
    assert name.isprintable() or all(c.isprintable() or not c.isascii() for c in name)
    assert not set(name) & set("/\\\n\r\0\u202e\u200b")
    assert name.encode()


@pytest.mark.parametrize(
    "subject",
    [
        "../../etc/passwd",
        "=?utf-8?b?Li4vLi4vYQ==?=",
        "=?no-such?q?x?=",
        "=?utf-8?q?=00=0A=0D=2F?=",
        "\u202etxt.exe",
        "",
    ],
)
def test_hostile_subjects_become_plain_words(subject: str) -> None:
    name = message_name(Met("", "m", 1, f"Subject: {subject}\n\n".encode()))
    assert name.startswith("undated ")
    assert not set(name) & set("/\\\n\r\0\u202e")


def test_a_date_that_no_calendar_has_leaves_a_message_undated() -> None:
    for date in ("yesterday", "Mon, 99 Foo 99999 99:99:99 +9999", "0", "Sun, 41 Mar 2026 10:00:00 +0000"):
        assert message_name(Met("", "m", 1, f"Date: {date}\n\n".encode())).startswith("undated ")


# Files


FROM = b"From ann@example.test Sun Mar  1 10:00:00 2026\n"


def test_a_sentence_that_begins_with_from_does_not_part_a_message(mbox: MboxPlace) -> None:
    mbox.path.write_bytes(FROM + b"Subject: One\n\nText.\n\nFrom here on it is easy.\n\n" + FROM + b"Subject: Two\n\n")
    assert len(listed(mbox)) == 2


def test_line_ends_of_windows_and_a_missing_last_one_are_fine(mbox: MboxPlace) -> None:
    mbox.path.write_bytes((FROM + b"Subject: One\n\nText.\n\n" + FROM + b"Subject: Two\n\nEnd").replace(b"\n", b"\r\n"))
    with closing(mbox.origin()) as origin:
        assert [origin.read(item, limit=LIMIT).data[-5:] for item in origin.list().items] == [b"xt.\r\n", b"\r\nEnd"]


@settings(max_examples=200)
@given(bodies=st.lists(st.binary(max_size=60).filter(lambda b: b"From " not in b), max_size=5))
def test_messages_are_parted_as_the_standard_library_parts_them(
    bodies: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("box") / "x.mbox"
    path.write_bytes(b"".join(FROM + b"Subject: x\n\n" + body + b"\n\n" for body in bodies))
    with closing(mailbox.mbox(path, create=False)) as box:
        theirs = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 - a box iterates over messages
    with closing(MailOrigin(f"mbox://{path}")) as origin:
        ours = [origin.read(item, limit=LIMIT).data for item in origin.list().items]
    assert [b.rstrip() for b in ours] == [b.rstrip() for b in theirs]


@pytest.mark.parametrize("size", [1 << 18, (1 << 18) - 1, (1 << 18) + 1, (1 << 18) + 5, 1 << 19])
def test_messages_that_begin_at_the_edge_of_what_is_read_at_once_are_found(mbox: MboxPlace, size: int) -> None:
    for shift in range(-8, 9):
        first = FROM + b"Subject: One\n\n"
        mbox.path.write_bytes(
            first + b"x" * (size - len(first) - 2 + shift) + b"\n\n" + FROM + b"Subject: Two\n\nEnd\n"
        )
        assert [path[8:12].strip() for path in listed(mbox)] == ["One", "Two"]


def test_a_message_that_moved_in_its_file_after_the_listing_is_read_again(mbox: MboxPlace) -> None:
    mbox.put(mail("Valve"), mail("Pump"))
    with closing(mbox.origin()) as origin:
        items = origin.list().items
        mbox.delete("Valve")
        with pytest.raises(Refused) as refused:
            origin.read(items[1], limit=LIMIT)
    assert refused.value.reason == "changed_while_read"


def test_a_file_is_never_held_as_a_whole(mbox: MboxPlace) -> None:
    with mbox.path.open("wb") as file:
        file.write(FROM + b"Subject: Big\n\n" + b"x" * 30_000_000 + b"\n\n" + FROM + b"Subject: Small\n\nText.\n")
    with closing(mbox.origin()) as origin:
        tracemalloc.start()
        try:
            big, small = origin.list().items
            with pytest.raises(Refused):
                origin.read(big, limit=LIMIT)
            assert tracemalloc.get_traced_memory()[1] < LIMIT
        finally:
            tracemalloc.stop()
        assert b"Text." in origin.read(small, limit=LIMIT).data


@pytest.mark.parametrize("content", [b"no mail at all\n", b"\x00" * 10_000, b"{}", b"no mail\n\n" + FROM])
def test_what_is_no_mailbox_is_unavailable(mbox: MboxPlace, content: bytes) -> None:
    mbox.path.write_bytes(content)
    with pytest.raises(Unavailable, match="mbox"):
        mbox.origin().list()


def test_a_pipe_is_not_waited_for(mbox: MboxPlace) -> None:
    mbox.path.unlink()
    os.mkfifo(mbox.path)
    with pytest.raises(Unavailable):
        mbox.origin().list()


# Servers


@NEEDS_SERVER
def test_a_wrong_password_is_denied(server: ImapPlace) -> None:
    server.put(mail("Valve"))
    with pytest.raises(Denied):
        server.origin("wrong").list()


@NEEDS_SERVER
def test_a_folder_that_is_not_there_is_unavailable(server: ImapPlace) -> None:
    with pytest.raises(Unavailable, match="Archive"):
        MailOrigin(server.server.url("Archive"), {}, lambda: PASSWORD).list()


@NEEDS_SERVER
def test_folders_of_every_alphabet_are_found(server: ImapPlace) -> None:
    server.server.put('"Entw&APw-rfe &- mehr"', mail("Valve"))
    with closing(MailOrigin(server.server.url("Entw%C3%BCrfe%20&%20mehr"), {}, lambda: PASSWORD)) as origin:
        assert len(origin.list().items) == 1


@NEEDS_SERVER
def test_reading_leaves_messages_unread(server: ImapPlace) -> None:
    server.put(mail("Valve"))
    with closing(server.origin()) as origin:
        origin.read(origin.list().items[0], limit=LIMIT)
    server.server.client.select(server.folder)
    assert server.server.client.search(None, "SEEN")[1] == [b""]


@NEEDS_SERVER
def test_more_messages_than_are_asked_for_at_once_are_all_listed(server: ImapPlace) -> None:
    server.put(mail("Valve"), mail("Pump"))
    server.server.client.select(server.folder)
    for _ in range(8):
        server.server.client.copy("1:*", server.folder)
        server.server.client.noop()
    assert len(listed(server)) == 512


@NEEDS_SERVER
def test_a_message_that_went_is_not_listed_and_the_others_are_read(server: ImapPlace) -> None:
    server.put(mail("Valve"), mail("Pump"))
    with closing(server.origin()) as origin:
        gone, _ = origin.list().items
        server.delete("Valve")
        (left,) = origin.list().items
        assert b"Pump" in origin.read(left, limit=LIMIT).data
        with pytest.raises(Refused) as refused:
            origin.read(gone, limit=LIMIT)
    assert refused.value.reason == "unreadable"


class Scripted:
    """A server that says what it was told to: answers by the command's first word after its tag."""

    def __init__(self, answers: dict[str, bytes], context: ssl.SSLContext | None = None) -> None:
        self._answers, self._context = answers, context
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def url(self, scheme: str = "imap") -> str:
        return f"{scheme}://ann@127.0.0.1:{self.port}/INBOX"

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._door.accept()
                with suppress(OSError), self._safe(line) as safe:
                    self._talk(safe)

    def _safe(self, line: socket.socket) -> socket.socket:
        return self._context.wrap_socket(line, server_side=True) if self._context else line

    def _talk(self, line: socket.socket) -> None:
        line.sendall(b"* OK ready\r\n")
        with line.makefile("rb") as lines:
            for said in lines:
                tag, _, command = said.partition(b" ")
                word = command.split()[0].decode().upper()
                line.sendall(self._answers.get(word, USUAL.get(word, b"TAG OK done\r\n")).replace(b"TAG", tag))
                if word == "LOGOUT":
                    return


USUAL = {
    "CAPABILITY": b"* CAPABILITY IMAP4REV1\r\nTAG OK done\r\n", "LOGOUT": b"* BYE\r\nTAG OK done\r\n",
    "EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\r\nTAG OK done\r\n",
    "FETCH": b"* 1 FETCH (UID 5 RFC822.SIZE 30 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: Valve\r\n)\r\nTAG OK done\r\n",
    "UID": b"* 1 FETCH (UID 5 BODY[]<0> {4}\r\nText)\r\nTAG OK done\r\n",
}  # fmt: skip


def asked(server: Scripted, limit: int = LIMIT) -> bytes:
    with closing(server), closing(MailOrigin(server.url(), {}, lambda: PASSWORD)) as origin:
        (item,) = origin.list().items
        return origin.read(item, limit=limit).data


def test_a_plain_server_is_understood() -> None:
    assert asked(Scripted({})) == b"Text"


def test_attributes_behind_the_text_and_flags_of_other_messages_are_understood() -> None:
    fetch = (
        b"* 9 FETCH (FLAGS (\\Seen) UID 99)\r\n"
        b"* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: Valve\r\n UID 5 RFC822.SIZE 30)\r\nTAG OK done\r\n"
    )
    text = b"* 9 FETCH (UID 9 FLAGS ())\r\n* 1 FETCH (BODY[]<0> {4}\r\nText UID 5)\r\nTAG OK done\r\n"
    assert asked(Scripted({"FETCH": fetch, "UID": text})) == b"Text"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"LOGIN": b"TAG NO [UNAVAILABLE] later\r\n"}, Unavailable), ({"LOGIN": b"TAG NO no\r\n"}, Denied),
        ({"LOGIN": b"* BYE\r\n"}, Unavailable), ({"EXAMINE": b"TAG NO no\r\n"}, Unavailable),
        ({"FETCH": b"TAG NO no\r\n"}, Unavailable), ({"FETCH": b"TAG BAD no\r\n"}, Unavailable),
        ({"FETCH": b"* 1 FETCH (UID 5 BODY[] {99999999999}\r\nx"}, Unavailable),
        ({"UID": b"* 1 FETCH (UID 5 BODY[] {5000000}\r\nx"}, Unavailable), ({"FETCH": b"\x00\xff nonsense\r\n"}, Unavailable),
        ({"UID": b"* 1 FETCH (UID 6 BODY[] {4}\r\nText)\r\nTAG OK done\r\n"}, Refused), ({"UID": b"TAG OK none\r\n"}, Refused),
        ({"UID": b"* 1 FETCH (UID 5 BODY[]<0> NIL)\r\nTAG OK done\r\n"}, Refused),
    ],
)  # fmt: skip
def test_what_servers_do_on_bad_days_is_told_by_its_error(answers: dict[str, bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        asked(Scripted(answers))


def test_a_server_that_sends_more_than_it_said_is_refused() -> None:
    big = b"* 1 FETCH (UID 5 BODY[]<0> {31}\r\n" + b"x" * 31 + b")\r\nTAG OK done\r\n"
    with pytest.raises(Refused) as refused:
        asked(Scripted({"UID": big}), limit=30)
    assert refused.value.reason == "too_large"


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return tmp_path / "certificate.pem"


@pytest.fixture
def safe(certificate: Path) -> Iterator[Scripted]:
    server = Scripted({}, self_signed(certificate))
    yield server
    server.close()


def test_a_server_whose_certificate_nobody_trusts_hears_no_password(safe: Scripted) -> None:
    with pytest.raises(Unavailable, match="certificate is not trusted"):
        MailOrigin(safe.url("imaps"), {}, lambda: PASSWORD).list()


def test_mail_is_read_over_tls_from_a_server_with_a_certificate_of_ones_own(safe: Scripted, certificate: Path) -> None:
    with closing(MailOrigin(safe.url("imaps"), {"ca": str(certificate)}, lambda: PASSWORD)) as origin:
        assert origin.read(origin.list().items[0], limit=LIMIT).data == b"Text"


def test_a_file_without_certificates_is_invalid(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.pem", tmp_path):
        with pytest.raises(Invalid, match="ca="):
            MailOrigin("imaps://ann@mail.test/", {"ca": str(path)}, lambda: PASSWORD)


# Places


@pytest.mark.parametrize(
    ("location", "secret"),
    [
        ("mbox://office.mbox", None), ("mbox:///", None), ("imaps://mail.test/INBOX", lambda: "x"),
        ("imaps://ann@mail.test/", None), ("imap://ann@mail.test/", lambda: "x"), ("imaps://ann%0a@mail.test/", lambda: "x"),
        ("imaps://ann@/INBOX", lambda: "x"), ("imaps://ann@mail.test/a%0d%0ab", lambda: "x"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_invalid(location: str, secret: Any) -> None:
    with pytest.raises(Invalid):
        MailOrigin(location, {}, secret)
