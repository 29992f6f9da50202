-- The chain. `body` is the event as canonical JSON; `hash` is SHA-256 of body, and body holds the previous hash.
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY,
  verb TEXT NOT NULL,
  run TEXT NOT NULL,
  body TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_by_verb ON events (verb, seq);
CREATE INDEX IF NOT EXISTS events_by_run ON events (run, seq) WHERE run <> '';

-- Projections of the chain, written with it and rebuilt from it: what exists, and what was made from what.
CREATE TABLE IF NOT EXISTS artifacts (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS edges (
  parent TEXT NOT NULL,
  child TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('from', 'via')),
  seq INTEGER NOT NULL,
  PRIMARY KEY (parent, child, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edges_by_child ON edges (child);

-- Erasable bytes, encrypted for their owner. `data` is empty where the bytes lie in the blob store.
CREATE TABLE IF NOT EXISTS payloads (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  data BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS payloads_by_owner ON payloads (owner);

-- only: sqlite
CREATE TRIGGER IF NOT EXISTS events_never_change BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS events_never_go BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- only: postgresql
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE OR REPLACE TRIGGER events_never_change BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER events_never_emptied BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
