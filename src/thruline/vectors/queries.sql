-- name: put_set
-- The same content is the same set.
INSERT INTO vector_sets (id, record, embedder, chunks) VALUES (:id, :record, :embedder, :chunks)
ON CONFLICT (id) DO NOTHING;

-- name: sets
-- Those that exist.
SELECT id, record, embedder, chunks FROM vector_sets WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: sets_of
-- Every set of these records, whichever embedder made it.
SELECT id FROM vector_sets WHERE record IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY id;

-- name: known_segments
-- Those of this embedder that exist already, and how many chunks they hold.
SELECT m.segment, sum(s.chunks) FROM segment_members m JOIN vector_sets s ON s.id = m.vectors
WHERE m.segment IN (SELECT value FROM json_each(CAST(:ids AS TEXT)))
GROUP BY m.segment HAVING min(s.embedder) = :embedder AND max(s.embedder) = :embedder;

-- name: put_segment_member
-- A segment is its members.
INSERT INTO segment_members (segment, vectors) VALUES (:segment, :vectors);

-- name: put_generation
-- A generation under one embedder.
INSERT INTO generations (id, embedder, segments, chunks) VALUES (:id, :embedder, :segments, :chunks);

-- name: put_generation_member
-- A generation is its segments.
INSERT INTO generation_members (generation, segment) VALUES (:generation, :segment);

-- name: generation
-- One.
SELECT id, embedder, segments, chunks FROM generations WHERE id = :id;

-- name: members
-- Every record of a generation with its vector set.
SELECT s.record, s.id FROM generation_members g
JOIN segment_members m ON m.segment = g.segment
JOIN vector_sets s ON s.id = m.vectors
WHERE g.generation = :generation ORDER BY s.record;

-- name: sets_in
-- Those of a generation that are of these records.
SELECT s.record, s.id FROM vector_sets s
JOIN segment_members m ON m.vectors = s.id
JOIN generation_members g ON g.segment = m.segment
WHERE g.generation = :generation AND s.record IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: own_sets
-- Every record of a generation with its vector set, but for those in segments that another one has, too.
SELECT s.record, s.id FROM generation_members g
JOIN segment_members m ON m.segment = g.segment
JOIN vector_sets s ON s.id = m.vectors
WHERE g.generation = :generation
AND g.segment NOT IN (SELECT segment FROM generation_members WHERE generation = :other);

-- name: count_members
-- How many records a generation has.
SELECT count(*) FROM generation_members g JOIN segment_members m ON m.segment = g.segment
WHERE g.generation = :generation;

-- name: segment_sets
-- Every record of a segment with its vector set.
SELECT s.record, s.id FROM segment_members m JOIN vector_sets s ON s.id = m.vectors WHERE m.segment = :segment;

-- name: put_switch
-- From here on this generation serves.
INSERT INTO index_switches (name, seq, generation, why, at) VALUES (:name, :seq, :generation, :why, :at);

-- name: last_switch
-- To what serves now.
SELECT generation, why, at FROM index_switches WHERE name = :name ORDER BY seq DESC LIMIT 1;

-- name: count_switches
-- How often something began to serve.
SELECT count(*) FROM index_switches WHERE name = :name;

-- name: switches
-- All, oldest first.
SELECT generation, why, at FROM index_switches WHERE name = :name ORDER BY seq;

-- name: tags
-- Each with its generation.
SELECT tag, generation FROM index_tags WHERE name = :name ORDER BY tag;

-- name: put_tag
-- A generation has this name from here on.
INSERT INTO index_tags (name, tag, generation) VALUES (:name, :tag, :generation);

-- name: drop_tag
-- It has it no longer.
DELETE FROM index_tags WHERE name = :name AND tag = :tag;

-- name: put_plan
-- From here on this plan is in force.
INSERT INTO index_plans (name, seq, plan, why, at) VALUES (:name, :seq, :plan, :why, :at);

-- name: last_plan
-- The one in force.
SELECT plan FROM index_plans WHERE name = :name ORDER BY seq DESC LIMIT 1;

-- name: last_plan_seq
-- Since which event the one in force is.
SELECT coalesce(max(seq), 0) FROM index_plans WHERE name = :name;

-- name: plans
-- All, oldest first.
SELECT plan, why, at FROM index_plans WHERE name = :name ORDER BY seq;

-- name: put_choice
-- From here on this is in force.
INSERT INTO index_choices (what, seq, value, why, at) VALUES (:what, :seq, :value, :why, :at);

-- name: last_choice
-- The one in force.
SELECT value FROM index_choices WHERE what = :what ORDER BY seq DESC LIMIT 1;

-- name: choices
-- All, oldest first.
SELECT value, why, at FROM index_choices WHERE what = :what ORDER BY seq;

-- name: put_prompt
-- A template was kept.
INSERT INTO prompts (id, at) VALUES (:id, :at) ON CONFLICT (id) DO NOTHING;

-- name: prompts
-- All, the latest first.
SELECT id, at FROM prompts ORDER BY at DESC, id;

-- name: put_prompt_use
-- From here on this template is in force.
INSERT INTO prompt_uses (seq, prompt, why) VALUES (:seq, :prompt, :why);

-- name: prompt_uses
-- All, oldest first.
SELECT prompt, why FROM prompt_uses ORDER BY seq;

-- name: change
-- The one under way.
SELECT embedder FROM index_changes WHERE name = :name;

-- name: put_change
-- It is under way from here on.
INSERT INTO index_changes (name, embedder) VALUES (:name, :embedder);

-- name: drop_change
-- It is not under way any more.
DELETE FROM index_changes WHERE name = :name;

-- name: sets_by
-- Those of these records that one embedder made.
SELECT record, id FROM vector_sets
WHERE embedder = :embedder AND record IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY id;

-- name: other_embedder
-- Whether any set is not by this one: two ends of an index, where <> would read every set.
SELECT 1 WHERE EXISTS (SELECT 1 FROM vector_sets WHERE embedder < :embedder)
  OR EXISTS (SELECT 1 FROM vector_sets WHERE embedder > :embedder);
