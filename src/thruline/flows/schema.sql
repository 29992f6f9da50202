-- Answers in the order they were given; what was asked and said is the payload under the same id.
CREATE TABLE IF NOT EXISTS answers (
  id TEXT PRIMARY KEY,
  asker TEXT NOT NULL,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_by_time ON answers (at);

-- How far each destination has been told, by the number of the last event. failed: attempts in a row without success.
CREATE TABLE IF NOT EXISTS outbox (
  destination TEXT PRIMARY KEY,
  upto INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  since INTEGER NOT NULL,
  again INTEGER NOT NULL,
  status INTEGER NOT NULL
) STRICT;

-- What was measured of an index before a plan was taken: the payload under id. seq: of the verdict on the ledger.
CREATE TABLE IF NOT EXISTS index_tunings (
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (name, seq)
) STRICT, WITHOUT ROWID;

-- Searches of a plan in use that were done again exactly: sums alone, no question. plan_seq: of the plan's event, 0 for
-- the first. log_wealth: of a bet that recall is below the goal; alarmed: when it was won, 0 before.
CREATE TABLE IF NOT EXISTS recall_audits (
  name TEXT NOT NULL,
  plan_seq INTEGER NOT NULL,
  since INTEGER NOT NULL,
  queries INTEGER NOT NULL,
  wanted INTEGER NOT NULL,
  found INTEGER NOT NULL,
  squares REAL NOT NULL,
  mean REAL NOT NULL,
  variance REAL NOT NULL,
  log_wealth REAL NOT NULL,
  alarmed INTEGER NOT NULL,
  PRIMARY KEY (name, plan_seq)
) STRICT, WITHOUT ROWID;

-- Searches in the order they were served; what was asked is the payload under the same id. share: of the passages that
-- were looked through. plan_seq: of the event of the plan in force.
CREATE TABLE IF NOT EXISTS searches (
  id TEXT PRIMARY KEY,
  asker TEXT NOT NULL,
  at INTEGER NOT NULL,
  share REAL NOT NULL,
  plan_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS searches_by_time ON searches (at);
