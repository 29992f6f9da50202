-- Models on the shelf. The bytes lie in the payloads under the model's id; `report` holds numbers only.
CREATE TABLE IF NOT EXISTS models (
  id TEXT PRIMARY KEY,
  dataset TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  public_key BLOB NOT NULL,
  signature BLOB NOT NULL,
  report TEXT NOT NULL,
  made INTEGER NOT NULL
) STRICT;

-- What models are for; one without a row here is a detector.
CREATE TABLE IF NOT EXISTS model_roles (
  model TEXT PRIMARY KEY,
  role TEXT NOT NULL
) STRICT;

-- What rules said about artifacts, in the order of the chain.
CREATE TABLE IF NOT EXISTS verdicts (
  seq INTEGER PRIMARY KEY,
  artifact TEXT NOT NULL,
  rule TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'warned')),
  score REAL NOT NULL,
  threshold REAL NOT NULL,
  low REAL NOT NULL,
  high REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS verdicts_by_artifact ON verdicts (artifact, seq);

-- Every change of what serves, in the order of the chain; nothing is overwritten.
CREATE TABLE IF NOT EXISTS deployments (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  role TEXT NOT NULL,
  model TEXT NOT NULL,
  why TEXT NOT NULL CHECK (why IN ('promoted', 'rolled_back', 'erased')),
  forced INTEGER NOT NULL,
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS deployments_by_role ON deployments (role, seq);

-- The shards of each model; their bytes lie in the payloads under the shard's id, once for all models that share one.
CREATE TABLE IF NOT EXISTS model_shards (
  model TEXT NOT NULL,
  number INTEGER NOT NULL,
  shard TEXT NOT NULL,
  PRIMARY KEY (model, number)
) STRICT;

-- What making a model took: seconds of one shard, and of all else.
CREATE TABLE IF NOT EXISTS makings (
  model TEXT PRIMARY KEY,
  seed INTEGER NOT NULL,
  shard_s REAL NOT NULL,
  rest_s REAL NOT NULL
) STRICT;

-- Models that an erasure took out of service, and what became of making them anew; `plan` holds ids and numbers only.
CREATE TABLE IF NOT EXISTS rebuilds (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'serves', 'refused', 'failed', 'superseded')),
  plan TEXT NOT NULL,
  made INTEGER NOT NULL,
  receipt TEXT NOT NULL
) STRICT;
