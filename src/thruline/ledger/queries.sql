-- name: lock_chain [sqlite]
-- Writing transactions are exclusive already.
SELECT 1;

-- name: lock_chain [postgresql]
-- Appends queue behind one another; readers do not notice.
SELECT pg_advisory_xact_lock(7070001);

-- name: head
-- Where the chain ends.
SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1;

-- name: insert_event
-- One place on the chain.
INSERT INTO events (seq, verb, run, body, hash) VALUES (:seq, :verb, :run, :body, :hash);

-- name: insert_artifact
-- The first event that names an artifact introduces it.
INSERT INTO artifacts (id, kind, seq) VALUES (:id, :kind, :seq) ON CONFLICT (id) DO NOTHING;

-- name: insert_edge
-- An edge that was made before stands from its first event on.
INSERT INTO edges (parent, child, role, seq) VALUES (:parent, :child, :role, :seq)
ON CONFLICT (parent, child, role) DO NOTHING;

-- name: read
-- Events in order.
SELECT body, hash FROM events WHERE seq > :after ORDER BY seq LIMIT :limit;

-- name: read_verbs
-- Events in order, of some verbs.
SELECT body, hash FROM events
WHERE seq > :after AND verb IN (SELECT value FROM json_each(CAST(:verbs AS TEXT))) ORDER BY seq LIMIT :limit;

-- name: read_run
-- Events of one run in order, of some verbs or all; the second condition lets the partial index serve.
SELECT body, hash FROM events
WHERE run = :run AND run <> '' AND seq > :after
  AND (:verbs = '[]' OR verb IN (SELECT value FROM json_each(CAST(:verbs AS TEXT)))) ORDER BY seq LIMIT :limit;

-- name: read_rows
-- Rows as stored, for verification.
SELECT seq, verb, run, body, hash FROM events WHERE seq > :after ORDER BY seq LIMIT :limit;

-- name: artifacts
-- Those that exist.
SELECT id, kind, seq FROM artifacts WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: up
-- Everything that these were made of, by both roles.
WITH RECURSIVE reach (id, depth) AS (
  SELECT CAST(value AS TEXT), 0 FROM json_each(CAST(:ids AS TEXT))
  UNION
  SELECT e.parent, r.depth + 1 FROM reach r JOIN edges e ON e.child = r.id WHERE r.depth < :depth
)
SELECT DISTINCT e.parent, e.child, e.role, e.seq
FROM reach r JOIN edges e ON e.child = r.id WHERE r.depth < :depth ORDER BY e.seq, e.parent, e.child, e.role;

-- name: down
-- Everything made of these: `from` at any depth, `via` only out of the starting points.
WITH RECURSIVE reach (id, depth) AS (
  SELECT CAST(value AS TEXT), 0 FROM json_each(CAST(:ids AS TEXT))
  UNION
  SELECT e.child, r.depth + 1 FROM reach r JOIN edges e ON e.parent = r.id
  WHERE r.depth < :depth AND (e.role = 'from' OR r.depth = 0)
)
SELECT DISTINCT e.parent, e.child, e.role, e.seq
FROM reach r JOIN edges e ON e.parent = r.id
WHERE r.depth < :depth AND (e.role = 'from' OR r.depth = 0) ORDER BY e.seq, e.parent, e.child, e.role;

-- name: count_parents
-- What these were made of by one step, counted by kind; `via` only where it is asked for.
SELECT a.kind, e.role, count(DISTINCT e.parent) FROM edges e JOIN artifacts a ON a.id = e.parent
WHERE e.child IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND (e.role = 'from' OR :via = 1)
GROUP BY a.kind, e.role ORDER BY e.role, a.kind;

-- name: count_children
-- What was made of these by one step, counted by kind.
SELECT a.kind, e.role, count(DISTINCT e.child) FROM edges e JOIN artifacts a ON a.id = e.child
WHERE e.parent IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND (e.role = 'from' OR :via = 1)
GROUP BY a.kind, e.role ORDER BY e.role, a.kind;

-- name: some_parents
-- Of one kind, the first by id.
SELECT child, parent FROM edges
WHERE child IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND role = :role
  AND parent >= :kind || ':' AND parent < :kind || ';' ORDER BY parent, child LIMIT :limit;

-- name: some_children
-- Of one kind, the first by id.
SELECT parent, child FROM edges
WHERE parent IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND role = :role
  AND child >= :kind || ':' AND child < :kind || ';' ORDER BY child, parent LIMIT :limit;

-- name: made_of [sqlite]
-- All that was made of these but for other records, by kind: how many, and the first by id; some kinds are told whole.
WITH RECURSIVE reach (id, first) AS (
  SELECT CAST(value AS TEXT), 1 FROM json_each(CAST(:ids AS TEXT))
  UNION
  SELECT e.child, 0 FROM reach r JOIN edges e ON e.parent = r.id
  WHERE (e.role = 'from' OR r.first = 1) AND NOT (e.child >= 'record:' AND e.child < 'record;')
), made AS (
  SELECT id, substr(id, 1, instr(id, ':') - 1) AS kind FROM reach WHERE first = 0
), placed AS (
  SELECT id, kind, count(*) OVER (PARTITION BY kind) AS many,
    row_number() OVER (PARTITION BY kind ORDER BY id) AS place FROM made
)
SELECT kind, many, id FROM placed
WHERE place <= :first OR kind IN (SELECT value FROM json_each(CAST(:whole AS TEXT))) ORDER BY kind, id;

-- name: made_of [postgresql]
-- All that was made of these but for other records, by kind: how many, and the first by id; some kinds are told whole.
WITH RECURSIVE reach (id, first) AS (
  SELECT CAST(value AS TEXT), 1 FROM json_each(CAST(:ids AS TEXT))
  UNION
  SELECT e.child, 0 FROM reach r JOIN edges e ON e.parent = r.id
  WHERE (e.role = 'from' OR r.first = 1) AND NOT (e.child >= 'record:' AND e.child < 'record;')
), made AS (
  SELECT id, split_part(id, ':', 1) AS kind FROM reach WHERE first = 0
), placed AS (
  SELECT id, kind, count(*) OVER (PARTITION BY kind) AS many,
    row_number() OVER (PARTITION BY kind ORDER BY id) AS place FROM made
)
SELECT kind, many, id FROM placed
WHERE place <= :first OR kind IN (SELECT value FROM json_each(CAST(:whole AS TEXT))) ORDER BY kind, id;

-- name: made_beside
-- What was made of these but for records, their chunks, vectors and segments, by id from one on.
WITH RECURSIVE reach (id, first) AS (
  SELECT CAST(value AS TEXT), 1 FROM json_each(CAST(:ids AS TEXT))
  UNION
  SELECT e.child, 0 FROM reach r JOIN edges e ON e.parent = r.id
  WHERE (e.role = 'from' OR r.first = 1) AND NOT (e.child >= 'record:' AND e.child < 'record;')
)
SELECT id FROM reach WHERE first = 0 AND id > :after
  AND NOT (id >= 'chunk:' AND id < 'chunk;') AND NOT (id >= 'vectors:' AND id < 'vectors;')
  AND NOT (id >= 'segment:' AND id < 'segment;')
ORDER BY id LIMIT :limit;

-- name: all_edges
-- Every edge, named as a person reads it, for comparing the projection with the chain.
SELECT parent || ' -> ' || child || ' (' || role || ')', seq FROM edges;

-- name: all_artifacts
-- Every artifact and the event that first named it.
SELECT id, seq FROM artifacts;

-- name: drop_artifacts
-- Projections may go: they come back from the chain.
DELETE FROM artifacts;

-- name: drop_edges
-- Projections may go: they come back from the chain.
DELETE FROM edges;

-- name: put_payload
-- New bytes replace the old ones under the same id.
INSERT INTO payloads (id, owner, data) VALUES (:id, :owner, :data)
ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, data = excluded.data;

-- name: get_payloads
-- Those that exist.
SELECT id, owner, data FROM payloads WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: get_payload
-- One.
SELECT owner, data FROM payloads WHERE id = :id;

-- name: delete_payloads
-- Bytes go; the ledger keeps the id.
DELETE FROM payloads WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: payload_places
-- Which payloads lie in the blob store.
SELECT id FROM payloads WHERE data IS NULL;

-- name: large_payloads
-- Those of these that lie in the blob store: few, and each costs a call to it.
SELECT id FROM payloads WHERE data IS NULL AND id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: payloads_there
-- Those that exist.
SELECT id FROM payloads WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: payload_owners
-- Who owns these payloads.
SELECT DISTINCT owner FROM payloads WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: all_owners
-- Everybody who owns something.
SELECT DISTINCT owner FROM payloads;

-- name: payload_ids_like
-- All payloads of one kind.
SELECT id FROM payloads WHERE id >= :kind || ':' AND id < :kind || ';' ORDER BY id;
