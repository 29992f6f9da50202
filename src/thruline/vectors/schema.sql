-- What an index is made of. Ids and numbers only: the vectors themselves are payloads. `embedder` is its digest and,
-- after a blank, how the documents were cut, where that is not as they were when they came in (vectors/recipes.py).
CREATE TABLE IF NOT EXISTS vector_sets (
  id TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  embedder TEXT NOT NULL,
  chunks INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS vector_sets_by_record ON vector_sets (record);
-- Of one embedder but while an index moves: every change asks whether there is another.
CREATE INDEX IF NOT EXISTS vector_sets_by_embedder ON vector_sets (embedder);

CREATE TABLE IF NOT EXISTS segment_members (
  segment TEXT NOT NULL,
  vectors TEXT NOT NULL,
  PRIMARY KEY (segment, vectors)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS generations (
  id TEXT PRIMARY KEY,
  embedder TEXT NOT NULL,
  segments INTEGER NOT NULL,
  chunks INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS generation_members (
  generation TEXT NOT NULL,
  segment TEXT NOT NULL,
  PRIMARY KEY (generation, segment)
) STRICT, WITHOUT ROWID;

-- Which generation served when; the last row of an index serves now. seq is the ledger's.
CREATE TABLE IF NOT EXISTS index_switches (
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  generation TEXT NOT NULL,
  why TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (name, seq)
) STRICT, WITHOUT ROWID;

-- Names that people gave to generations.
CREATE TABLE IF NOT EXISTS index_tags (
  name TEXT NOT NULL,
  tag TEXT NOT NULL,
  generation TEXT NOT NULL,
  PRIMARY KEY (name, tag)
) STRICT, WITHOUT ROWID;

-- Which engine serves an index, and how; the last row of an index is in force. plan: JSON. seq is the ledger's.
CREATE TABLE IF NOT EXISTS index_plans (
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  plan TEXT NOT NULL,
  why TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (name, seq)
) STRICT, WITHOUT ROWID;

-- How rankings are joined, and from where on there is an answer; the last row of each is in force. value: JSON, empty
-- for what a home begins with. seq is the ledger's.
CREATE TABLE IF NOT EXISTS index_choices (
  what TEXT NOT NULL,
  seq INTEGER NOT NULL,
  value TEXT NOT NULL,
  why TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (what, seq)
) STRICT, WITHOUT ROWID;

-- Templates that a language model is asked by; the text is the payload of the same id.
CREATE TABLE IF NOT EXISTS prompts (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT;

-- Which template was in force when. seq is the ledger's.
CREATE TABLE IF NOT EXISTS prompt_uses (
  seq INTEGER PRIMARY KEY,
  prompt TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;

-- What an index is moving to; no row while it is not.
CREATE TABLE IF NOT EXISTS index_changes (
  name TEXT PRIMARY KEY,
  embedder TEXT NOT NULL
) STRICT;
