-- The queue. Commands, variables and folders may be personal: they lie in the payload store under the job's id.
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out', 'out_of_memory', 'lost')),
  cpus INTEGER NOT NULL,
  memory INTEGER NOT NULL,
  gpus INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  actor TEXT NOT NULL,
  run TEXT NOT NULL,
  queued INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  pool TEXT NOT NULL,
  worker TEXT NOT NULL,
  handle TEXT NOT NULL,
  cancel INTEGER NOT NULL,
  machine TEXT NOT NULL,
  exit_code INTEGER NOT NULL,
  cpu_seconds REAL NOT NULL,
  gpu_seconds REAL NOT NULL,
  peak_memory INTEGER NOT NULL,
  cost REAL NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, priority, queued);
