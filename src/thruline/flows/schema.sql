-- Answers in the order they were given; what was asked and said is the payload under the same id.
CREATE TABLE IF NOT EXISTS answers (
  id TEXT PRIMARY KEY,
  asker TEXT NOT NULL,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_by_time ON answers (at);
