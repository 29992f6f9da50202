-- name: insert_model
-- The same bytes from the same dataset are the same model.
INSERT INTO models (id, dataset, sha256, public_key, signature, report, made)
VALUES (:id, :dataset, :sha256, :public_key, :signature, :report, :made) ON CONFLICT (id) DO NOTHING;

-- name: models
-- All, the latest first.
SELECT id, dataset, sha256, report, made, COALESCE(role, 'detector')
FROM models LEFT JOIN model_roles ON model = id ORDER BY made DESC, id;

-- name: insert_role
-- What a model is for.
INSERT INTO model_roles (model, role) VALUES (:model, :role);

-- name: delete_role
-- The model is off the shelf.
DELETE FROM model_roles WHERE model = :model;

-- name: model
-- What is needed to trust one.
SELECT sha256, public_key, signature FROM models WHERE id = :id;

-- name: delete_model
-- Off the shelf; its bytes go from the payloads.
DELETE FROM models WHERE id = :id;

-- name: insert_verdict
-- One judgement, at its event's place.
INSERT INTO verdicts (seq, artifact, rule, outcome, score, threshold, low, high)
VALUES (:seq, :artifact, :rule, :outcome, :score, :threshold, :low, :high);

-- name: verdicts
-- Of one artifact, the latest last.
SELECT artifact, rule, outcome, score, threshold, low, high FROM verdicts WHERE artifact = :artifact ORDER BY seq;

-- name: insert_deployment
-- One change, at its event's place.
INSERT INTO deployments (seq, id, role, model, why, forced, changed)
VALUES (:seq, :id, :role, :model, :why, :forced, :changed);

-- name: deployments
-- Every change of one role, the latest last.
SELECT id, role, model, why, forced, changed FROM deployments WHERE role = :role ORDER BY seq;

-- name: insert_shard
-- One shard of a model, in its place.
INSERT INTO model_shards (model, number, shard) VALUES (:model, :number, :shard);

-- name: shards
-- A model's, in order.
SELECT shard FROM model_shards WHERE model = :model ORDER BY number;

-- name: bound_shards
-- All that any model has.
SELECT DISTINCT shard FROM model_shards;

-- name: models_of_shards
-- Which models have these, and where.
SELECT model, number, shard FROM model_shards
WHERE shard IN (SELECT value FROM json_each(CAST(:shards AS TEXT))) ORDER BY model, number;

-- name: delete_shards
-- The model is off the shelf.
DELETE FROM model_shards WHERE model = :model;

-- name: insert_making
-- What it took.
INSERT INTO makings (model, seed, shard_s, rest_s) VALUES (:model, :seed, :shard_s, :rest_s);

-- name: making
-- What one took.
SELECT seed, shard_s, rest_s FROM makings WHERE model = :model;

-- name: delete_making
-- The model is off the shelf.
DELETE FROM makings WHERE model = :model;

-- name: insert_rebuild
-- A model to be made anew.
INSERT INTO rebuilds (id, role, state, plan, made, receipt) VALUES (:id, :role, 'pending', :plan, :made, '');

-- name: rebuilds
-- All, the latest last.
SELECT id, role, state, plan, made, receipt FROM rebuilds ORDER BY made, id;

-- name: settle_rebuild
-- What became of it, or what it has become.
UPDATE rebuilds SET state = :state, plan = :plan WHERE id = :id;

-- name: sign_rebuild
-- The receipt that tells of it.
UPDATE rebuilds SET receipt = :receipt WHERE id = :id;
