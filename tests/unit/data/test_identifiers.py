"""Every kind of number: found where its proof holds, left alone where the checksum or the words are missing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.data import checksums
from thruline.data.privacy import find_mentions

FOUND = [
    ("National Insurance no: AB 12 34 56 C", "national_id", "gb:AB123456C"),
    ("DNI 12345678Z", "national_id", "es:12345678Z"),
    ("NIE: X-1234567-L", "national_id", "es:X1234567L"),
    ("codice fiscale: RSSMRA85T10A562S", "national_id", "it:RSSMRA85T10A562S"),
    ("1 84 12 76 451 089 46 est son numéro", "national_id", "fr:184127645108946"),
    ("Haar BSN is 111222333.", "national_id", "nl:111222333"),
    ("PESEL: 44051401359", "national_id", "pl:44051401359"),
    ("personnummer 811228-9874", "national_id", "se:8112289874"),
    ("Steuer-ID: 86 095 742 719", "tax_id", "de:86095742719"),
    ("NIP 123-456-32-18", "tax_id", "pl:1234563218"),
    ("ITIN 912-70-1234", "tax_id", "us:912701234"),
    ("EIN: 12-3456789", "tax_id", "us:123456789"),
    ("Passport No. (US): 123456789", "passport", "123456789"),
    ("Reisepass C01X00T47", "passport", "C01X00T47"),
    ("L898902C36UTO7408122F1204159ZE184226B<<<<<10", "passport", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"),
    ("Driver's license number: D123-4567-8901", "licence", "D12345678901"),
    ("number plate AB12 CDE", "plate", "AB12CDE"),
    ("Kennzeichen: B-MW 1234", "plate", "BMW1234"),
    ("NHS number 943 476 5919", "health_id", "gb:9434765919"),
    ("KVNR A123456780", "health_id", "de:A123456780"),
    ("MRN: 00123456", "health_id", "00123456"),
    ("USt-IdNr.: DE136695976", "vat", "DE136695976"),
    ("BIC: DEUTDEFF500", "bic", "DEUTDEFF500"),
    ("sort code 20-00-00", "account", "gb:200000"),
    ("account number 12345678", "account", "12345678"),
    ("routing number 021000021", "account", "us:021000021"),
    ("IMEI 490154203237518", "imei", "490154203237518"),
    ("btc 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "wallet", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("0x52908400098527886E0F7030069857D2E4169EE7", "wallet", "0x52908400098527886e0f7030069857d2e4169ee7"),
    ("device 00:1B:44:11:3A:B7", "mac", "001b44113ab7"),
    ("postgres://anna:h4llo@db.firma.de/x", "url", "postgres://anna:h4llo@db.firma.de/x"),
    ("key AKIAQ3EGWZ6TRXPJ4MND here", "secret", "AKIAQ3EGWZ6TRXPJ4MND"),
    ("my password is Tr0ub4dor&3.", "secret", "Tr0ub4dor&3"),
    ("Date of birth: 12 March 1980", "birth_date", "12 march 1980"),
    ("geboren am 3.4.1975 in Ulm", "birth_date", "3.4.1975"),
    ("a 34-year-old man", "age", "34"),
    ("she is aged 61", "age", "61"),
    ("Nationality: Portuguese", "origin", "portuguese"),
    ("Springfield, IL 62704", "postcode", "springfield, il 62704"),
    ("postcode: SW1A 2AA", "postcode", "sw1a 2aa"),
    ("48.2082° N, 16.3738° E", "geo", "48.2082° n, 16.3738° e"),
    ("GPS: 48.20821, 16.37381", "geo", "48.20821, 16.37381"),
    ("He lives at 12 Baker Street", "address", "12 baker street"),
    ("Hauptstraße 5, 10115 Berlin", "address", "hauptstrasse 5, 10115 berlin"),
    ("10 rue de la Paix, 75002 Paris", "address", "10 rue de la paix, 75002 paris"),
    ("P.O. Box 1234", "address", "p.o. box 1234"),
    ("USNS Halvorsen\nFPO AA 34091", "address", "usns halvorsen fpo aa 34091"),
    ("12 Baker Street, Leeds, England", "address", "12 baker street, leeds, england"),
    ("4120 Calvo Sotelo 7\nApt. 12\nLugo\nSpain", "address", "4120 calvo sotelo 7 apt. 12 lugo spain"),
    ("Petőfi út 13. Suite 104", "address", "petőfi út 13. suite 104"),
    ("Flat 3, 12 Baker Street", "address", "flat 3, 12 baker street"),
]
LEFT_ALONE = [
    "it may 3 times, version 1.2.3, ratio 12/14, 10:30",
    "In 1971 the sequence began",
    "run main.py, read notes.md, host db.example.com, http://localhost:8080/x",
    "NHS number 9434765918",
    "DNI 12345678A",
    "PESEL 44051401358",
    "IMEI 490154203237519",
    "routing number 021000022",
    "passport required in 2026",
    "the SWIFT language and its BIC counterpart",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "0x0000000000000000000000000000000000000000",
    "ff:ff:ff:ff:ff:ff",
    "postgres://user:password@localhost/db",
    "password = get_password(user)",
    'password: "********"',
    "a 3 year plan, page 34, aged 30 days",
    "the birthday paradox needs 23 people",
    "position 1.5, 2.5 of the array",
    "Section 5 of the Street guide",
    "During 1984, Katie 5, Spring 2024",
    "We moved 3 Windows Servers 2019 and return 12 Items 5",
]


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_what_is_proved_is_found_and_normalised(text, kind, value):
    assert [(m.kind, m.value) for m in find_mentions(text) if m.score >= 0.5] == [(kind, value)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("seen on 2007-01-17 23:08:55, it said", "date", "2007-01-17 23:08:55"),
        ("since 12/1/1981", "date", "12/1/1981"),
        ("on 3 March we met", "date", "3 march"),
        ("On March 3rd, 2005 at 3:15 pm she fell", "date", "march 3rd, 2005 at 3:15 pm"),
        ("am 4. Oktober 2021 in Ulm", "date", "4. oktober 2021"),
        ("see https://www.UEarly.se/", "web", "https://www.uearly.se/"),
        ("(www.ottilies-laden.de/konto?id=7)", "web", "www.ottilies-laden.de/konto?id=7"),
        ("her shop, fjord-lamps.com, is shut", "web", "fjord-lamps.com"),
    ],
)
def test_what_tells_of_somebody_only_beside_other_words_is_worth_a_mask_and_no_link(text, kind, value):
    assert [(m.kind, m.value, m.score) for m in find_mentions(text)] == [(kind, value, 0.4)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("She lives at 33 Golfvegen 78 Nord 2", "33 golfvegen 78"),
        ("the address is 10 Downing 5", "10 downing 5"),
        ("wait at the corner of King Street 5 and Mill Lane", "the corner of king street 5 and mill lane"),
    ],
)
def test_a_street_that_only_the_words_before_it_give_away_is_worth_a_mask(text, value):
    found = [m for m in find_mentions(text) if m.score >= 0.3]
    assert [(m.kind, m.value) for m in found] == [("address", value)]


def test_one_persons_street_is_not_joined_to_the_next_ones():
    found = find_mentions("12 Baker Street\n14 Mill Road\nFlat 2\n")
    assert [m.value for m in found] == ["12 baker street", "14 mill road flat 2"]


def test_a_text_of_nothing_but_streets_and_flats_is_read_in_one_go():
    for hostile in (
        "Apt. 1 " * 15_000,
        "1 Ab " * 20_000,
        "12 Baker Street" + ", Ab" * 25_000,
        "Ab Cd 1 Ef Flat 5 " * 6_000,
    ):
        began = time.process_time()
        find_mentions(hostile)
        assert time.process_time() - began < 10


def test_a_hundred_thousand_beginnings_of_a_host_are_read_in_one_go():
    for hostile in ("a-" * 50_000 + "_.com", "_a.com " * 20_000, "1." * 50_000 + "com", "www." * 30_000):
        began = time.process_time()
        find_mentions(hostile)
        assert time.process_time() - began < 5


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_not_proved_is_left_alone(text):
    assert [m for m in find_mentions(text) if m.score >= 0.3] == []


@pytest.mark.parametrize(
    ("proof", "number"),
    [
        (checksums.is_nhs, "9434765919"),
        (checksums.is_steuer_id, "86095742719"),
        (checksums.is_german_vat, "136695976"),
        (checksums.is_bsn, "111222333"),
        (checksums.is_pesel, "44051401359"),
        (checksums.is_nip, "1234563218"),
        (checksums.is_personnummer, "8112289874"),
        (checksums.is_routing, "021000021"),
        (checksums.is_imei, "490154203237518"),
    ],
)
@given(place=st.integers(0, 9), change=st.integers(1, 9))
def test_one_wrong_digit_is_noticed(proof, number, place, change):
    place %= len(number)
    wrong = f"{number[:place]}{(int(number[place]) + change) % 10}{number[place + 1 :]}"
    assert proof(number)
    assert not proof(wrong)
