-- name: insert_model
-- The same bytes from the same dataset are the same model.
INSERT INTO models (id, dataset, sha256, public_key, signature, report, made)
VALUES (:id, :dataset, :sha256, :public_key, :signature, :report, :made) ON CONFLICT (id) DO NOTHING;

-- name: models
-- All, the latest first.
SELECT id, dataset, sha256, report, made FROM models ORDER BY made DESC, id;

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
