-- name: insert_run
-- A run begins.
INSERT INTO runs (id, flow, state, actor, started, ended, done, total, cancel, error)
VALUES (:id, :flow, 'running', :actor, :at, 0, 0, 0, 0, '');

-- name: insert_subject
-- What it is for.
INSERT INTO run_subjects (run, subject) VALUES (:run, :subject);

-- name: finish_run
-- A run ends once.
UPDATE runs SET state = :state, ended = :at, error = :error WHERE id = :id AND state = 'running';

-- name: progress
-- How far it is; gives nothing, touches only its own row.
UPDATE runs SET done = :done, total = :total WHERE id = :id;

-- name: cancel
-- Ask a running run to stop at its next check.
UPDATE runs SET cancel = 1 WHERE id = :id AND state = 'running';

-- name: cancelled
-- Whether it was asked to stop.
SELECT cancel FROM runs WHERE id = :id;

-- name: run
-- One.
SELECT r.id, r.flow, r.state, r.actor, r.started, r.ended, r.done, r.total, r.error, coalesce(s.subject, '')
FROM runs r LEFT JOIN run_subjects s ON s.run = r.id WHERE r.id = :id;

-- name: runs
-- The latest first.
SELECT r.id, r.flow, r.state, r.actor, r.started, r.ended, r.done, r.total, r.error, coalesce(s.subject, '')
FROM runs r LEFT JOIN run_subjects s ON s.run = r.id ORDER BY r.started DESC, r.id LIMIT :limit;

-- name: lease
-- Who holds a name.
SELECT holder, epoch, until, run FROM leases WHERE name = :name;

-- name: take_lease
-- A new holder under the next epoch.
INSERT INTO leases (name, holder, epoch, until, run) VALUES (:name, :holder, 1, :until, :run)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, until = excluded.until,
  run = excluded.run;

-- name: extend_lease
-- Still here.
UPDATE leases SET until = :until WHERE name = :name AND epoch = :epoch AND holder = :holder;

-- name: end_lease
-- Done; the epoch stays, so that an older holder cannot come back.
UPDATE leases SET until = 0 WHERE name = :name AND epoch = :epoch;

-- name: live_leases
-- What is being held.
SELECT name, holder, epoch, until, run FROM leases WHERE until > 0;

-- name: memo
-- Whether a step's result is known.
SELECT made FROM memo WHERE key = :key;

-- name: insert_memo
-- Two processes may have computed the same; the first stands.
INSERT INTO memo (key, step, made) VALUES (:key, :step, :made) ON CONFLICT (key) DO NOTHING;

-- name: insert_memo_input
-- So that erasing an input finds what was remembered of it.
INSERT INTO memo_inputs (input, key) VALUES (:input, :key) ON CONFLICT (input, key) DO NOTHING;

-- name: memo_of
-- What was remembered of these inputs.
SELECT DISTINCT key FROM memo_inputs WHERE input IN (SELECT value FROM json_each(CAST(:ids AS TEXT)));

-- name: inputs_of
-- What these results were made of.
SELECT DISTINCT input FROM memo_inputs WHERE key IN (SELECT value FROM json_each(CAST(:keys AS TEXT)));

-- name: forget_inputs
-- Not only the result: also which input it was made of.
DELETE FROM memo_inputs WHERE key IN (SELECT value FROM json_each(CAST(:keys AS TEXT)));

-- name: forget
-- The result is computed anew when it is needed again.
DELETE FROM memo WHERE key IN (SELECT value FROM json_each(CAST(:keys AS TEXT)));
