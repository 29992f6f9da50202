-- name: desk
-- What is out of answers, records and refused paths alike. What an operator took out is decided, and what the law took
-- out waits for nobody.
SELECT r.id, r.source, 'quarantined', r.reason, coalesce(d.since, r.seen) AS at, coalesce(d.owner, ''),
  CASE WHEN r.reason = 'operator' THEN 'kept' ELSE coalesce(d.decision, '') END
FROM records r LEFT JOIN desk d ON d.artifact = r.id WHERE r.state = 'quarantined' AND r.reason <> 'restricted'
UNION ALL
SELECT e.path, e.source, 'refused', e.refused, coalesce(d.since, 0), coalesce(d.owner, ''), coalesce(d.decision, '')
FROM entries e LEFT JOIN desk d ON d.artifact = e.path WHERE e.refused <> '' AND e.refused NOT IN ('expired', 'suppressed')
ORDER BY 5 DESC, 1;

-- name: decision
-- What a person decided about it.
SELECT decision FROM desk WHERE artifact = :artifact;

-- name: decide
-- From now on.
INSERT INTO desk (artifact, source, since, owner, decision) VALUES (:artifact, :source, :at, '', :decision)
ON CONFLICT (artifact) DO UPDATE SET decision = excluded.decision;

-- name: assign
-- Who is to decide, from now on.
INSERT INTO desk (artifact, source, since, owner, decision) VALUES (:artifact, :source, :at, :owner, '')
ON CONFLICT (artifact) DO UPDATE SET owner = excluded.owner;

-- name: clear_desk
-- What is no longer out of answers; a release is remembered as long as its record is there.
DELETE FROM desk WHERE source = :source
  AND artifact NOT IN (SELECT id FROM records WHERE source = :source AND state = 'quarantined')
  AND artifact NOT IN (SELECT path FROM entries WHERE source = :source AND refused <> '')
  AND (decision <> 'released'
    OR artifact NOT IN (SELECT id FROM records WHERE source = :source AND state <> 'deleted'));

-- name: fill_desk
-- What went out of answers, and what was refused, since the last look.
INSERT INTO desk (artifact, source, since, owner, decision)
SELECT id, source, seen, '', '' FROM records WHERE source = :source AND state = 'quarantined'
UNION ALL
SELECT path, source, CAST(:at AS BIGINT), '', '' FROM entries WHERE source = :source AND refused <> ''
ON CONFLICT (artifact) DO NOTHING;

-- name: insert_source
-- A source by name.
INSERT INTO sources (id, name, kind, location, groups, options, synced)
VALUES (:id, :name, :kind, :location, :groups, :options, 0);

-- name: sources
-- All, by name.
SELECT id, name, kind, location, groups, options, synced FROM sources ORDER BY name;

-- name: set_groups
-- Who may see what it holds, from now on.
UPDATE sources SET groups = :groups WHERE id = :id;

-- name: judge_again
-- Without a digest nothing that is read is what it was. What was kept as long as it may be stays out.
UPDATE entries SET mark = '~', digest = '' WHERE source = :source AND mark <> '' AND refused <> 'expired'
  AND (:paths = '' OR path IN (SELECT value FROM json_each(CASE WHEN :paths = '' THEN '[]' ELSE CAST(:paths AS TEXT) END)));

-- name: synced
-- When it was last walked to the end.
UPDATE sources SET synced = :at WHERE id = :id;

-- name: insert_news
-- Something was new.
INSERT INTO news (source, at) VALUES (:source, :at);

-- name: drop_old_news
-- Only the last times tell what is usual now.
DELETE FROM news WHERE source = :source
  AND at < (SELECT min(at) FROM (SELECT at FROM news WHERE source = :source ORDER BY at DESC LIMIT 20) AS last);

-- name: news
-- By source, oldest first.
SELECT source, at FROM news ORDER BY source, at;

-- name: delete_source
-- Its entries go with it.
DELETE FROM sources WHERE id = :id;

-- name: delete_desk_of
-- The source goes.
DELETE FROM desk WHERE source = :id;

-- name: entries
-- What the last sync left.
SELECT path, record, digest, size, mark, refused FROM entries WHERE source = :source;

-- name: put_entry
-- A path and what it holds now.
INSERT INTO entries (source, path, record, digest, size, mark, refused)
VALUES (:source, :path, :record, :digest, :size, :mark, :refused)
ON CONFLICT (source, path) DO UPDATE SET record = excluded.record, digest = excluded.digest, size = excluded.size,
  mark = excluded.mark, refused = excluded.refused;

-- name: delete_entry
-- The path is gone.
DELETE FROM entries WHERE source = :source AND path = :path;

-- name: drop_nameless
-- Refused paths whose name was erased.
DELETE FROM entries WHERE record = '' AND path IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: paths_of
-- Where these records lie.
SELECT record, path FROM entries WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: entries_at
-- What these paths hold; by source, as the table is sorted.
SELECT source, path, record FROM entries
WHERE source IN (SELECT id FROM sources) AND path IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: refused
-- Paths that a sync could not take in, but for those that these rights hide.
SELECT e.source, e.path, e.refused, e.size FROM entries e
WHERE e.refused <> '' AND (:source = '' OR e.source = :source) AND NOT EXISTS (
  SELECT 1 FROM item_rights d WHERE d.source = e.source AND d.path = e.path
    AND d.who IN (SELECT value FROM json_each(CAST(:denied AS TEXT))))
ORDER BY e.source, e.path;

-- name: standings
-- How many paths a source holds, and how many of those are not indexed, by why: only the exceptions are looked at one by
-- one. Of the paths that hold the same record one is no repetition, unless the record itself repeats a live one.
-- CROSS JOIN: SQLite would begin with the many.
SELECT 'seen', count(*) FROM entries WHERE source = :source
UNION ALL
SELECT 'refused', count(*) FROM entries WHERE source = :source AND refused <> ''
UNION ALL
SELECT 'quarantined', count(*) FROM records r CROSS JOIN entries e
WHERE r.source = :source AND r.state = 'quarantined' AND e.record = r.id
UNION ALL
SELECT 'duplicate', count(*) FROM records r CROSS JOIN records c CROSS JOIN entries e
WHERE r.source = :source AND r.canonical <> '' AND r.state <> 'quarantined' AND c.id = r.canonical AND c.state = 'live'
  AND e.record = r.id
UNION ALL
SELECT 'duplicate', coalesce(sum(s.paths - 1), 0)
FROM (SELECT record, count(*) AS paths FROM entries WHERE record <> '' GROUP BY record HAVING count(*) > 1) s
CROSS JOIN records r
WHERE r.id = s.record AND r.source = :source AND r.state <> 'quarantined'
  AND NOT EXISTS (SELECT 1 FROM records c WHERE c.id = r.canonical AND c.state = 'live');

-- name: item_rights
-- Who may read what these paths hold.
SELECT path, who FROM item_rights
WHERE source = :source AND path IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: any_item_rights
-- Whether the place says it of something.
SELECT 1 FROM item_rights WHERE source = :source LIMIT 1;

-- name: put_item_rights
-- From now on.
INSERT INTO item_rights (source, path, who) VALUES (:source, :path, :who)
ON CONFLICT (source, path) DO UPDATE SET who = excluded.who;

-- name: delete_item_rights
-- Whoever sees the source may read these.
DELETE FROM item_rights WHERE source = :source AND path IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: item_rights_version
-- Another one: other records may be for others now.
SELECT version FROM item_rights_version;

-- name: raise_item_rights_version
-- Whoever holds rights in memory reads them again.
INSERT INTO item_rights_version (one, version) VALUES (1, CAST(:by AS BIGINT))
ON CONFLICT (one) DO UPDATE SET version = item_rights_version.version + excluded.version;

-- name: drop_stray_rights
-- Of paths that hold nothing and whose versions are gone.
DELETE FROM item_rights WHERE source = :source
  AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.source = item_rights.source AND e.path = item_rights.path)
  AND NOT EXISTS (SELECT 1 FROM records r WHERE r.path = item_rights.path AND r.state <> 'deleted');

-- name: groups_differ
-- Whether not all sources are for the same groups, or a place says more of what it holds.
SELECT 1 FROM (SELECT count(DISTINCT groups) AS n FROM sources) AS s
WHERE s.n > 1 OR EXISTS (SELECT 1 FROM item_rights);

-- name: same_elsewhere
-- What more than one source has, by its bytes or by its words but for no words at all: record, source, and whether a
-- path holds it now.
WITH said AS (
  SELECT e.digest AS says, e.record AS record, e.source AS source, 1 AS held
  FROM entries e WHERE e.record <> '' AND e.digest <> ''
  UNION ALL
  SELECT t.digest, r.id, r.source, CASE WHEN EXISTS (SELECT 1 FROM entries e WHERE e.record = r.id) THEN 1 ELSE 0 END
  FROM texts t JOIN records r ON r.id = t.record WHERE r.state <> 'deleted' AND t.digest <> :nothing
)
SELECT says, record, source, held FROM said
WHERE says IN (SELECT says FROM said GROUP BY says HAVING count(DISTINCT source) > 1);

-- name: distinct_rights
-- The rights that there are: few, and each decided once.
SELECT DISTINCT who FROM item_rights;

-- name: rights_of_all
-- Rights of records by every path that holds them; of what no path holds by the one that held it last.
-- CROSS JOIN: SQLite would begin with the paths, of which there are many more than rights.
SELECT e.record, d.who FROM item_rights d CROSS JOIN entries e
WHERE e.source = d.source AND e.path = d.path AND e.record <> ''
UNION
SELECT r.id, d.who FROM item_rights d CROSS JOIN records r
WHERE r.path = d.path AND r.source = d.source
  AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.record = r.id AND e.source = r.source);

-- name: rights_of_records
-- The same of these records.
SELECT e.record, d.who FROM entries e JOIN item_rights d ON d.source = e.source AND d.path = e.path
WHERE e.record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
UNION
SELECT r.id, d.who FROM records r JOIN item_rights d ON d.source = r.source AND d.path = r.path
WHERE r.id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
  AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.record = r.id AND e.source = r.source);

-- name: put_record
-- A record version; the same content seen again is the same record.
INSERT INTO records (id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path)
VALUES (:id, :source, :state, :reason, :document, :vectors, :owner, :canonical, :chunks, :size, :risk, :seen, :path)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, document = excluded.document,
  vectors = excluded.vectors, owner = excluded.owner, canonical = excluded.canonical, chunks = excluded.chunks,
  risk = excluded.risk,
  seen = CASE WHEN records.state = 'live' THEN records.seen ELSE excluded.seen END, path = excluded.path;

-- name: set_state
-- In or out of answers.
UPDATE records SET state = :state, reason = :reason WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: retire
-- No path holds them now; why they were out of answers stays known.
UPDATE records SET state = :state WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: move_records
-- The same versions under another path.
UPDATE records SET path = :to WHERE path = :from;

-- name: unheld
-- Versions that no path holds and that are still in use, and older ones whose path is gone.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records r WHERE source = :source AND state <> 'deleted'
  AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.record = r.id AND e.source = r.source)
  AND (state <> 'superseded' OR NOT EXISTS (SELECT 1 FROM entries e WHERE e.source = r.source AND e.path = r.path));

-- name: unheld_among
-- The same among these.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records r WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND state <> 'deleted'
  AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.record = r.id AND e.source = r.source)
  AND (state <> 'superseded' OR NOT EXISTS (SELECT 1 FROM entries e WHERE e.source = r.source AND e.path = r.path));

-- name: versions
-- What these paths were the last to hold.
SELECT id FROM records WHERE path IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: copies
-- Records in one state that repeat these.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records
WHERE state = :state AND canonical <> '' AND canonical IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY id;

-- name: set_vectors
-- The set under the embedder that serves.
UPDATE records SET vectors = :vectors WHERE id = :id;

-- name: records_by_id
-- Those that exist.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: page_of_records
-- Those of some sources that came in within a time, in the order of their ids.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records
WHERE source IN (SELECT value FROM json_each(CAST(:sources AS TEXT))) AND state <> 'deleted'
  AND seen >= :since AND seen < :until AND id > :after
ORDER BY id LIMIT :limit;

-- name: records
-- A page of them, the latest first, but for those that these rights hide.
WITH denied AS (
  SELECT source, path FROM item_rights WHERE who IN (SELECT value FROM json_each(CAST(:denied AS TEXT)))
), hidden AS (
  SELECT e.record AS id FROM denied d JOIN entries e ON e.source = d.source AND e.path = d.path
  UNION ALL
  SELECT r.id FROM denied d JOIN records r ON r.path = d.path AND r.source = d.source
  WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.record = r.id AND e.source = r.source)
  UNION ALL
  SELECT value FROM json_each(CAST(:denied AS TEXT))
)
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records
WHERE (:among = '' OR source IN (SELECT value FROM json_each(CASE WHEN :among = '' THEN '[]' ELSE CAST(:among AS TEXT) END)))
  AND (:state = '' OR state = :state) AND id NOT IN (SELECT id FROM hidden)
ORDER BY seen DESC, id LIMIT :limit OFFSET :offset;

-- name: live
-- What is live and has vectors.
SELECT id, source, document, vectors, canonical FROM records WHERE state = 'live' AND vectors <> '';

-- name: repeating
-- What is live and says the same as a live record, that record's source, and whether that names somebody besides.
-- CROSS JOIN: as in `standings`.
SELECT r.id, c.source, CASE WHEN EXISTS (
  SELECT 1 FROM links a WHERE a.artifact = c.id
    AND NOT EXISTS (SELECT 1 FROM links b WHERE b.artifact = r.id AND b.subject = a.subject)
) THEN 1 ELSE 0 END FROM records r CROSS JOIN records c
WHERE r.canonical <> '' AND r.state = 'live' AND c.id = r.canonical AND c.state = 'live';

-- name: live_among
-- Of these what is live and has vectors.
SELECT id, source, document, vectors, canonical FROM records
WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND state = 'live' AND vectors <> '';

-- name: repeating_among
-- Of these what says the same as a live record, likewise.
SELECT r.id, c.source, CASE WHEN EXISTS (
  SELECT 1 FROM links a WHERE a.artifact = c.id
    AND NOT EXISTS (SELECT 1 FROM links b WHERE b.artifact = r.id AND b.subject = a.subject)
) THEN 1 ELSE 0 END FROM records r CROSS JOIN records c
WHERE r.id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND r.canonical <> '' AND r.state = 'live'
  AND c.id = r.canonical AND c.state = 'live';

-- name: counts
-- How many records and chunks there are by source and state, but for those that these rights hide.
WITH denied AS (
  SELECT source, path FROM item_rights WHERE who IN (SELECT value FROM json_each(CAST(:denied AS TEXT)))
), hidden AS (
  SELECT e.record AS id FROM denied d JOIN entries e ON e.source = d.source AND e.path = d.path
  UNION ALL
  SELECT r.id FROM denied d JOIN records r ON r.path = d.path AND r.source = d.source
  WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.record = r.id AND e.source = r.source)
  UNION ALL
  SELECT value FROM json_each(CAST(:denied AS TEXT))
)
SELECT source, state, count(*), sum(chunks), sum(CASE WHEN canonical <> '' THEN 1 ELSE 0 END)
FROM records WHERE id NOT IN (SELECT id FROM hidden) GROUP BY source, state;

-- name: delete_records
-- The ledger keeps their ids.
DELETE FROM records WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: delete_entries_of
-- So that a sync meets the path as a new one.
DELETE FROM entries WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: insert_chunk
-- Where a chunk stands.
INSERT INTO chunks (id, record, position) VALUES (:id, :record, :position) ON CONFLICT (id) DO NOTHING;

-- name: chunks_by_id
-- Those that exist, with the document that they stand in.
SELECT c.id, c.record, c.position, coalesce(k.document, r.document, '') FROM chunks c
LEFT JOIN records r ON r.id = c.record LEFT JOIN cuts k ON k.record = c.record AND k.cut = ''
WHERE c.id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
UNION ALL
SELECT c.id, c.record, c.position, k.document FROM cut_chunks c
JOIN cuts k ON k.record = c.record AND k.cut = c.cut
WHERE c.id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: chunks_of
-- Those by which records answer, in order.
SELECT c.id AS id, c.record AS record, c.position AS position, coalesce(r.document, '') AS document FROM chunks c
LEFT JOIN records r ON r.id = c.record LEFT JOIN cuts k ON k.record = c.record AND k.cut = ''
WHERE c.record IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND (k.document IS NULL OR k.document = r.document)
UNION ALL
SELECT c.id, c.record, c.position, r.document FROM cut_chunks c
JOIN cuts k ON k.record = c.record AND k.cut = c.cut
JOIN records r ON r.id = c.record AND r.document = k.document
WHERE c.record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
ORDER BY record, position;

-- name: chunks_beside
-- All that stand in the same documents as these, in order.
SELECT c.id AS id, c.record AS record, c.position AS position, coalesce(k.document, r.document, '') AS document
FROM chunks c LEFT JOIN records r ON r.id = c.record LEFT JOIN cuts k ON k.record = c.record AND k.cut = ''
WHERE c.record IN (SELECT record FROM chunks WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))))
UNION ALL
SELECT c.id, c.record, c.position, k.document FROM cut_chunks c
JOIN cuts k ON k.record = c.record AND k.cut = c.cut
WHERE (c.record, c.cut) IN (SELECT record, cut FROM cut_chunks WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))))
ORDER BY record, position;

-- name: every_chunk_of
-- Of these records, however they were cut.
SELECT id FROM chunks WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
UNION ALL
SELECT id FROM cut_chunks WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
ORDER BY id;

-- name: chunks_by_cut
-- Of these records, by one way to cut them, in order.
SELECT record, id FROM (
  SELECT record, id, position FROM chunks WHERE CAST(:cut AS TEXT) = '' AND record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
  UNION ALL
  SELECT record, id, position FROM cut_chunks WHERE cut = CAST(:cut AS TEXT) AND record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
) AS places ORDER BY record, position;

-- name: documents_by_cut
-- Of these records, by one way to cut them.
SELECT r.id, coalesce(k.document, CASE WHEN CAST(:cut AS TEXT) = '' AND f.record IS NULL THEN r.document ELSE '' END) FROM records r
LEFT JOIN cuts k ON k.record = r.id AND k.cut = CAST(:cut AS TEXT)
LEFT JOIN (SELECT DISTINCT record FROM cuts WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))) f ON f.record = r.id
WHERE r.id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: cuts_of
-- Every document of these records, for those that have more than one.
SELECT record, cut, document FROM cuts WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY record, cut;

-- name: put_first_cut
-- Before a record is cut in a second way, the first one gets its row.
INSERT INTO cuts (record, cut, document, chunks)
SELECT id, '', document, chunks FROM records
WHERE id = :record AND document <> '' AND NOT EXISTS (SELECT 1 FROM cuts WHERE record = records.id);

-- name: put_cut
-- The same again is the same.
INSERT INTO cuts (record, cut, document, chunks) VALUES (:record, :cut, :document, :chunks)
ON CONFLICT (record, cut) DO UPDATE SET document = excluded.document, chunks = excluded.chunks;

-- name: insert_cut_chunk
-- Where a chunk stands, by the way in which its record was cut.
INSERT INTO cut_chunks (id, record, cut, position) VALUES (:id, :record, :cut, :position) ON CONFLICT (id) DO NOTHING;

-- name: adopt_cut
-- Records answer by another way to cut them.
UPDATE records SET
  document = (SELECT k.document FROM cuts k WHERE k.record = records.id AND k.cut = :cut),
  chunks = (SELECT k.chunks FROM cuts k WHERE k.record = records.id AND k.cut = :cut)
WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND EXISTS (SELECT 1 FROM cuts k WHERE k.record = records.id AND k.cut = :cut);

-- name: delete_cuts
-- All of these records.
DELETE FROM cuts WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: delete_cut_chunks
-- All of these records.
DELETE FROM cut_chunks WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: delete_chunks
-- All of these records.
DELETE FROM chunks WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: insert_band
-- A band of a record's signature.
INSERT INTO bands (band, record) VALUES (:band, :record) ON CONFLICT (band, record) DO NOTHING;

-- name: near
-- Records that share a band, the first seen first; also what an operator took out of answers.
SELECT DISTINCT r.id, r.seen FROM bands b JOIN records r ON r.id = b.record
WHERE b.band IN (SELECT value FROM json_each(CAST(:bands AS TEXT))) AND r.canonical = ''
  AND (r.state = 'live' OR r.state = 'quarantined' AND r.reason = 'operator')
ORDER BY r.seen, r.id LIMIT 8;

-- name: delete_bands
-- All of these records.
DELETE FROM bands WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: near_pairs
-- Records that are not deleted and share a band with one of these, with that one.
SELECT DISTINCT o.record, m.record FROM bands m
JOIN bands o ON o.band = m.band AND o.record <> m.record
JOIN records r ON r.id = o.record
WHERE m.record IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) AND r.state <> 'deleted'
ORDER BY o.record, m.record;

-- name: alike_edges
-- All of them.
SELECT record, canonical, similarity FROM alike ORDER BY record;

-- name: insert_alike
-- A record says what an earlier one says.
INSERT INTO alike (record, canonical, similarity) VALUES (:record, :canonical, :similarity);

-- name: drop_alike_edges
-- They are looked for anew.
DELETE FROM alike;

-- name: delete_alike
-- Those of and to these records.
DELETE FROM alike WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
  OR canonical IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: alike_of
-- Those of these records, while both ends may answer.
SELECT a.record, a.canonical, a.similarity FROM alike a
JOIN records r ON r.id = a.record AND r.state = 'live' JOIN records c ON c.id = a.canonical AND c.state = 'live'
WHERE a.record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: count_alike
-- How many there are by source, while both ends may answer.
SELECT r.source, count(*) FROM alike a
JOIN records r ON r.id = a.record AND r.state = 'live' JOIN records c ON c.id = a.canonical AND c.state = 'live'
GROUP BY r.source;

-- name: put_text
-- What a record says.
INSERT INTO texts (record, digest) VALUES (:record, :digest)
ON CONFLICT (record) DO UPDATE SET digest = excluded.digest;

-- name: texts
-- What these records say.
SELECT record, digest FROM texts WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: saying
-- Records that say one of these.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records WHERE id IN (
  SELECT record FROM texts WHERE digest IN (SELECT value FROM json_each(CAST(:digests AS TEXT)))) ORDER BY id;

-- name: with_reason
-- Those that are not deleted, by id.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records WHERE reason = :reason AND reason <> 'none' AND state <> 'deleted' ORDER BY id;

-- name: unread
-- Records of which nobody noted what they say: an earlier version took them in.
SELECT id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, seen, path
FROM records WHERE state <> 'deleted' AND document <> '' AND id NOT IN (SELECT record FROM texts) ORDER BY id;

-- name: delete_texts
-- All of these records.
DELETE FROM texts WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: put_language
-- Which language a record is in.
INSERT INTO languages (record, document, language) VALUES (:record, :document, :language)
ON CONFLICT (record) DO UPDATE SET document = excluded.document, language = excluded.language;

-- name: languages
-- Of these records, as far as it was noted of the document that they have now.
SELECT l.record, l.language FROM languages l JOIN records r ON r.id = l.record AND r.document = l.document
WHERE l.record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: delete_languages
-- Of these records.
DELETE FROM languages WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: servable_within
-- Records that may answer, of some sources or of all, that came in within a time.
SELECT id FROM records
WHERE state IN ('live', 'superseded') AND reason = 'none' AND seen >= :since AND seen < :until
  AND (CAST(:among AS TEXT) = '' OR source IN (
    SELECT value FROM json_each(CASE WHEN CAST(:among AS TEXT) = '' THEN '[]' ELSE CAST(:among AS TEXT) END)));

-- name: put_sketch
-- Which words surely do not stand in the record.
INSERT INTO sketches (record, bits) VALUES (:record, :bits) ON CONFLICT (record) DO UPDATE SET bits = excluded.bits;

-- name: sketches
-- Each with the record's document.
SELECT s.record, r.document, s.bits FROM sketches s JOIN records r ON r.id = s.record;

-- name: delete_sketches
-- All of these records.
DELETE FROM sketches WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: hold
-- From now on.
INSERT INTO held (digest, since) VALUES (:digest, :since) ON CONFLICT (digest) DO NOTHING;

-- name: let_go
-- They may answer again.
DELETE FROM held WHERE digest IN (SELECT value FROM json_each(CAST(:digests AS TEXT)));

-- name: held
-- Whether these words are held.
SELECT 1 FROM held WHERE digest = :digest;

-- name: identifiers
-- Whom these digests belong to.
SELECT digest, subject, kind FROM identifiers WHERE digest IN (SELECT value FROM json_each(CAST(:digests AS TEXT)));

-- name: insert_identifier
-- The first to meet a value names its subject.
INSERT INTO identifiers (digest, subject, kind) VALUES (:digest, :subject, :kind) ON CONFLICT (digest) DO NOTHING;

-- name: move_identifiers
-- Two pseudonyms turned out to be one person.
UPDATE identifiers SET subject = :to WHERE subject = :from;

-- name: move_links
-- Two pseudonyms turned out to be one person.
INSERT INTO links (subject, artifact, how, score) SELECT :to, artifact, how, score FROM links WHERE subject = :from
ON CONFLICT (subject, artifact, how) DO NOTHING;

-- name: delete_links_of
-- The pseudonym goes.
DELETE FROM links WHERE subject = :subject;

-- name: insert_link
-- A person was met in an artifact.
INSERT INTO links (subject, artifact, how, score) VALUES (:subject, :artifact, :how, :score)
ON CONFLICT (subject, artifact, how) DO NOTHING;

-- name: linked
-- Where these people were met.
SELECT subject, artifact, how, score FROM links
WHERE subject IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY artifact;

-- name: kinds_in
-- People met in the documents of a source that are not deleted, by how.
SELECT l.how, count(DISTINCT l.subject) FROM links l JOIN records r ON r.id = l.artifact
WHERE r.source = :source AND r.state <> 'deleted' GROUP BY l.how;

-- name: links_to
-- Who was met in these artifacts.
SELECT subject, artifact, how, score FROM links
WHERE artifact IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY subject;

-- name: delete_links_to
-- The artifacts go.
DELETE FROM links WHERE artifact IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: delete_identifiers
-- The person goes.
DELETE FROM identifiers WHERE subject IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: identifiers_of
-- How a subject is recognised.
SELECT digest, kind FROM identifiers WHERE subject IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: suppress
-- From now on.
INSERT INTO suppressed (digest, since) VALUES (:digest, :since) ON CONFLICT (digest) DO NOTHING;

-- name: suppressed
-- Those among these digests.
SELECT digest FROM suppressed WHERE digest IN (SELECT value FROM json_each(CAST(:digests AS TEXT)));

-- name: count_suppressed
-- How many digests keep the erased out.
SELECT (SELECT count(*) FROM suppressed) + (SELECT count(*) FROM suppressed_words);

-- name: suppress_words
-- From now on.
INSERT INTO suppressed_words (digest, words) VALUES (:digest, :words) ON CONFLICT (digest) DO NOTHING;

-- name: suppressed_words
-- All of them: few, and compared with every run of words of a new document.
SELECT digest, words FROM suppressed_words;

-- name: count_subjects
-- How many people are known.
SELECT count(DISTINCT subject) FROM identifiers;

-- name: set_options
-- How a source is read and used from now on.
UPDATE sources SET options = :options WHERE id = :id;

-- name: insert_consent
-- What a person said.
INSERT INTO consents (id, subject, purpose, state, at) VALUES (:id, :subject, :purpose, :state, :at);

-- name: insert_consent_end
-- Until when it stands.
INSERT INTO consent_ends (id, until) VALUES (:id, :until);

-- name: insert_objection
-- What a person objected to, or how that ended.
INSERT INTO objections (id, subject, purpose, state, at) VALUES (:id, :subject, :purpose, :state, :at);

-- name: insert_own_basis
-- From now on.
INSERT INTO own_bases (id, subject, source, basis, at) VALUES (:id, :subject, :source, :basis, :at);

-- name: said
-- All that was said of uses: everything, or what these people said.
SELECT c.id, c.subject, c.purpose, c.state, c.at, coalesce(e.until, 0), '', '' FROM consents c
LEFT JOIN consent_ends e ON e.id = c.id
WHERE :ids = '' OR c.subject IN (SELECT value FROM json_each(CASE WHEN :ids = '' THEN '[]' ELSE CAST(:ids AS TEXT) END))
UNION ALL
SELECT id, subject, purpose, state, at, 0, '', '' FROM objections
WHERE :ids = '' OR subject IN (SELECT value FROM json_each(CASE WHEN :ids = '' THEN '[]' ELSE CAST(:ids AS TEXT) END))
UNION ALL
SELECT id, subject, '', 'basis', at, 0, source, basis FROM own_bases
WHERE :ids = '' OR subject IN (SELECT value FROM json_each(CASE WHEN :ids = '' THEN '[]' ELSE CAST(:ids AS TEXT) END))
ORDER BY 5 DESC, 1;

-- name: said_of
-- What was said of a purpose, the earliest first; of a consent given and withdrawn at once the withdrawal is the last.
SELECT c.subject, c.state, coalesce(e.until, 0), c.at FROM consents c LEFT JOIN consent_ends e ON e.id = c.id
WHERE c.purpose = :purpose
UNION ALL
SELECT subject, state, 0, at FROM objections WHERE purpose = :purpose
ORDER BY 4, 2;

-- name: own_bases
-- Whose basis is another than their source's, the earliest first.
SELECT subject, source, basis FROM own_bases ORDER BY at, basis;

-- name: ties
-- Records of these sources, and records of these people, with who is met in them.
SELECT l.artifact, r.source, r.state, r.canonical, l.subject FROM records r JOIN links l ON l.artifact = r.id
WHERE r.state <> 'deleted' AND r.source IN (SELECT value FROM json_each(CAST(:sources AS TEXT)))
UNION ALL
SELECT l.artifact, r.source, r.state, r.canonical, l.subject FROM links l JOIN records r ON r.id = l.artifact
WHERE r.state <> 'deleted' AND l.subject IN (SELECT value FROM json_each(CAST(:subjects AS TEXT)));

-- name: said_version
-- Another one: something else may be used, or not, for some purpose.
SELECT version FROM said_version;

-- name: raise_said_version
-- Whoever holds in memory what may be used works it out again.
INSERT INTO said_version (one, version) VALUES (1, CAST(:by AS BIGINT))
ON CONFLICT (one) DO UPDATE SET version = said_version.version + excluded.version;

-- name: move_consents
-- Two pseudonyms turned out to be one person's.
UPDATE consents SET subject = :to WHERE subject = :from;

-- name: move_objections
-- Two pseudonyms turned out to be one person's.
UPDATE objections SET subject = :to WHERE subject = :from;

-- name: move_own_bases
-- Two pseudonyms turned out to be one person's.
UPDATE own_bases SET subject = :to WHERE subject = :from;

-- name: delete_consent_ends_of
-- The people are gone.
DELETE FROM consent_ends WHERE id IN (
  SELECT id FROM consents WHERE subject IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
);

-- name: delete_consents_of
-- The people are gone.
DELETE FROM consents WHERE subject IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: delete_objections_of
-- The people are gone.
DELETE FROM objections WHERE subject IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: delete_own_bases_of
-- The people are gone.
DELETE FROM own_bases WHERE subject IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: token_of
-- What stands for a value.
SELECT shown FROM tokens WHERE digest = :digest;

-- name: token_entry
-- Where it is kept what a token means.
SELECT entry FROM tokens WHERE token = :token;

-- name: insert_token
-- A new one.
INSERT INTO tokens (digest, token, shown, entry) VALUES (:digest, :token, :shown, :entry);

-- name: use_token
-- A record says it.
INSERT INTO token_uses (token, record) VALUES (:token, :record) ON CONFLICT (token, record) DO NOTHING;

-- name: unuse_tokens
-- The records are gone.
DELETE FROM token_uses WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: unused_tokens
-- Entries that no record needs.
SELECT entry FROM tokens t WHERE NOT EXISTS (SELECT 1 FROM token_uses u WHERE u.token = t.token);

-- name: delete_tokens
-- Their meaning is the caller's to delete.
DELETE FROM tokens WHERE entry IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: count_tokens
-- How many there are.
SELECT count(*) FROM tokens;

-- name: insert_kin
-- Somebody like this is told of there.
INSERT INTO kin (key, record) VALUES (:key, :record) ON CONFLICT (key, record) DO NOTHING;

-- name: kin_at
-- Records under any of these keys.
SELECT DISTINCT record FROM kin WHERE key IN (SELECT value FROM json_each(CAST(:keys AS TEXT))) ORDER BY record;

-- name: kin_records
-- Every record that tells of somebody.
SELECT DISTINCT record FROM kin ORDER BY record;

-- name: without_kin
-- Records that somebody was met in and that nobody looked through for kin: an earlier version took them in.
SELECT DISTINCT l.artifact FROM links l JOIN records r ON r.id = l.artifact
WHERE r.state <> 'deleted' AND NOT EXISTS (SELECT 1 FROM kin k WHERE k.record = l.artifact) ORDER BY l.artifact;

-- name: delete_kin
-- All of these records.
DELETE FROM kin WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: allow_budget
-- From now on; what was spent stays spent.
INSERT INTO budgets (place, epsilon, delta, spent_epsilon, spent_delta) VALUES (:place, :epsilon, :delta, 0, 0)
ON CONFLICT (place) DO UPDATE SET epsilon = excluded.epsilon, delta = excluded.delta;

-- name: budget
-- One place's.
SELECT epsilon, delta, spent_epsilon, spent_delta FROM budgets WHERE place = :place;

-- name: budgets
-- Every place's.
SELECT place, epsilon, delta, spent_epsilon, spent_delta FROM budgets ORDER BY place;

-- name: hold_budget
-- Where transactions run side by side, the next one waits here until this one has ended.
UPDATE budgets SET place = place WHERE place = :place;

-- name: spend_budget
-- Only where it is covered.
UPDATE budgets SET spent_epsilon = spent_epsilon + :epsilon, spent_delta = spent_delta + :delta
WHERE place = :place AND spent_epsilon + :epsilon <= epsilon AND spent_delta + :delta <= delta;

-- name: insert_aggregate
-- It is told now.
INSERT INTO aggregates (id, place, asked, epsilon, delta, at) VALUES (:id, :place, :asked, :epsilon, :delta, :at);

-- name: aggregates
-- The latest first.
SELECT id, place, asked, epsilon, delta, at FROM aggregates WHERE place = :place ORDER BY at DESC, id;

-- name: aggregates_asked
-- The same question of the same rows.
SELECT id, place, asked, epsilon, delta, at FROM aggregates WHERE asked = :asked ORDER BY at DESC, id;

-- name: any_score_block
-- Whether a source has one.
SELECT 1 FROM score_blocks WHERE source = :source LIMIT 1;

-- name: unseen_score_blocks
-- Whole ones that no look has seen.
SELECT 1 FROM score_blocks WHERE source = :source AND seen = 0 AND documents >= :fewest LIMIT 1;

-- name: mark_score_blocks
-- A look has seen the whole ones.
UPDATE score_blocks SET seen = 1 WHERE source = :source AND seen = 0 AND documents >= :fewest;

-- name: last_score_block
-- The one that a sync may add to.
SELECT number, run, since, documents, counts FROM score_blocks WHERE source = :source ORDER BY number DESC LIMIT 1;

-- name: score_blocks
-- Those of a source, the oldest first.
SELECT number, run, since, documents, counts FROM score_blocks WHERE source = :source ORDER BY number;

-- name: put_score_block
-- A new one, or an old one with more in it.
INSERT INTO score_blocks (source, number, run, since, documents, counts, seen)
VALUES (:source, :number, :run, :since, :documents, :counts, 0)
ON CONFLICT (source, number) DO UPDATE SET run = excluded.run, documents = excluded.documents,
  counts = excluded.counts;

-- name: drop_score_block
-- It is part of another now.
DELETE FROM score_blocks WHERE source = :source AND number = :number;

-- name: drop_score_blocks_before
-- What came in before is usual no more.
DELETE FROM score_blocks WHERE source = :source AND number < :number;

-- name: score_moves
-- The scores that have moved and are not back, by source.
SELECT source, score, block, since, items, distance, was, now, language FROM score_moves ORDER BY distance DESC, score;

-- name: put_score_move
-- A score has moved.
INSERT INTO score_moves (source, score, block, since, items, distance, was, now, language)
VALUES (:source, :score, :block, :since, :items, :distance, :was, :now, :language);

-- name: drop_score_moves
-- These of a source are back, or usual from now on.
DELETE FROM score_moves WHERE source = :source AND score IN (SELECT value FROM json_each(CAST(:scores AS TEXT)));

-- name: put_judgement
-- What the judge says of a record now.
INSERT INTO judgements (record, judge, toxicity) VALUES (:record, :judge, :toxicity)
ON CONFLICT (record) DO UPDATE SET judge = excluded.judge, toxicity = excluded.toxicity;

-- name: judgements
-- What one judge said of these records.
SELECT record, toxicity FROM judgements
WHERE judge = :judge AND record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: unjudged
-- The live records of a source of which one judge said nothing.
SELECT r.id FROM records r LEFT JOIN judgements j ON j.record = r.id AND j.judge = :judge
WHERE r.source = :source AND r.state = 'live' AND j.record IS NULL ORDER BY r.seen, r.id;

-- name: delete_judgements
-- With their records.
DELETE FROM judgements WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));
