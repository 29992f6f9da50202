"""Pairs of sentences, judged by reading: those that cannot both be true, and those that can."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """Two sentences of two documents."""

    one: str
    other: str


DISAGREE = tuple(
    Pair(*pair)
    for pair in (
        ("A refund takes 5 days.", "A refund takes 7 days."),
        ("Backups are kept for 30 days.", "Backups are kept for ninety days."),
        ("The notice period is three months.", "The notice period is six weeks."),
        ("Employees get 28 days of paid leave a year.", "Employees get 30 days of paid leave a year."),
        ("The office opens at 9:00.", "The office opens at 8:30."),
        ("The library closes at six in the evening.", "The library closes at eight in the evening."),
        ("A ticket costs €12.", "A ticket costs €15."),
        ("The monthly fee for the gym is 40 EUR.", "The monthly fee for the gym is 45 EUR."),
        ("The contract ends on 2 May 2027.", "The contract ends on 2027-06-02."),
        ("The new plant was opened in 2019.", "The new plant was opened in 2021."),
        ("The VPN is needed to read mail.", "The VPN is not needed to read mail."),
        ("Contractors may enter the server room.", "Contractors may not enter the server room."),
        ("Guests can use the printer on the second floor.", "Guests cannot use the printer on the second floor."),
        ("Passwords expire after 90 days.", "Passwords never expire."),
        ("The upload limit is 10 MB.", "The upload limit is 25 MB."),
        ("Laptops are replaced every four years.", "Laptops are replaced every 3 years."),
        ("The travel allowance is 28 euros a day.", "The travel allowance is 32 euros a day."),
        ("Personal data is deleted after ten years.", "Personal data is deleted after six years."),
        ("The dose is 50 mg twice a day.", "The dose is 75 mg twice a day."),
        ("The server room is cooled to 19 degrees.", "The server room is cooled to 22 degrees."),
        ("Die Kündigungsfrist beträgt drei Monate.", "Die Kündigungsfrist beträgt sechs Monate."),
        ("Der Zugang ist ohne Ausweis erlaubt.", "Der Zugang ist ohne Ausweis nicht erlaubt."),
        ("Invoices are paid within 14 days.", "Invoices are paid within 30 days."),
        ("Delivery normally takes 5 working days.", "Delivery takes 7 days."),
        ("Visitors have to sign the list at the gate.", "At the gate, visitors do not have to sign the list."),
        ("Orders above 100 euros are shipped free.", "Orders above 150 euros are shipped free."),
    )
)
HARMLESS = tuple(
    Pair(*pair)
    for pair in (
        ("A refund takes 5 days.", "A refund takes five days."),
        ("A refund takes 5 days.", "A delivery takes 7 days."),
        ("The red lamp has 5 bulbs.", "The blue lamp has 7 bulbs."),
        ("The office in Berlin opens at 9:00.", "The office in Lyon opens at 8:30."),
        ("A refund takes at least 5 days.", "A refund takes 7 days."),
        ("Leave is 30 days for full-time staff.", "Leave is 15 days for part-time staff."),
        ("Version 4.2.1 fixes three bugs.", "Version 4.2.2 fixes five bugs."),
        ("Django 4.2 supports Python 3.8.", "Django 5.0 supports Python 3.10."),
        ("See page 12 for the list of rooms.", "See page 14 for the list of rooms."),
        ("The VPN is needed to read mail.", "The VPN is not needed to read the intranet in the office."),
        ("The door is open.", "If the alarm rings, the door is not open."),
        ("The contract ends on 2 May 2027.", "The contract ends on May 2, 2027."),
        ("The fee is 1,000 euros.", "The fee is 1000 euros."),
        ("The course has 12 places in spring.", "The course has 10 places in autumn."),
        ("Room 12 has a projector.", "Room 14 has a projector."),
        ("Guests cannot use the printer.", "Guests can use the printer only with a card."),
        ("Backups are kept for 30 days.", "Backups are kept for 30 days and are encrypted."),
        ("The first shift begins at 6.", "The second shift begins at 14."),
        ("In 2019 we had 40 customers.", "In 2021 we had 65 customers."),
        ("The service was not available on Monday.", "The service was available on Tuesday."),
        ("You do not have to restart the server.", "You have to restart the client."),
        ("Step 3 takes 10 minutes.", "Step 4 takes 20 minutes."),
        ("The limit is 10 MB for mail.", "The limit is 25 MB for uploads."),
        ("Children under 6 travel free.", "Children under 14 pay half."),
        ("Orders above 100 euros are shipped free.", "Orders above 100 euros are not insured."),
        ("The meeting takes two hours.", "The meeting takes 120 minutes."),
        ("Temperatures below 5 degrees stop the pump.", "Temperatures above 80 degrees stop the pump."),
        ("The kitchen is on the third floor.", "The kitchen was renovated three years ago."),
    )
)
