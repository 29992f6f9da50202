"""Options that every kind of source takes; those of a kind of place stand with its origin."""

from __future__ import annotations

from collections.abc import Mapping

from thruline.data.fields import FIELDS
from thruline.data.patience import PATIENCE
from thruline.data.policies import POLICIES, PROMISE
from thruline.data.rights import RIGHTS

REFERENCE = "secret"  # names where a password stands
GENERAL: Mapping[str, str] = {**PATIENCE, **POLICIES, **RIGHTS, **FIELDS, **PROMISE}
REFERENCES: Mapping[str, str] = {REFERENCE: "where its password or key stands: `env:NAME` or `file:PATH`"}
