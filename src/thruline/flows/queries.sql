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

-- name: begin_outbox
-- A destination is told what happens from here on.
INSERT INTO outbox (destination, upto, sent, failed, since, again, status)
VALUES (:destination, :upto, 0, 0, 0, 0, 0) ON CONFLICT (destination) DO NOTHING;

-- name: outbox
-- How far one destination is.
SELECT upto, sent, failed, since, again, status FROM outbox WHERE destination = :destination;

-- name: delivered
-- One message more; what failed before is over.
UPDATE outbox SET upto = :upto, sent = sent + 1, failed = 0, since = 0, again = 0, status = 0
WHERE destination = :destination;

-- name: skipped
-- A message is left out, because somebody said so.
UPDATE outbox SET upto = :upto, failed = 0, since = 0, again = 0, status = 0 WHERE destination = :destination;

-- name: not_delivered
-- Nothing before `again`; since: when it began to fail.
UPDATE outbox SET failed = failed + 1, again = :again, status = :status,
  since = CASE WHEN since = 0 THEN :now ELSE since END
WHERE destination = :destination;

-- name: put_tuning
-- An index was measured; seq: of the verdict.
INSERT INTO index_tunings (name, seq, id) VALUES (:name, :seq, :id);

-- name: last_tuning
-- What was measured last.
SELECT id FROM index_tunings WHERE name = :name ORDER BY seq DESC LIMIT 1;

-- name: recall_audit
-- What was found of a plan in use.
SELECT since, queries, wanted, found, squares, mean, variance, log_wealth, alarmed FROM recall_audits
WHERE name = :name AND plan_seq = :plan_seq;

-- name: put_recall_audit
-- One state for each plan.
INSERT INTO recall_audits (
  name, plan_seq, since, queries, wanted, found, squares, mean, variance, log_wealth, alarmed
) VALUES (
  :name, :plan_seq, :since, :queries, :wanted, :found, :squares, :mean, :variance, :log_wealth, :alarmed
)
ON CONFLICT (name, plan_seq) DO UPDATE SET
  queries = excluded.queries, wanted = excluded.wanted, found = excluded.found, squares = excluded.squares,
  mean = excluded.mean, variance = excluded.variance, log_wealth = excluded.log_wealth, alarmed = excluded.alarmed;

-- name: put_search
-- A search was served.
INSERT INTO searches (id, asker, at, share, plan_seq) VALUES (:id, :asker, :at, :share, :plan_seq);

-- name: searches
-- The latest first.
SELECT id, asker, at, share, plan_seq FROM searches ORDER BY at DESC, id LIMIT :limit;

-- name: searches_of
-- All of these users.
SELECT id FROM searches WHERE asker IN (SELECT value FROM json_each(CAST(:askers AS TEXT)));

-- name: searches_by_id
-- Those that exist.
SELECT id, asker, at, share, plan_seq FROM searches
WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY at DESC, id;

-- name: delete_searches
-- Nothing else knows their ids.
DELETE FROM searches WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: expired_searches
-- Older than wanted, or beyond the latest so many.
SELECT id FROM searches WHERE at < :before
UNION
SELECT id FROM (SELECT id FROM searches ORDER BY at DESC, id LIMIT 1000000000 OFFSET :most) AS beyond;
