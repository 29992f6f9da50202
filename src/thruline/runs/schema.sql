-- What ran, how far it came and how it ended. The error text and the progress note may name things: payloads.
CREATE TABLE IF NOT EXISTS runs (
  id TEXT PRIMARY KEY,
  flow TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'lost')),
  actor TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  done INTEGER NOT NULL,
  total INTEGER NOT NULL,
  cancel INTEGER NOT NULL,
  error TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS runs_by_start ON runs (started);

-- What a run was for, by the id that no two runs of its flow may touch at once; absent where there is none.
CREATE TABLE IF NOT EXISTS run_subjects (
  run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  subject TEXT NOT NULL
) STRICT;

-- Who may commit under a name. The epoch grows with each holder; a commit under an older one is refused.
CREATE TABLE IF NOT EXISTS leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  until INTEGER NOT NULL,
  run TEXT NOT NULL
) STRICT;

-- Results of steps by (code, config, inputs); the value is a payload under the same key.
CREATE TABLE IF NOT EXISTS memo (
  key TEXT PRIMARY KEY,
  step TEXT NOT NULL,
  made INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS memo_inputs (
  input TEXT NOT NULL,
  key TEXT NOT NULL REFERENCES memo (key) ON DELETE CASCADE,
  PRIMARY KEY (input, key)
) STRICT;
CREATE INDEX IF NOT EXISTS memo_inputs_by_key ON memo_inputs (key);
