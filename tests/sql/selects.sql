-- One statement a paragraph. Each runs on the sandbox through the engine, and in plain SQLite over the same objects.
SELECT id, status FROM okta.users.users

SELECT status, count(*) AS n FROM okta.users.users GROUP BY status ORDER BY n DESC, 1

SELECT status, count(*) FROM okta.users.users GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 3

SELECT DISTINCT status FROM okta.users.users ORDER BY 1

SELECT id FROM okta.users.users ORDER BY id LIMIT 3 OFFSET 2

SELECT id FROM okta.users.users ORDER BY profile ->> 'login' DESC LIMIT 5

SELECT id FROM okta.users.users WHERE status = 'ACTIVE' OR status = 'STAGED' ORDER BY 1

SELECT id FROM okta.users.users WHERE NOT status = 'ACTIVE' ORDER BY 1

SELECT id FROM okta.users.users WHERE created BETWEEN '2024-01-01' AND '2026-01-01' ORDER BY id

SELECT id FROM okta.users.users WHERE status LIKE 'act%' ORDER BY id

SELECT id FROM okta.users.users WHERE lastLogin IS NULL ORDER BY id

SELECT id, CASE WHEN status = 'ACTIVE' THEN 'yes' ELSE 'no' END AS active FROM okta.users.users ORDER BY active, id

SELECT json_extract(profile, '$.department') AS d, count(*) FROM okta.users.users GROUP BY d ORDER BY d

SELECT max(created), min(created), count(DISTINCT status) FROM okta.users.users

SELECT id, row_number() OVER (PARTITION BY status ORDER BY id) AS r FROM okta.users.users ORDER BY id

SELECT id, rank() OVER w FROM okta.users.users WINDOW w AS (ORDER BY status) ORDER BY id

SELECT u.id, f.factorType FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id ORDER BY u.id, f.id

SELECT u.id, count(f.id) AS n FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id GROUP BY u.id HAVING count(f.id) = 0 ORDER BY 1

SELECT u.id FROM okta.users.users u WHERE NOT EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = u.id) ORDER BY 1

SELECT u.id FROM okta.users.users u WHERE u.id IN (SELECT f.userId FROM okta.users.factors f WHERE f.factorType = 'push') ORDER BY 1

SELECT u.id, (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id) AS n FROM okta.users.users u ORDER BY n DESC, u.id LIMIT 7

SELECT f.factorType, count(*) FROM okta.users.factors f GROUP BY 1 ORDER BY 1

SELECT userId, id FROM okta.users.factors ORDER BY userId, id LIMIT 10

SELECT g.id, count(m.id) FROM okta.groups.groups g LEFT JOIN okta.groups.users m ON m.groupId = g.id GROUP BY g.id ORDER BY g.id

WITH active AS (SELECT id FROM okta.users.users WHERE status = 'ACTIVE') SELECT a.id, f.id FROM active a JOIN okta.users.factors f ON f.userId = a.id ORDER BY 1, 2

WITH a AS (SELECT id FROM okta.users.users), b AS (SELECT id FROM a WHERE id > '00u') SELECT count(*) FROM a, b WHERE a.id = b.id

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT n.i, u.id FROM n JOIN (SELECT id, row_number() OVER (ORDER BY id) AS r FROM okta.users.users) u ON u.r = n.i ORDER BY 1

SELECT id FROM okta.users.users UNION SELECT id FROM okta.groups.groups ORDER BY id LIMIT 9

SELECT id FROM okta.users.users EXCEPT SELECT userId FROM okta.users.factors ORDER BY 1

SELECT userId FROM okta.users.factors INTERSECT SELECT id FROM okta.users.users WHERE status = 'ACTIVE' ORDER BY 1

SELECT status AS s, id FROM okta.users.users UNION ALL SELECT type, id FROM okta.groups.groups ORDER BY s, 2

SELECT a.id, b.id FROM okta.users.users a JOIN okta.users.users b ON a.status = b.status AND a.id < b.id WHERE a.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, g.id FROM okta.users.users u RIGHT JOIN okta.groups.groups g ON u.id = g.id ORDER BY g.id

SELECT count(*), count(u.id), count(g.id) FROM okta.users.users u FULL JOIN okta.groups.groups g ON u.id = g.id

SELECT count(*) FROM okta.users.users u CROSS JOIN okta.groups.groups g

SELECT count(*) FROM okta.users.users u, okta.groups.groups g WHERE u.created > g.created

SELECT u.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id JOIN okta.users.factors h ON h.userId = u.id AND h.id > f.id ORDER BY 1, f.id, h.id

SELECT d.s, d.n FROM (SELECT status AS s, count(*) AS n FROM okta.users.users GROUP BY status) d WHERE d.n > 1 ORDER BY d.s

SELECT d.id FROM (SELECT * FROM okta.groups.groups) d ORDER BY d.id

SELECT id FROM okta.users.users WHERE status = (SELECT status FROM okta.users.users GROUP BY status ORDER BY count(*) DESC LIMIT 1) ORDER BY 1

SELECT k.key, k.value FROM okta.groups.groups g, json_each(g.profile) k ORDER BY g.id, k.key

SELECT g.id, k.value FROM okta.groups.groups g LEFT JOIN json_each(g.objectClass) k ORDER BY g.id, k.key

SELECT id AS x FROM okta.groups.groups WHERE x > '00g' ORDER BY x

SELECT length(id) AS id FROM okta.groups.groups ORDER BY id

SELECT type, id FROM okta.groups.groups ORDER BY type COLLATE NOCASE DESC, id

SELECT group_concat(id, ',') FROM (SELECT id FROM okta.groups.groups ORDER BY id)

SELECT count(*) FILTER (WHERE status = 'ACTIVE'), sum(CASE status WHEN 'STAGED' THEN 1 END) FROM okta.users.users

SELECT u.id FROM okta.users.users u WHERE (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id) > 1 ORDER BY u.id

SELECT a.label, count(au.id) FROM okta.apps.applications a LEFT JOIN okta.apps.application_users au ON au.appId = a.id GROUP BY a.id ORDER BY a.id

SELECT a.label, au.id FROM okta.apps.applications a JOIN okta.apps.application_users au ON au.appId = a.id JOIN okta.users.users u ON u.id = au.id WHERE u.status = 'ACTIVE' ORDER BY a.id, au.id LIMIT 20

SELECT id FROM okta.users.users GROUP BY id HAVING max(created) > '2025' ORDER BY 1

SELECT 1 WHERE EXISTS (SELECT 1 FROM okta.users.users WHERE status = 'ACTIVE')

SELECT (SELECT id FROM okta.users.users ORDER BY id LIMIT 1), (SELECT count(*) FROM okta.groups.groups)

SELECT u.status, g.type, count(*) FROM okta.users.users u JOIN okta.groups.groups g ON true GROUP BY 1, 2 ORDER BY 1, 2

SELECT x.id, x.n FROM (SELECT u.id AS id, count(*) AS n FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id GROUP BY u.id) x LEFT JOIN okta.groups.groups g ON g.id = x.id ORDER BY x.n DESC, x.id

SELECT id FROM okta.users.users u WHERE EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = u.id AND f.status = 'ACTIVE' AND EXISTS (SELECT 1 FROM okta.users.factors h WHERE h.userId = f.userId AND h.id <> f.id)) ORDER BY 1

SELECT id, status IN ('ACTIVE', 'STAGED') AS known FROM okta.users.users ORDER BY id

SELECT upper(substr(id, 1, 3)) AS p, count(*) FROM okta.users.users GROUP BY p ORDER BY p

SELECT * FROM (SELECT id, status FROM okta.users.users) NATURAL JOIN (SELECT id FROM okta.users.users WHERE status = 'ACTIVE') ORDER BY id

SELECT id, a.status FROM okta.users.users a JOIN (SELECT id, status FROM okta.users.users) b USING (id, status) ORDER BY id

SELECT id FROM (SELECT id FROM okta.users.users WHERE status = 'ACTIVE') FULL JOIN (SELECT id FROM okta.groups.groups) USING (id) ORDER BY id

SELECT t.id FROM (okta.users.users t JOIN okta.groups.groups g ON t.created > g.created) LEFT JOIN okta.users.factors f ON f.userId = t.id ORDER BY t.id, g.id, f.id LIMIT 30

SELECT u.id, x.factorType FROM okta.users.users u LEFT JOIN (okta.users.factors x JOIN okta.users.users y ON y.id = x.userId) ON x.userId = u.id ORDER BY u.id, x.id
