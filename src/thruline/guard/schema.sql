-- Users and keys. Names are payloads under the user's id; a secret is kept only as a digest.
CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY,
  name_digest TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('reader', 'writer', 'operator')),
  user_groups TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS api_keys (
  id TEXT PRIMARY KEY,
  public TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  digest BLOB NOT NULL,
  made INTEGER NOT NULL
) STRICT;

-- Kinds of personal data that the members of a group see; `everyone` without a row sees all.
CREATE TABLE IF NOT EXISTS clearances (
  member_of TEXT PRIMARY KEY,
  kinds TEXT NOT NULL
) STRICT;

-- One number that every change of users or keys raises: other processes look at it to drop what they remember.
CREATE TABLE IF NOT EXISTS access_version (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;
