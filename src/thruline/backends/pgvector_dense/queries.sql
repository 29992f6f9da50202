-- name: extension
-- pgvector, where the role may create it; one that is there is left alone.
CREATE EXTENSION IF NOT EXISTS vector;

-- name: versions
-- One row a table: how often rows were taken out of it, by whichever process.
CREATE TABLE IF NOT EXISTS thruline_vectors (name text PRIMARY KEY, version bigint NOT NULL);

-- name: table
-- slot: where a row's bit stands in the mask; never given twice.
CREATE TABLE IF NOT EXISTS {table} (
  slot bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  key bytea PRIMARY KEY,
  v {column} NOT NULL
);

-- name: register
-- Known from here on.
INSERT INTO thruline_vectors (name, version) VALUES ('{table}', 0) ON CONFLICT DO NOTHING;

-- name: secure
-- Also for the table's owner.
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- name: policies
-- Those that are there.
SELECT count(*) FROM pg_policy WHERE polrelid = '{table}'::regclass;

-- name: may_see
-- A session sees the rows whose bits it has named, in this transaction; one that named none sees none.
CREATE POLICY sees ON {table} FOR SELECT USING (
  slot < 8 * (SELECT length(decode(nullif(current_setting('thruline.sees', true), ''), 'base64')))
  AND get_bit(
    (SELECT decode(nullif(current_setting('thruline.sees', true), ''), 'base64')),
    CASE WHEN slot < 8 * (SELECT length(decode(nullif(current_setting('thruline.sees', true), ''), 'base64')))
         THEN slot ELSE 0 END
  ) = 1
);

-- name: may_keep
-- A session that says it keeps this table reads and writes all of it.
CREATE POLICY keeps ON {table} FOR ALL
USING (current_setting('thruline.keeps', true) = '{table}')
WITH CHECK (current_setting('thruline.keeps', true) = '{table}');

-- name: keep
-- From here to the end of the transaction.
SELECT set_config('thruline.keeps', '{table}', true);

-- name: see
-- From here to the end of the transaction.
SELECT set_config('thruline.sees', %(mask)s, true);

-- name: held
-- What is there.
SELECT key, slot FROM {table};

-- name: version
-- Of the table.
SELECT version FROM thruline_vectors WHERE name = '{table}';

-- name: stage
-- Rows on their way in.
CREATE TEMPORARY TABLE coming (key bytea, v {column}) ON COMMIT DROP;

-- name: copy
-- As bytes.
COPY coming (key, v) FROM STDIN (FORMAT binary);

-- name: take
-- Rows that are there stay.
INSERT INTO {table} (key, v) SELECT key, v FROM coming ON CONFLICT (key) DO NOTHING;

-- name: slots
-- Of some.
SELECT key, slot FROM {table} WHERE key = ANY(%(keys)s);

-- name: index
-- Made once the first rows are in, which is faster than with each of them.
CREATE INDEX IF NOT EXISTS {table}_graph ON {table} USING hnsw (v {type}_ip_ops) WITH (m = {m}, ef_construction = {build_ef});

-- name: gather
-- The best of few rows; what is added keeps the planner from the graph, which stops after the nearest of all.
SELECT slot, v FROM {table} WHERE slot = ANY(%(slots)s) ORDER BY (v <#> %(query)s::{type}) + 0 LIMIT %(count)s;

-- name: walk
-- The best of the rows that the mask names, by the graph; the policy asks the same again.
SELECT slot, v FROM {table}
WHERE slot < 8 * length(%(mask)s::bytea)
  AND get_bit(%(mask)s::bytea, CASE WHEN slot < 8 * length(%(mask)s::bytea) THEN slot ELSE 0 END) = 1
ORDER BY v <#> %(query)s::{type} LIMIT %(count)s;

-- name: look
-- The same without the graph: every row that the mask names.
SELECT slot, v FROM {table}
WHERE slot < 8 * length(%(mask)s::bytea)
  AND get_bit(%(mask)s::bytea, CASE WHEN slot < 8 * length(%(mask)s::bytea) THEN slot ELSE 0 END) = 1
ORDER BY (v <#> %(query)s::{type}) + 0 LIMIT %(count)s;

-- name: out
-- Rows that are not to be found again.
DELETE FROM {table} WHERE key = ANY(%(keys)s);

-- name: others_out
-- Whatever is not among these.
DELETE FROM {table} WHERE NOT key = ANY(%(keys)s);

-- name: told
-- Every process looks again at what is there.
UPDATE thruline_vectors SET version = version + 1 WHERE name = '{table}';

-- name: size
-- Rows and bytes, the graph's included.
SELECT count(*), pg_total_relation_size('{table}') FROM {table};

-- name: of_this_index
-- Every table of it, under whatever options.
SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND starts_with(tablename, '{prefix}');

-- name: forget
-- A table that is dropped.
DELETE FROM thruline_vectors WHERE name = %(name)s;
