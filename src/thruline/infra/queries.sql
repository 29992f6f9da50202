-- name: lock_pool [sqlite]
-- Writing transactions are exclusive already.
SELECT 1;

-- name: lock_pool [postgresql]
-- Workers of one pool count what is free one after another; other pools do not wait.
SELECT pg_advisory_xact_lock(7070002, hashtext(:pool));

-- name: insert_job
-- A job waits.
INSERT INTO jobs (id, state, cpus, memory, gpus, priority, actor, run, queued, started, ended, attempts, epoch,
  lease_until, pool, worker, handle, cancel, machine, exit_code, cpu_seconds, gpu_seconds, peak_memory, cost)
VALUES (:id, 'queued', :cpus, :memory, :gpus, :priority, :actor, :run, :now, 0, 0, 0, 0,
  0, '', '', '', 0, '', -1, 0.0, 0.0, 0, 0.0);

-- name: has_work
-- Whether anything could be taken: looked at often, and without a lock.
SELECT 1 FROM jobs WHERE state = 'queued' OR (state = 'running' AND lease_until < :now) LIMIT 1;

-- name: held
-- What the running jobs of a pool hold.
SELECT coalesce(sum(cpus), 0), coalesce(sum(memory), 0), coalesce(sum(gpus), 0)
FROM jobs WHERE state = 'running' AND pool = :pool;

-- name: take_over
-- A job of this pool whose worker let its lease run out: same attempt, next epoch.
UPDATE jobs SET epoch = epoch + 1, worker = :worker, lease_until = :until
WHERE id = (SELECT id FROM jobs WHERE state = 'running' AND pool = :pool AND lease_until < :now ORDER BY queued, id LIMIT 1)
RETURNING id;

-- name: take [sqlite]
-- The first waiting job that fits: next attempt, next epoch.
UPDATE jobs SET state = 'running', epoch = epoch + 1, attempts = attempts + 1, pool = :pool, worker = :worker,
  lease_until = :until, started = :now, handle = ''
WHERE id = (
  SELECT id FROM jobs WHERE state = 'queued' AND cpus <= :cpus AND memory <= :memory AND gpus <= :gpus
  ORDER BY priority DESC, queued, id LIMIT 1)
RETURNING id;

-- name: take [postgresql]
-- The first waiting job that fits and that no other worker is taking: next attempt, next epoch.
UPDATE jobs SET state = 'running', epoch = epoch + 1, attempts = attempts + 1, pool = :pool, worker = :worker,
  lease_until = :until, started = :now, handle = ''
WHERE id = (
  SELECT id FROM jobs WHERE state = 'queued' AND cpus <= :cpus AND memory <= :memory AND gpus <= :gpus
  ORDER BY priority DESC, queued, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id;

-- name: out_of_reach [sqlite]
-- Jobs whose lease ran out in another pool: their process cannot be seen from here.
SELECT id FROM jobs WHERE state = 'running' AND pool <> :pool AND lease_until < :now ORDER BY queued, id;

-- name: out_of_reach [postgresql]
-- Jobs whose lease ran out in another pool, and that no other worker is giving up just now.
SELECT id FROM jobs WHERE state = 'running' AND pool <> :pool AND lease_until < :now ORDER BY queued, id
FOR UPDATE SKIP LOCKED;

-- name: keep
-- The lease goes on, for who still holds it.
UPDATE jobs SET lease_until = :until, handle = :handle WHERE id = :id AND epoch = :epoch AND state = 'running';

-- name: release
-- The lease ends now: another worker of the pool may go on with the running process.
UPDATE jobs SET lease_until = 0 WHERE id = :id AND epoch = :epoch AND state = 'running';

-- name: requeue
-- Another attempt.
UPDATE jobs SET state = 'queued', lease_until = 0, worker = '' WHERE id = :id AND epoch = :epoch AND state = 'running';

-- name: end
-- A job ends once, by the hand of who holds its lease.
UPDATE jobs SET state = :state, ended = :now, lease_until = 0, machine = :machine, exit_code = :exit_code,
  cpu_seconds = :cpu_seconds, gpu_seconds = :gpu_seconds, peak_memory = :peak_memory, cost = :cost
WHERE id = :id AND epoch = :epoch AND state IN ('queued', 'running');

-- name: ask_to_cancel
-- The worker sees it at its next look.
UPDATE jobs SET cancel = 1 WHERE id = :id AND state = 'running';

-- name: asked_to_cancel
-- Which of a worker's jobs are to end.
SELECT id FROM jobs WHERE state = 'running' AND cancel = 1 AND worker = :worker;

-- name: job
-- One.
SELECT id, state, cpus, memory, gpus, priority, actor, run, queued, started, ended, attempts, epoch, pool, worker,
  handle, cancel, machine, exit_code, cpu_seconds, gpu_seconds, peak_memory, cost
FROM jobs WHERE id = :id;

-- name: jobs
-- The latest first, of one state where it is given.
SELECT id, state, cpus, memory, gpus, priority, actor, run, queued, started, ended, attempts, epoch, pool, worker,
  handle, cancel, machine, exit_code, cpu_seconds, gpu_seconds, peak_memory, cost
FROM jobs WHERE :state = '' OR state = :state ORDER BY queued DESC, id LIMIT :limit;

-- name: leftovers
-- Ended jobs of a pool whose files a worker may have left behind.
SELECT id, handle FROM jobs WHERE pool = :pool AND handle <> '' AND state NOT IN ('queued', 'running');

-- name: swept
-- Nothing is left of it outside the home's stores.
UPDATE jobs SET handle = '' WHERE id = :id AND state NOT IN ('queued', 'running');
