-- name: put_user
-- New, or with other groups and another role.
INSERT INTO users (id, name_digest, role, user_groups) VALUES (:id, :name_digest, :role, :user_groups)
ON CONFLICT (id) DO UPDATE SET role = excluded.role, user_groups = excluded.user_groups;

-- name: users
-- All.
SELECT id, role, user_groups FROM users ORDER BY id;

-- name: user_by_name
-- The one with this name, by its keyed digest.
SELECT id, role, user_groups FROM users WHERE name_digest = :name_digest;

-- name: delete_user
-- Keys go with their user.
DELETE FROM users WHERE id = :id;

-- name: insert_key
-- A key of a user.
INSERT INTO api_keys (id, public, user_id, digest, made) VALUES (:id, :public, :user_id, :digest, :made);

-- name: keys
-- All keys, the latest first.
SELECT id, public, user_id, made FROM api_keys ORDER BY made DESC, id;

-- name: key
-- What is needed to check a secret, by the part of it that is not secret.
SELECT k.id, k.digest, u.id, u.role, u.user_groups
FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.public = :public;

-- name: delete_key
-- Withdrawn for good.
DELETE FROM api_keys WHERE id = :id OR public = :id;

-- name: key_id
-- The id of a key by either of its names.
SELECT id FROM api_keys WHERE id = :id OR public = :id;

-- name: version
-- What remembered answers must agree with.
SELECT version FROM access_version WHERE one = 1;

-- name: raise_version
-- Make every process forget.
INSERT INTO access_version (one, version) VALUES (1, 1)
ON CONFLICT (one) DO UPDATE SET version = access_version.version + 1;

-- name: clearances
-- What each group sees.
SELECT member_of, kinds FROM clearances ORDER BY member_of;

-- name: put_clearance
-- What a group sees from now on.
INSERT INTO clearances (member_of, kinds) VALUES (:member_of, :kinds)
ON CONFLICT (member_of) DO UPDATE SET kinds = excluded.kinds;
