-- Where records come from and who may see them.
CREATE TABLE IF NOT EXISTS sources (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  location TEXT NOT NULL,
  groups TEXT NOT NULL,
  options TEXT NOT NULL,
  synced INTEGER NOT NULL
) STRICT;

-- When a sync met something new at a source.
CREATE TABLE IF NOT EXISTS news (
  source TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS news_by_source ON news (source, at);

-- What is out of answers and waits for a person: a record, or the path of a file that was refused. `owner` is the user
-- who is to decide; `decision` stays while a record exists, so that no rule overrules a person.
CREATE TABLE IF NOT EXISTS desk (
  artifact TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  since INTEGER NOT NULL,
  owner TEXT NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('', 'kept', 'released'))
) STRICT;

-- A path of a source and the record that it held at the last sync. The path itself is the payload `path`. `mark` is
-- what the place said of its content then: '' to look anew, '~' to read again.
CREATE TABLE IF NOT EXISTS entries (
  source TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  record TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  mark TEXT NOT NULL,
  refused TEXT NOT NULL,
  PRIMARY KEY (source, path)
) STRICT;
CREATE INDEX IF NOT EXISTS entries_by_record ON entries (record);
-- Few are refused, and every sync counts them.
CREATE INDEX IF NOT EXISTS entries_refused ON entries (source, refused) WHERE refused <> '';

-- Who may read what a path holds, where its place says so: a JSON list of clauses, each a list of keyed digests of
-- groups of which one is needed.
CREATE TABLE IF NOT EXISTS item_rights (
  source TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  who TEXT NOT NULL,
  PRIMARY KEY (source, path)
) STRICT;
CREATE INDEX IF NOT EXISTS item_rights_by_who ON item_rights (who);

-- One number that every change of who may read a record raises: processes look at it to read the rights again.
CREATE TABLE IF NOT EXISTS item_rights_version (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;

-- Record versions. `vectors` is the set made of them; `canonical` another record that says the same; `path` the id of
-- the path that held it last. A reason other than `none` stays when the version is superseded or deleted.
CREATE TABLE IF NOT EXISTS records (
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('live', 'quarantined', 'superseded', 'deleted')),
  reason TEXT NOT NULL,
  document TEXT NOT NULL,
  vectors TEXT NOT NULL,
  owner TEXT NOT NULL,
  canonical TEXT NOT NULL,
  chunks INTEGER NOT NULL,
  size INTEGER NOT NULL,
  risk REAL NOT NULL,
  seen INTEGER NOT NULL,
  path TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS records_by_source ON records (source, state);
CREATE INDEX IF NOT EXISTS records_by_path ON records (path);
-- Only of repetitions: over all, a search for near-duplicates would begin with every record that is none.
CREATE INDEX IF NOT EXISTS records_repeating ON records (canonical) WHERE canonical <> '';
-- Few are out of answers: an erasure asks which without reading all.
CREATE INDEX IF NOT EXISTS records_by_reason ON records (reason) WHERE reason <> 'none';

CREATE TABLE IF NOT EXISTS chunks (
  id TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS chunks_by_record ON chunks (record, position);

-- What a record is by every way in which it was cut, once there is more than one; `cut` is '' for the one that the
-- settings gave when it came in. Chunks of that one are in `chunks`.
CREATE TABLE IF NOT EXISTS cuts (
  record TEXT NOT NULL,
  cut TEXT NOT NULL,
  document TEXT NOT NULL,
  chunks INTEGER NOT NULL,
  PRIMARY KEY (record, cut)
) STRICT;
CREATE TABLE IF NOT EXISTS cut_chunks (
  id TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  cut TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS cut_chunks_by_record ON cut_chunks (record, cut, position);

-- Bands of MinHash signatures: records that share one may be near-duplicates.
CREATE TABLE IF NOT EXISTS bands (
  band TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (band, record)
) STRICT;
CREATE INDEX IF NOT EXISTS bands_by_record ON bands (record);

-- Records that say what an earlier one says in other words, by their vectors; gone with either.
CREATE TABLE IF NOT EXISTS alike (
  record TEXT PRIMARY KEY,
  canonical TEXT NOT NULL,
  similarity REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS alike_by_canonical ON alike (canonical);

-- What each record says, as a keyed digest of its words: records that share one say the same.
CREATE TABLE IF NOT EXISTS texts (
  record TEXT PRIMARY KEY,
  digest TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS texts_by_digest ON texts (digest);

-- Which language most of a record is in, '' where nothing tells; `document` is what it was read from.
CREATE TABLE IF NOT EXISTS languages (
  record TEXT PRIMARY KEY,
  document TEXT NOT NULL,
  language TEXT NOT NULL
) STRICT;

-- A sketch of each record's words: which surely do not stand in it. Keyed, and gone with the record.
CREATE TABLE IF NOT EXISTS sketches (
  record TEXT PRIMARY KEY,
  bits BLOB NOT NULL
) STRICT;

-- Words that an operator took out of answers, as such digests: they come in quarantined, whatever holds them.
CREATE TABLE IF NOT EXISTS held (
  digest TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT;

-- People, as random pseudonyms, by keyed digests of what identifies them. The values are nowhere.
CREATE TABLE IF NOT EXISTS identifiers (
  digest TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS identifiers_by_subject ON identifiers (subject);
CREATE TABLE IF NOT EXISTS links (
  subject TEXT NOT NULL,
  artifact TEXT NOT NULL,
  how TEXT NOT NULL,
  score REAL NOT NULL,
  PRIMARY KEY (subject, artifact, how)
) STRICT;
CREATE INDEX IF NOT EXISTS links_by_artifact ON links (artifact);

-- Identifiers of people who were erased: what mentions them does not come in again.
CREATE TABLE IF NOT EXISTS suppressed (
  digest TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT;

-- What they were called, as keyed digests of so many words in a row.
CREATE TABLE IF NOT EXISTS suppressed_words (
  digest TEXT PRIMARY KEY,
  words INTEGER NOT NULL
) STRICT;

-- What people said of the use of their data, by pseudonym; the evidence is the payload of the same id. A later row of
-- the same person and purpose replaces an earlier one.
CREATE TABLE IF NOT EXISTS consents (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  purpose TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('given', 'withdrawn')),
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS consents_by_purpose ON consents (purpose, subject);

-- Until when a consent stands, where that was said.
CREATE TABLE IF NOT EXISTS consent_ends (
  id TEXT PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT;

-- Objections, and how they ended: `lifted` by the person, `overruled` for a reason that is the payload `id`.
CREATE TABLE IF NOT EXISTS objections (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  purpose TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('objected', 'lifted', 'overruled')),
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS objections_by_purpose ON objections (purpose, subject);

-- The legal basis that holds for somebody instead of the source's: in one source, or in all where it is ''. A basis of
-- '' is the source's again; the last word holds.
CREATE TABLE IF NOT EXISTS own_bases (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  source TEXT NOT NULL,
  basis TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS own_bases_by_subject ON own_bases (subject);

-- One number that every change of who is met in which record, or of what they said, raises: what may be used for a
-- purpose is worked out once for each.
CREATE TABLE IF NOT EXISTS said_version (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;

-- What stands for somebody in a text, by a keyed digest of whom. What it means is the payload `entry`, under a key of
-- its own: without it the token is a random word. `token` is as `shown`, letters and digits alone.
CREATE TABLE IF NOT EXISTS tokens (
  digest TEXT PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  shown TEXT NOT NULL,
  entry TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS token_uses (
  token TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (token, record)
) STRICT;
CREATE INDEX IF NOT EXISTS token_uses_by_record ON token_uses (record);

-- Where somebody like this may be told of: keyed digests of a surname and an initial, of a number. Gone with the record.
CREATE TABLE IF NOT EXISTS kin (
  key TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (key, record)
) STRICT;
CREATE INDEX IF NOT EXISTS kin_by_record ON kin (record);

-- How much may be told in aggregates of a place, and how much was, in parts of epsilon and delta. `place` is a keyed
-- digest of where sources read from: a source that is removed and added again goes on with what is left.
CREATE TABLE IF NOT EXISTS budgets (
  place TEXT PRIMARY KEY,
  epsilon INTEGER NOT NULL,
  delta INTEGER NOT NULL,
  spent_epsilon INTEGER NOT NULL,
  spent_delta INTEGER NOT NULL
) STRICT;

-- What was told; the numbers are the payload of the same id. `asked` is a keyed digest of the question and the rows.
CREATE TABLE IF NOT EXISTS aggregates (
  id TEXT PRIMARY KEY,
  place TEXT NOT NULL REFERENCES budgets (place),
  asked TEXT NOT NULL,
  epsilon INTEGER NOT NULL,
  delta INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS aggregates_by_place ON aggregates (place, at);
CREATE INDEX IF NOT EXISTS aggregates_by_asked ON aggregates (asked);

-- How the documents of a source scored as they came in, as counts of values by score, in blocks: numbers of many, of no
-- one document. `seen`: whether a look compared it with those before.
CREATE TABLE IF NOT EXISTS score_blocks (
  source TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  run TEXT NOT NULL,
  since INTEGER NOT NULL,
  documents INTEGER NOT NULL,
  counts BLOB NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (source, number)
) STRICT;

-- Scores of a source that have moved and are not back: from which block, and how far.
CREATE TABLE IF NOT EXISTS score_moves (
  source TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  score TEXT NOT NULL,
  block INTEGER NOT NULL,
  since INTEGER NOT NULL,
  items INTEGER NOT NULL,
  distance REAL NOT NULL,
  was REAL NOT NULL,
  now REAL NOT NULL,
  language TEXT NOT NULL,
  PRIMARY KEY (source, score)
) STRICT;

-- How hurtful a judge of the operator's found each record, in [0, 1]; `judge` is a keyed digest of which.
CREATE TABLE IF NOT EXISTS judgements (
  record TEXT PRIMARY KEY,
  judge TEXT NOT NULL,
  toxicity REAL NOT NULL
) STRICT;
