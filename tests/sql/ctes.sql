-- Common table expressions, compound SELECTs, VALUES.
WITH a AS (SELECT id, status FROM okta.users.users), b AS (SELECT userId, count(*) AS n FROM okta.users.factors GROUP BY userId) SELECT a.id, b.n FROM a LEFT JOIN b ON b.userId = a.id ORDER BY 1

WITH a AS (SELECT id FROM okta.users.users WHERE status = 'ACTIVE'), b AS (SELECT id FROM a WHERE id < @user20), c AS (SELECT f.id, f.userId FROM b JOIN okta.users.factors f ON f.userId = b.id) SELECT count(*), count(DISTINCT userId) FROM c

WITH a AS MATERIALIZED (SELECT id FROM okta.users.users) SELECT f.id FROM a JOIN okta.users.factors f ON f.userId = a.id ORDER BY 1

WITH a AS NOT MATERIALIZED (SELECT id FROM okta.users.users) SELECT x.id, y.id FROM a x JOIN a y ON x.id < y.id WHERE y.id < @user5 ORDER BY 1, 2

WITH a(who, what) AS (SELECT userId, factorType FROM okta.users.factors) SELECT who, group_concat(what, ',') FROM (SELECT who, what FROM a ORDER BY who, what) GROUP BY who ORDER BY 1

WITH a AS (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE') SELECT * FROM (WITH a AS (SELECT id FROM okta.groups.groups) SELECT id FROM a) UNION ALL SELECT id FROM a ORDER BY 1

WITH users AS (SELECT id FROM okta.groups.groups) SELECT id FROM users ORDER BY 1

WITH a AS (SELECT 1 AS n) SELECT u.id FROM okta.users.users u, a WHERE u.status = CASE a.n WHEN 1 THEN 'STAGED' END ORDER BY 1

WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT n.i, count(u.id) FROM n LEFT JOIN okta.users.users u ON length(u.status) = n.i + 5 GROUP BY n.i ORDER BY 1

WITH RECURSIVE t(id, depth) AS (SELECT id, 0 FROM okta.users.users WHERE id = @user0 UNION SELECT u.id, depth + 1 FROM t JOIN okta.users.users u ON u.id > t.id WHERE depth < 2 AND u.id < @user4) SELECT id, depth FROM t ORDER BY 1, 2

WITH RECURSIVE chain(id, boss) AS (SELECT id, profile ->> 'managerId' FROM okta.users.users WHERE id = @user7 UNION SELECT u.id, u.profile ->> 'managerId' FROM chain JOIN okta.users.users u ON u.id = chain.boss) SELECT id, boss FROM chain ORDER BY 1

WITH RECURSIVE r(id, boss, level) AS (SELECT id, profile ->> 'managerId', 1 FROM okta.users.users WHERE profile ->> 'managerId' IS NULL UNION ALL SELECT u.id, u.profile ->> 'managerId', level + 1 FROM r JOIN okta.users.users u ON u.profile ->> 'managerId' = r.id WHERE level < 9) SELECT level, count(*) FROM r GROUP BY level ORDER BY 1

WITH a AS (SELECT id FROM okta.users.users UNION SELECT id FROM okta.groups.groups) SELECT substr(id, 1, 3) AS p, count(*) FROM a GROUP BY p ORDER BY 1

WITH a AS (SELECT id FROM okta.users.users ORDER BY created DESC, id LIMIT 5) SELECT f.userId, f.id FROM okta.users.factors f WHERE f.userId IN (SELECT id FROM a) ORDER BY 1, 2

WITH a AS (SELECT id FROM okta.users.users ORDER BY created DESC, id LIMIT 5) SELECT a.id, f.id FROM a LEFT JOIN okta.users.factors f ON f.userId = a.id ORDER BY 1, 2

WITH a AS (SELECT id FROM okta.users.users ORDER BY created DESC, id LIMIT 5) SELECT f.id FROM okta.users.factors f WHERE f.userId IN a ORDER BY 1

WITH a AS (SELECT userId, count(*) AS n FROM okta.users.factors GROUP BY 1 HAVING n > 2) SELECT u.id, a.n, g.id FROM a JOIN okta.users.users u ON u.id = a.userId JOIN okta.users.user_groups g ON g.userId = a.userId ORDER BY 1, 3

WITH g AS (SELECT id AS gid FROM okta.groups.groups WHERE type = 'OKTA_GROUP'), m AS (SELECT g.gid, u.id AS uid FROM g JOIN okta.groups.users u ON u.groupId = g.gid), f AS (SELECT m.gid, f.factorType FROM m JOIN okta.users.factors f ON f.userId = m.uid) SELECT gid, factorType, count(*) FROM f GROUP BY 1, 2 ORDER BY 1, 2

WITH unused AS (SELECT id FROM okta.users.factors WHERE userId = 'nobody') SELECT count(*) FROM okta.groups.groups

WITH a AS (SELECT 1 AS x UNION SELECT 2) SELECT (SELECT max(x) FROM a), count(*) FROM okta.apps.applications

SELECT id FROM okta.users.users WHERE status = 'ACTIVE' UNION SELECT userId FROM okta.users.factors ORDER BY 1

SELECT id FROM okta.users.users UNION ALL SELECT userId FROM okta.users.factors ORDER BY id DESC LIMIT 11 OFFSET 3

SELECT id FROM okta.users.users EXCEPT SELECT id FROM okta.groups.users ORDER BY 1

SELECT id FROM okta.groups.users WHERE groupId = @group1 INTERSECT SELECT id FROM okta.groups.users WHERE groupId = @group2 ORDER BY 1

SELECT id FROM okta.users.users UNION SELECT id FROM okta.groups.groups EXCEPT SELECT id FROM okta.users.users WHERE status = 'ACTIVE' ORDER BY 1

SELECT id, 'user' AS kind FROM okta.users.users UNION ALL SELECT id, 'group' FROM okta.groups.groups UNION ALL SELECT id, 'app' FROM okta.apps.applications ORDER BY kind, id

SELECT status AS s FROM okta.users.users UNION SELECT status FROM okta.users.factors UNION SELECT scope FROM okta.apps.application_users ORDER BY s

SELECT count(*) FROM (SELECT id FROM okta.users.users UNION ALL SELECT id FROM okta.users.users)

SELECT email FROM datadog.organization.users INTERSECT SELECT profile ->> 'email' FROM okta.users.users ORDER BY 1

SELECT profile ->> 'email' FROM okta.users.users EXCEPT SELECT email FROM datadog.organization.users ORDER BY 1

SELECT priority FROM datadog.monitoring.monitors UNION SELECT priority FROM okta.authorizationservers.policies ORDER BY 1

SELECT id FROM okta.users.users WHERE id = @user0 UNION ALL SELECT id FROM okta.users.users WHERE id = @user0 UNION ALL SELECT id FROM okta.users.users WHERE id = @user1 ORDER BY 1

SELECT status, id FROM okta.users.users UNION SELECT type, id FROM okta.groups.groups ORDER BY status COLLATE NOCASE, 2 DESC

SELECT id FROM okta.users.users UNION SELECT * FROM (VALUES ('x'), ('y')) ORDER BY 1

VALUES (1, 'a'), (2, (SELECT count(*) FROM okta.groups.groups))

SELECT * FROM (VALUES (1, 'ACTIVE'), (2, 'STAGED')) v JOIN okta.users.users u ON u.status = v.column2 WHERE v.column1 = 2 ORDER BY u.id

SELECT column1, (SELECT count(*) FROM okta.users.users WHERE status = column1) FROM (VALUES ('ACTIVE'), ('STAGED'), (NULL)) ORDER BY 1

SELECT id FROM (SELECT id FROM okta.users.users ORDER BY id DESC LIMIT 3) UNION ALL SELECT id FROM (SELECT id FROM okta.users.users ORDER BY id LIMIT 3) ORDER BY 1

SELECT userId AS k FROM okta.users.factors UNION SELECT userId FROM okta.users.user_groups UNION SELECT id FROM okta.users.users ORDER BY k LIMIT 7

SELECT id FROM okta.apps.applications WHERE id IN (SELECT appId FROM okta.apps.group_assignments INTERSECT SELECT appId FROM okta.apps.application_users WHERE scope = 'USER') ORDER BY 1

SELECT f.id FROM okta.users.factors f WHERE f.userId IN (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE' UNION SELECT id FROM okta.groups.users WHERE groupId = @group4) ORDER BY 1

WITH a AS (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE' UNION ALL SELECT @user0) SELECT a.id, f.id FROM a JOIN okta.users.factors f ON f.userId = a.id ORDER BY 1, 2

WITH a(i) AS (VALUES (@user0), (@user1)) SELECT f.id, f.userId FROM okta.users.factors f JOIN a ON a.i = f.userId ORDER BY 1

WITH a AS (SELECT id, row_number() OVER (ORDER BY created DESC, id) AS n FROM okta.users.users) SELECT a.n, f.factorType FROM a JOIN okta.users.factors f ON f.userId = a.id WHERE a.n <= 5 ORDER BY 1, f.id

WITH A AS (SELECT id AS Id FROM okta.groups.groups) SELECT a.ID FROM a ORDER BY 1

-- CTEs that refer to the query around them stay where they are written.
SELECT u.id, (WITH f AS (SELECT * FROM okta.users.factors x WHERE x.userId = u.id) SELECT count(*) FROM f) AS n FROM okta.users.users u ORDER BY 1

SELECT u.id, (WITH f AS (SELECT * FROM okta.users.factors x WHERE x.userId = u.id), g AS (SELECT id, status FROM f WHERE status = 'ACTIVE') SELECT group_concat(id) FROM (SELECT id FROM g ORDER BY id)) AS n FROM okta.users.users u ORDER BY 1

SELECT count(*) FROM okta.users.users u WHERE EXISTS (WITH f AS (SELECT id, userId AS k FROM okta.users.factors x WHERE x.userId = u.id) SELECT 1 FROM okta.users.factors z WHERE z.userId IN (SELECT k FROM f) AND z.userId = (SELECT max(k) FROM f))

WITH f AS (SELECT id FROM okta.users.users) SELECT f.id, (WITH f AS (SELECT 1 AS one WHERE outer_.id > @user5) SELECT count(*) FROM f) FROM f, f AS outer_ WHERE f.id = outer_.id ORDER BY 1

WITH RECURSIVE near(id, depth) AS (VALUES (@group0, 0) UNION SELECT x.id, depth + 1 FROM near
JOIN okta.groups.users m ON m.groupId = near.id JOIN okta.users.user_groups x ON x.userId = m.id WHERE depth < 2)
SELECT depth, id FROM near

WITH RECURSIVE near(id) AS (SELECT @group0 UNION SELECT x.id FROM near JOIN okta.groups.users m ON m.groupId = near.id
JOIN okta.users.user_groups x ON x.userId = m.id)
SELECT g.id, g.type, (SELECT count(*) FROM near) FROM okta.groups.groups g WHERE g.id IN (SELECT id FROM near)

WITH RECURSIVE near(id, kind) AS (SELECT @user0, 'user' UNION SELECT x.id, 'group' FROM near
JOIN okta.users.user_groups x ON x.userId = near.id WHERE kind = 'user' UNION SELECT m.id, 'user' FROM near
JOIN okta.groups.users m ON m.groupId = near.id WHERE kind = 'group') SELECT kind, count(*) FROM near GROUP BY kind

WITH RECURSIVE near(id, other) AS (SELECT @group1, NULL UNION SELECT m.id, f.id FROM near
JOIN okta.groups.users m ON m.groupId = near.id LEFT JOIN okta.users.factors f ON f.userId = m.id)
SELECT n.id, n.other, u.status FROM near n LEFT JOIN okta.users.users u ON u.id = n.id
