-- Joins of every kind. One statement a paragraph.
SELECT u.id, f.id FROM okta.users.users u INNER JOIN okta.users.factors f ON u.id = f.userId ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT OUTER JOIN okta.users.factors f ON u.id = f.userId ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u RIGHT JOIN okta.users.factors f ON u.id = f.userId ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u FULL JOIN okta.users.factors f ON u.id = f.userId ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.factors f RIGHT JOIN okta.users.users u ON u.id = f.userId ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.factors f LEFT JOIN okta.users.users u ON u.id = f.userId AND u.status = 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON u.id = f.userId AND u.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON u.id = f.userId AND f.factorType = 'push' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON u.id = f.userId WHERE f.id IS NULL ORDER BY 1

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON u.id = f.userId WHERE f.factorType = 'push' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON u.id = f.userId AND f.factorType = 'push' WHERE f.id IS NULL AND u.status = 'ACTIVE' ORDER BY 1

SELECT u.id, f.id FROM okta.users.users u FULL JOIN okta.users.factors f ON u.id = f.userId AND f.factorType = 'push' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u FULL JOIN okta.users.factors f ON u.id = f.userId AND u.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u RIGHT JOIN okta.users.factors f ON u.id = f.userId AND u.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u RIGHT JOIN okta.users.factors f ON u.id = f.userId WHERE u.status = 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u, okta.users.factors f WHERE f.userId = u.id AND u.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.factors f, okta.users.users u WHERE u.id = f.userId ORDER BY 1, 2

SELECT u.id, g.id FROM okta.users.users u CROSS JOIN okta.groups.groups g WHERE u.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id, g.id FROM okta.users.users u, okta.users.factors f, okta.users.user_groups g WHERE f.userId = u.id AND g.userId = u.id ORDER BY 1, 2, 3

SELECT u.id, f.id, g.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id LEFT JOIN okta.users.user_groups g ON g.userId = u.id ORDER BY 1, 2, 3

SELECT f.userId, f.id, g.id FROM okta.users.factors f JOIN okta.users.user_groups g ON g.userId = f.userId ORDER BY 1, 2, 3

SELECT f.userId, g.userId, f.id, g.id FROM okta.users.factors f FULL JOIN okta.users.user_groups g ON g.userId = f.userId AND f.factorType = 'push' ORDER BY 1, 2, 3, 4

SELECT f.id, g.id FROM okta.users.factors f LEFT JOIN okta.users.user_groups g ON g.userId = f.userId AND g.type = 'BUILT_IN' ORDER BY 1, 2

SELECT a.id, b.id FROM okta.users.factors a JOIN okta.users.factors b ON a.userId = b.userId AND a.id < b.id ORDER BY 1, 2

SELECT a.id, b.id FROM okta.users.factors a LEFT JOIN okta.users.factors b ON a.userId = b.userId AND a.id < b.id ORDER BY 1, 2

SELECT a.id, b.id FROM okta.users.users a LEFT JOIN okta.users.users b ON a.status = b.status AND a.id <> b.id WHERE a.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, g.id, m.id FROM okta.users.users u JOIN (okta.groups.groups g JOIN okta.groups.users m ON m.groupId = g.id) ON m.id = u.id ORDER BY 1, 2

SELECT u.id, g.id, m.id FROM okta.users.users u LEFT JOIN (okta.groups.groups g JOIN okta.groups.users m ON m.groupId = g.id AND g.type = 'OKTA_GROUP') ON m.id = u.id ORDER BY 1, 2

SELECT u.id, g.id, m.id FROM okta.users.users u RIGHT JOIN (okta.groups.groups g LEFT JOIN okta.groups.users m ON m.groupId = g.id AND g.type = 'OKTA_GROUP') ON m.id = u.id AND u.status <> 'ACTIVE' ORDER BY 1, 2, 3

SELECT u.id, g.id, m.id FROM okta.users.users u FULL JOIN (okta.groups.groups g LEFT JOIN okta.groups.users m ON m.groupId = g.id AND m.status <> 'ACTIVE') ON m.id = u.id ORDER BY 1, 2, 3

SELECT x.id, y.id FROM (okta.groups.groups x LEFT JOIN okta.groups.users y ON y.groupId = x.id) RIGHT JOIN okta.users.users u ON u.id = y.id WHERE u.status <> 'ACTIVE' ORDER BY 1, 2, u.id

SELECT g.id, h.id, f.id FROM ((okta.groups.groups g JOIN okta.groups.users h ON h.groupId = g.id) LEFT JOIN okta.users.factors f ON f.userId = h.id AND f.factorType = 'push') ORDER BY 1, 2, 3

SELECT g.id, h.id, f.id FROM okta.groups.groups g LEFT JOIN (okta.groups.users h LEFT JOIN okta.users.factors f ON f.userId = h.id) ON h.groupId = g.id ORDER BY 1, 2, 3

SELECT g.id, a.id FROM okta.groups.groups g LEFT JOIN okta.apps.group_assignments a ON a.id = g.id ORDER BY 1, 2, a.appId

SELECT a.id, x.id, x.priority FROM okta.apps.applications a LEFT JOIN okta.apps.group_assignments x ON x.appId = a.id ORDER BY 1, 2

SELECT a.id, x.id, g.type FROM okta.apps.applications a LEFT JOIN okta.apps.group_assignments x ON x.appId = a.id LEFT JOIN okta.groups.groups g ON g.id = x.id ORDER BY 1, 2

SELECT a.id, x.groupId, g.type FROM okta.apps.applications a LEFT JOIN okta.apps.group_assignments x ON x.appId = a.id LEFT JOIN okta.groups.groups g ON g.id = x.groupId ORDER BY 1, 2

SELECT x.appId, x.groupId, m.id FROM okta.apps.group_assignments x JOIN okta.groups.users m ON m.groupId = x.groupId ORDER BY 1, 2, 3

SELECT x.appId, m.groupId, m.id FROM okta.apps.group_assignments x RIGHT JOIN okta.groups.users m ON m.groupId = x.groupId AND x.priority > 1 ORDER BY 1, 2, 3

SELECT s.name, p.id, r.id FROM okta.authorizationservers.authorization_servers s JOIN okta.authorizationservers.policies p ON p.authServerId = s.id JOIN okta.authorizationservers.rules r ON r.authServerId = s.id AND r.policyId = p.id ORDER BY s.id, p.id, r.id

SELECT s.name, p.id, r.id FROM okta.authorizationservers.authorization_servers s LEFT JOIN okta.authorizationservers.policies p ON p.authServerId = s.id AND p.priority > 40 LEFT JOIN okta.authorizationservers.rules r ON r.authServerId = s.id AND r.policyId = p.id ORDER BY s.id, p.id, r.id

SELECT p.id, r.id FROM okta.authorizationservers.policies p JOIN okta.authorizationservers.rules r ON r.policyId = p.id AND r.authServerId = p.authServerId ORDER BY 1, 2

SELECT p.id, r.id FROM okta.authorizationservers.policies p JOIN okta.authorizationservers.rules r ON r.policyId = p.id ORDER BY 1, 2

SELECT r.id, p.name FROM okta.authorizationservers.rules r LEFT JOIN okta.authorizationservers.policies p ON p.id = r.policyId AND p.authServerId = r.authServerId AND p.status = 'ACTIVE' ORDER BY 1

SELECT s.id, r.id FROM okta.authorizationservers.authorization_servers s JOIN okta.authorizationservers.rules r ON r.authServerId = s.id WHERE r.priority < 20 ORDER BY 1, 2

SELECT r.id, r.name, u.email FROM datadog.organization.roles r LEFT JOIN datadog.organization.role_users u ON u.role_id = r.id ORDER BY 1, 3

SELECT r.name, u.email, p.email FROM datadog.organization.roles r JOIN datadog.organization.role_users u ON u.role_id = r.id JOIN datadog.organization.users p ON p.id = u.id ORDER BY 1, 2

SELECT t.name, m.user_id, p.email FROM datadog.organization.teams t LEFT JOIN datadog.organization.team_memberships m ON m.team_id = t.id LEFT JOIN datadog.organization.users p ON p.id = m.user_id ORDER BY t.id, 2

SELECT o.id, d.id FROM okta.users.users o JOIN datadog.organization.users d ON d.email = o.profile ->> 'email' ORDER BY 1, 2

SELECT o.id, d.id FROM okta.users.users o LEFT JOIN datadog.organization.users d ON d.email = o.profile ->> 'email' ORDER BY 1, 2

SELECT o.id, d.id FROM okta.users.users o RIGHT JOIN datadog.organization.users d ON d.email = o.profile ->> 'email' ORDER BY 1, 2

SELECT o.id, d.id FROM okta.users.users o FULL JOIN datadog.organization.users d ON d.email = json_extract(o.profile, '$.email') ORDER BY 1, 2

SELECT o.id, d.mfa_enabled, f.factorType FROM okta.users.users o JOIN datadog.organization.users d ON d.email = o.profile ->> 'email' LEFT JOIN okta.users.factors f ON f.userId = o.id ORDER BY 1, 3, f.id

SELECT o.id, r.name FROM okta.users.users o JOIN datadog.organization.users d ON lower(d.email) = lower(o.profile ->> 'email') JOIN datadog.organization.role_users ru ON ru.id = d.id JOIN datadog.organization.roles r ON r.id = ru.role_id ORDER BY 1, 2

SELECT g.id, u.id, f.id, d.email FROM okta.groups.groups g JOIN okta.groups.users u ON u.groupId = g.id JOIN okta.users.factors f ON f.userId = u.id JOIN datadog.organization.users d ON d.email = u.profile ->> 'email' ORDER BY 1, 2, 3

SELECT * FROM (SELECT id, status FROM okta.users.users) a NATURAL LEFT JOIN (SELECT id, type FROM okta.groups.groups) b ORDER BY id

SELECT * FROM (SELECT id, status FROM okta.users.users WHERE status = 'ACTIVE') a NATURAL FULL JOIN (SELECT id, status AS s FROM okta.users.users WHERE status <> 'STAGED') b ORDER BY id

SELECT * FROM (SELECT id, status FROM okta.users.users WHERE status = 'ACTIVE') a NATURAL RIGHT JOIN (SELECT id, created FROM okta.users.users) b ORDER BY id

SELECT * FROM (SELECT id, status FROM okta.users.users) a JOIN (SELECT id, created FROM okta.users.users) b USING (id) JOIN (SELECT id, lastLogin FROM okta.users.users) c USING (id) ORDER BY id

SELECT id, a.id, b.id FROM (SELECT id FROM okta.users.users WHERE id < @user9) a FULL JOIN (SELECT id FROM okta.users.users WHERE id > @user5) b USING (id) ORDER BY 1

SELECT id, a.id, b.id FROM (SELECT id FROM okta.users.users WHERE id < @user9) a RIGHT JOIN (SELECT id FROM okta.users.users WHERE id > @user5) b USING (id) ORDER BY 1

SELECT id, count(*) FROM (SELECT id FROM okta.users.users WHERE id < @user9) a FULL JOIN (SELECT id FROM okta.users.users WHERE id > @user5) b USING (id) FULL JOIN (SELECT id FROM okta.groups.groups) c USING (id) GROUP BY id ORDER BY 1

SELECT userId, f.id, g.id FROM okta.users.factors f JOIN okta.users.user_groups g USING (userId) ORDER BY 1, 2, 3

SELECT appId, x.id, y.id FROM okta.apps.group_assignments x JOIN okta.apps.application_users y USING (appId) ORDER BY 1, 2, 3

SELECT authServerId, p.id, r.id FROM okta.authorizationservers.policies p JOIN okta.authorizationservers.rules r USING (authServerId) WHERE p.priority = r.priority ORDER BY 1, 2, 3

SELECT id, u.status, m.status FROM okta.users.users u JOIN okta.groups.users m USING (id) ORDER BY id, m.groupId

SELECT u.id FROM okta.users.users u JOIN okta.groups.users m USING (id, status) WHERE m.groupId = @group1 ORDER BY 1

SELECT count(*) FROM okta.users.users NATURAL JOIN (SELECT id FROM okta.groups.users WHERE groupId = @group0)

SELECT u.id, k.key, k.value FROM okta.users.users u JOIN json_each(u.profile) k WHERE k.key IN ('login', 'title') ORDER BY 1, 2

SELECT u.id, k.fullkey, k.atom FROM okta.users.users u, json_tree(u.credentials) k WHERE k.atom IS NOT NULL ORDER BY 1, 2

SELECT p.id, t.value FROM datadog.monitoring.monitors p, json_each(p.tags) t ORDER BY 1, t.key

SELECT t.value, count(*) FROM datadog.monitoring.monitors p, json_each(p.tags) t GROUP BY 1 ORDER BY 2 DESC, 1

SELECT g.id, c.value, u.id FROM okta.groups.groups g JOIN json_each(g.objectClass) c JOIN okta.groups.users u ON u.groupId = g.id ORDER BY 1, 2, 3

SELECT j.value, u.status FROM json_each('["' || @user0 || '","' || @user3 || '","nobody"]') j LEFT JOIN okta.users.users u ON u.id = j.value ORDER BY j.key

SELECT j.value, f.id FROM json_each('["' || @user0 || '","' || @user3 || '","nobody"]') j LEFT JOIN okta.users.factors f ON f.userId = j.value ORDER BY j.key, 2

SELECT v.column1, f.id FROM (VALUES (@user1), (@user2), (NULL)) v LEFT JOIN okta.users.factors f ON f.userId = v.column1 ORDER BY 1, 2

SELECT u.id, f.n FROM okta.users.users u JOIN (SELECT userId, count(*) AS n FROM okta.users.factors GROUP BY userId) f ON f.userId = u.id ORDER BY 1

SELECT u.id, f.n FROM okta.users.users u LEFT JOIN (SELECT userId AS who, count(*) AS n FROM okta.users.factors WHERE factorType <> 'push' GROUP BY who) f ON f.who = u.id ORDER BY 1

SELECT a.id, b.id FROM okta.users.users a JOIN okta.users.users b ON a.id = b.id OR a.status = 'STAGED' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id OR f.factorType = 'nothing' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId IN (u.id, @user0) WHERE u.status <> 'ACTIVE' ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId IS u.id ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId || '' = u.id ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id COLLATE NOCASE ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON (f.userId, f.status) = (u.id, u.status) ORDER BY 1, 2

SELECT u.id, f.id, r.name FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id LEFT JOIN datadog.organization.roles r ON r.user_count = length(f.factorType) ORDER BY 1, 2, 3

SELECT count(*) FROM okta.users.users a, okta.groups.groups b, okta.apps.applications c

SELECT count(*) FROM okta.users.users a JOIN okta.groups.groups b JOIN okta.apps.applications c ON a.created < b.created AND b.created < c.created

SELECT u.id FROM okta.users.users u LEFT JOIN okta.groups.groups g ON false WHERE g.id IS NULL AND u.status <> 'ACTIVE' ORDER BY 1

SELECT u.id, g.id FROM okta.groups.groups g RIGHT JOIN okta.users.users u ON true WHERE u.id = @user4 ORDER BY 2

SELECT a.id, b.id, c.id FROM okta.groups.groups a LEFT JOIN okta.groups.users b ON b.groupId = a.id FULL JOIN okta.users.users c ON c.id = b.id AND a.type = 'OKTA_GROUP' ORDER BY 1, 2, 3

SELECT a.id, b.id, c.id FROM okta.groups.groups a RIGHT JOIN okta.groups.users b ON b.groupId = a.id AND a.type = 'BUILT_IN' LEFT JOIN okta.users.users c ON c.id = b.id AND c.status <> 'ACTIVE' ORDER BY 1, 2, 3, b.groupId

-- What the right side of a join took for itself isn't asked of the left side's keys.
SELECT f.userId, m.id FROM okta.users.factors f INNER JOIN okta.groups.users m ON m.groupId = @group1 AND f.userId = m.id ORDER BY 1, 2

SELECT x.groupId, m.id FROM okta.groups.users m CROSS JOIN okta.apps.group_assignments x ON x.appId IN (@app0, @app1) AND m.groupId = x.id ORDER BY 1, 2

-- A condition on a parameter holds for the rows that were asked for by it, not for the NULLs of an outer join.
SELECT u.id AS x, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = x ORDER BY 1, 2

SELECT u.id, f.userId FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id WHERE f.userId IN (@user1) ORDER BY 1

SELECT u.id, f.userId FROM okta.users.factors f RIGHT JOIN okta.users.users u ON f.userId = u.id WHERE f.userId IN (@user1, @user5) ORDER BY 1

SELECT u.id, f.userId FROM okta.users.factors f FULL JOIN okta.users.users u ON f.userId = u.id AND u.status <> 'ACTIVE' WHERE f.userId IN (@user1, @user5) ORDER BY 1,2

SELECT u.id, f.userId FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id WHERE f.userId IN (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE') ORDER BY 1

SELECT u.id, f.userId FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id AND f.userId IN (@user1) ORDER BY 1

SELECT k.value, u.id FROM json_each((SELECT json_group_array(id) FROM okta.users.users WHERE status <> 'ACTIVE')) k JOIN okta.users.users u ON u.id = k.value ORDER BY 2

SELECT k.value, f.id FROM json_each((SELECT json_group_array(id) FROM okta.users.users WHERE status <> 'ACTIVE')) k JOIN okta.users.factors f ON f.userId = k.value ORDER BY 2

SELECT f.id FROM json_each('["", ".", "..", "x", null, 5, true]') k JOIN okta.users.factors f ON f.userId = k.value ORDER BY 1

SELECT f.id FROM (VALUES (''), ('.'), ('..'), ('a/b'), ('a?b'), ('%2e'), (@user1)) k JOIN okta.users.factors f ON f.userId = k.column1 ORDER BY 1

SELECT u.id FROM okta.users.users u LEFT JOIN (okta.groups.users m JOIN okta.groups.groups g ON g.id = m.groupId) ON m.id = u.id WHERE m.groupId IN (@group1) ORDER BY 1

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id WHERE m.groupId IN (@group1) OR m.groupId IS NULL ORDER BY 1, 2

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id WHERE (m.groupId, 1) IN (VALUES (@group1, 1)) ORDER BY 1, 2

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id WHERE m.groupId IS @group1 ORDER BY 1, 2

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id LEFT JOIN okta.apps.group_assignments a ON a.id = m.groupId WHERE a.appId IN (@app1) ORDER BY 1, 2

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id JOIN okta.apps.group_assignments a ON a.groupId = m.groupId AND m.groupId IN (@group1,@group2) ORDER BY 1, 2, a.id

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id JOIN okta.groups.groups g ON m.groupId = @group2 ORDER BY 1, 2

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id JOIN okta.groups.groups g ON m.groupId IN (@group2) ORDER BY 1, 2

SELECT u.id, m.groupId FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id RIGHT JOIN okta.groups.groups g ON m.groupId IN (@group2) ORDER BY 1, 2, g.id

SELECT u.id, m.groupId FROM okta.groups.users m FULL JOIN okta.users.users u ON m.id = u.id LEFT JOIN okta.groups.groups g ON m.groupId IN (@group2) ORDER BY 1, 2, g.id

SELECT u.id, m.groupId FROM okta.groups.users m RIGHT JOIN okta.users.users u ON m.id = u.id JOIN okta.groups.groups g ON m.groupId IN (@group2) ORDER BY 1, 2, g.id

-- What may hold for the NULLs of an outer join says nothing about the rows to read.
SELECT t4.id, t4.userId, t3.id FROM okta.apps.application_users t1 FULL JOIN okta.users.users t2 ON t2.id < t1.appId JOIN okta.apps.applications t3 ON t3.id = t1.appId RIGHT JOIN okta.users.user_groups t4 ON t2.id = t4.userId WHERE NOT (t3.id IS NOT NULL) ORDER BY 1, 2

SELECT g.id, u.id FROM okta.groups.groups g LEFT JOIN okta.groups.users m ON m.groupId = g.id RIGHT JOIN okta.users.users u ON u.id = m.id WHERE g.id IS NULL ORDER BY 2

SELECT g.id, u.id FROM (SELECT id FROM okta.groups.groups) g LEFT JOIN okta.groups.users m ON m.groupId = g.id RIGHT JOIN okta.users.users u ON u.id = m.id WHERE coalesce(g.id, 'none') = 'none' ORDER BY 2
