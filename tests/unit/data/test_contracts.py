"""What a contract file says, and what is said when it cannot be meant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from thruline.core.errors import Invalid, NotFound, Unsupported
from thruline.data.contract_files import from_toml, read_contract
from thruline.data.contract_to_odcs import to_odcs
from thruline.data.contracts import COLUMN_RULES, TABLE_RULES, Column, Contract, Fresh, Rule, Whole, rules

ROOT = Path(__file__).parents[3]
TOML = """
[contract]
name = "orders"
version = "1.2.0"
owner = "sales"
action = "block"

[columns.id]
type = "integer"
required = true
unique = true
min = 1

[columns.tenant]
type = "string"
min_length = 2
max_length = 8
pattern = "^[a-z]+$"
allowed = ["north", "south"]
pii = "forbidden"
languages = ["en", "de"]
references = "tenants.name"
actions = { pattern = "warn", present = "quarantine" }

[columns.placed]
type = "timestamp"
min = 2020-01-01T00:00:00Z
max = "2030-01-01T00:00:00+02:00"

[columns.day]
type = "date"
allowed = [2024-02-29]

[table]
min_rows = 1
max_rows = 1000
fresh = { column = "placed", within = "36h" }
extra_columns = "forbidden"
unique_together = [["tenant", "day"]]
actions = { fresh = "warn" }
"""
MEANT = Contract(
    name="orders",
    version="1.2.0",
    owner="sales",
    action="block",
    columns=(
        Column(name="id", type="integer", required=True, unique=True, min=1),
        Column(
            name="tenant",
            type="string",
            min_length=2,
            max_length=8,
            pattern="^[a-z]+$",
            allowed=("north", "south"),
            pii="forbidden",
            languages=("en", "de"),
            references="tenants.name",
            actions={"pattern": "warn", "present": "quarantine"},
        ),
        Column(
            name="placed",
            type="timestamp",
            min=datetime(2020, 1, 1, tzinfo=UTC),
            max=datetime(2029, 12, 31, 22, tzinfo=UTC),
        ),
        Column(name="day", type="date", allowed=(date(2024, 2, 29),)),
    ),
    table=Whole(
        min_rows=1,
        max_rows=1000,
        fresh=Fresh(column="placed", within_s=36 * 3600),
        extra_columns="forbidden",
        unique_together=(("tenant", "day"),),
        actions={"fresh": "warn"},
    ),
)
ODCS = """
apiVersion: v3.0.2
kind: DataContract
id: 53581432-6c55-4ba2-a65f-72344a91553a
name: seller_payments
version: 1.1.0
status: active
description:
  purpose: Payments to sellers.
team:
  - username: ceastwood
    role: Data Scientist
  - username: mhopper
    role: Owner
schema:
  - name: payments
    logicalType: object
    physicalType: table
    properties:
      - name: paid_at
        businessName: when it was paid
        logicalType: date
        physicalType: timestamptz
        classification: public
        examples: ["2022-10-03"]
      - name: reference
        primaryKey: true
        primaryKeyPosition: 1
        logicalType: string
        physicalType: varchar(18)
        logicalTypeOptions: {minLength: 3, pattern: "^P"}
      - name: currency
        logicalType: string
        quality:
          - rule: nullValues
            mustBe: 0
            severity: warning
          - metric: invalidValues
            arguments: {validValues: [EUR, USD]}
            mustBeLessThan: 1
            unit: rows
          - type: text
            description: The currency of the seller.
    quality:
      - type: library
        rule: rowCount
        mustBeBetween: [100, 120]
      - metric: duplicateValues
        mustBe: 0
        arguments: {properties: [reference, currency]}
slaProperties:
  - {property: latency, value: 4, unit: d, element: payments.paid_at}
  - {property: retention, value: 3, unit: y, element: payments.paid_at}
"""


def test_a_toml_contract_means_what_it_says() -> None:
    assert from_toml(TOML) == MEANT


def test_a_contract_written_as_odcs_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "orders.odcs.yaml").write_text(to_odcs(MEANT), "utf-8")
    assert read_contract(tmp_path / "orders.odcs.yaml") == MEANT


def test_an_odcs_contract_of_others_is_understood(tmp_path: Path) -> None:
    (tmp_path / "payments.yaml").write_text(ODCS, "utf-8")
    assert read_contract(tmp_path / "payments.yaml") == Contract(
        name="seller_payments",
        version="1.1.0",
        owner="mhopper",
        columns=(
            Column(name="paid_at", type="timestamp"),
            Column(name="reference", type="string", required=True, unique=True, min_length=3, pattern="^P"),
            Column(name="currency", type="string", required=True, allowed=("EUR", "USD"), actions={"required": "warn"}),
        ),
        table=Whole(
            min_rows=100,
            max_rows=120,
            fresh=Fresh(column="paid_at", within_s=4 * 86400),
            unique_together=(("reference", "currency"),),
        ),
    )


def test_each_rule_has_a_name_and_an_action() -> None:
    stated = {rule.label: rule.action for rule in rules(MEANT)}
    assert stated["id.unique"] == "block"
    assert stated["tenant.pattern"] == "warn"
    assert stated["tenant.present"] == "quarantine"
    assert stated["fresh"] == "warn"
    assert Rule(name="unique_together", columns=("tenant", "day"), action="block") in rules(MEANT)
    assert "unique_together(tenant, day)" in stated


@pytest.mark.parametrize(
    ("old", "new", "said", "hint"),
    [
        ("min = 1\n", "mni = 1\n", "orders.toml: columns.id has no 'mni' to set", "known: type, required, unique, min"),
        ("min = 1\n", 'min = "one"\n', "orders.toml: columns.id.min is 'one', not an integer", ""),
        ("min = 1\n", "min = 9223372036854775808\n", "columns.id.min is 9223372036854775808, not an integer", ""),
        ("min = 1\n", 'pattern = "x"\n', "orders.toml: columns.id.pattern does not fit the type 'integer'", "it takes"),
        ('"integer"', '"int"', "orders.toml: columns.id.type is 'int', not one of the known", "known: string, integer"),
        ('"36h"', '"soon"', "orders.toml: table.fresh.within is 'soon', not a duration", "write for example"),
        ('column = "placed"', 'column = "id"', "table.fresh.column is 'id', not one of", "known: placed, day"),
        ("min_rows = 1\n", "min_rows = 2000\n", "table.min_rows is 2000, not at most max_rows, 1000", ""),
        ("min_length = 2", "min_length = 9", "columns.tenant.min_length is 9, not at most max_length, 8", ""),
        ('fresh = "warn"', 'fesh = "warn"', "table.actions has no 'fesh' to set", "known: min_rows, max_rows, fresh"),
        (
            'pattern = "warn"',
            'pattern = "stop"',
            "columns.tenant.actions.pattern is 'stop'",
            "known: block, quarantine",
        ),
        ('pattern = "warn"', 'required = "warn"', "columns.tenant.actions has no 'required' to set", "known: present"),
        ('["tenant", "day"]', '["tenant"]', "table.unique_together is [['tenant']], not a list of lists", "tenant"),
        ('["tenant", "day"]', '["tenant", "dy"]', "table.unique_together is 'dy', not one of", "known: id, tenant"),
        ('"tenants.name"', '"tenants"', "columns.tenant.references is 'tenants', not a table and its column", ""),
        ("[2024-02-29]", "[]", "columns.day.allowed is [], not a list of one or more", ""),
        ('name = "orders"\n', "", "orders.toml: contract lacks 'name'", "known: name, version"),
        ('name = "orders"\n', "name = \n", "orders.toml: not TOML: Invalid value (at line 3", "Contract format"),
        ("[table]", "[tables]", "orders.toml: the contract has no 'tables' to set", "known: contract, columns, table"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_value(tmp_path: Path, old: str, new: str, said: str, hint: str) -> None:
    assert TOML.count(old) >= 1
    (tmp_path / "orders.toml").write_text(TOML.replace(old, new, 1), "utf-8")
    with pytest.raises(Invalid) as caught:
        read_contract(tmp_path / "orders.toml")
    assert said in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rule: nullValues", "rule: medianValue", "property 'currency': the rule 'medianValue' cannot be checked"),
        ("rule: rowCount", "rule: freshRows", "schema 'payments': the rule 'freshRows' cannot be checked"),
        ("type: text", "type: sql", "property 'currency': a quality rule of type 'sql' cannot be checked"),
        ("mustBeLessThan: 1\n", "mustBeLessThan: 5\n", "invalidValues with mustBeLessThan 5 cannot be checked"),
        ("unit: rows", "unit: percent", "invalidValues below 1 percent cannot be checked"),
        ("mustBeBetween: [100, 120]", "mustNotBe: 7", "rowCount with mustNotBe 7 cannot be checked"),
        ("minLength: 3", "multipleOf: 3", "logicalTypeOptions.multipleOf cannot be checked"),
        ("property: retention", "property: politeness", "slaProperties: the rule 'politeness' cannot be checked"),
        ("businessName", "relationships", "property 'paid_at': 'relationships' cannot be checked"),
    ],
)
def test_an_odcs_rule_that_nobody_can_check_is_refused_by_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "payments.yaml").write_text(ODCS.replace(old, new, 1), "utf-8")
    with pytest.raises(Unsupported) as caught:
        read_contract(tmp_path / "payments.yaml")
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("v3.0.2", "v2.2.0", "apiVersion 'v2.2.0' is no ODCS contract that is known"),
        ("unit: d,", "unit: fortnight,", "latency has the unit 'fortnight'"),
        ("{validValues: [EUR, USD]}", "{}", "invalidValues says nothing of what is valid"),
        ("rule: rowCount", "tags: []", "schema 'payments': a quality rule without a name"),
        ("schema:", "schema: [", "payments.yaml: not YAML"),
        ("logicalType: string", "logicalType: array", "columns.reference.type is 'array'"),
        ("latency, value: 4", "latency, value: four", "table.fresh.within is 'fourd', not a duration"),
    ],
)
def test_an_odcs_contract_that_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "payments.yaml").write_text(ODCS.replace(old, new, 1), "utf-8")
    with pytest.raises(Invalid) as caught:
        read_contract(tmp_path / "payments.yaml")
    assert said in caught.value.message


def test_one_of_several_schemas_is_chosen_by_name(tmp_path: Path) -> None:
    two = ODCS.replace("schema:\n", "schema:\n  - name: sellers\n    properties: [{name: id, logicalType: integer}]\n")
    (tmp_path / "two.yml").write_text(two, "utf-8")
    with pytest.raises(Invalid, match="which of its schemas") as caught:
        read_contract(tmp_path / "two.yml")
    assert caught.value.hint == "known: sellers, payments"
    assert read_contract(tmp_path / "two.yml", table="sellers").columns == (Column(name="id", type="integer"),)


def test_a_contract_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_contract(tmp_path / "none.toml")


def test_only_toml_and_yaml_are_contracts(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text("{}", "utf-8")
    with pytest.raises(Invalid, match=r"'orders.json' is no contract file"):
        read_contract(tmp_path / "orders.json")


def test_the_contract_on_the_how_to_page_is_the_one_that_it_runs() -> None:
    page = (ROOT / "docs" / "how-to" / "hold-a-table-to-a-contract.md").read_text("utf-8")
    shown = page.partition("```text\n")[2].partition("```")[0]
    assert shown == (ROOT / "tests" / "docs" / "desk" / "tables" / "orders.toml").read_text("utf-8")


def test_the_contract_on_the_reference_page_can_be_read() -> None:
    page = (ROOT / "docs" / "reference" / "contract-format.md").read_text("utf-8")
    read = from_toml(page.partition("```toml\n")[2].partition("```")[0])
    assert {rule.name for rule in rules(read)} > {"references", "pii", "fresh", "unique_together"}
    assert [rule for rule in (*COLUMN_RULES, *TABLE_RULES) if f"`{rule}" not in page] == []
