-- name: insert_answer
-- An answer was given.
INSERT INTO answers (id, asker, at, outcome) VALUES (:id, :asker, :at, :outcome);

-- name: answer
-- One.
SELECT id, asker, at, outcome FROM answers WHERE id = :id;

-- name: answers
-- The latest first, of one asker or of all.
SELECT id, asker, at, outcome FROM answers WHERE (:asker = '' OR asker = :asker) ORDER BY at DESC, id LIMIT :limit;

-- name: answers_by_id
-- Those that exist.
SELECT id, asker, at, outcome FROM answers
WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY at DESC, id;

-- name: all_answers
-- Every id, for a scan of what was said.
SELECT id FROM answers;

-- name: delete_answers
-- The ledger keeps their ids.
DELETE FROM answers WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: count_answers
-- How many there are.
SELECT count(*) FROM answers;
