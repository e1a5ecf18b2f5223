-- Subqueries in every place.
SELECT id, (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id AND f.factorType = 'push') FROM okta.users.users u ORDER BY 1

SELECT id, (SELECT factorType FROM okta.users.factors f WHERE f.userId = u.id ORDER BY f.id LIMIT 1) FROM okta.users.users u ORDER BY 1

SELECT id, (SELECT factorType FROM okta.users.factors f WHERE f.userId = u.id ORDER BY f.id LIMIT 1 OFFSET 1) AS second FROM okta.users.users u WHERE second IS NOT NULL ORDER BY 1

SELECT id, EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = u.id) FROM okta.users.users u ORDER BY 1

SELECT id FROM okta.users.users u WHERE (SELECT max(f.created) FROM okta.users.factors f WHERE f.userId = u.id) > u.created ORDER BY 1

SELECT id FROM okta.users.users u ORDER BY (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id) DESC, id

SELECT status, count(*) FROM okta.users.users u GROUP BY status HAVING count(*) < (SELECT count(*) FROM okta.groups.groups) ORDER BY 1

SELECT groupId, count(*) FROM okta.groups.users GROUP BY groupId HAVING count(*) > (SELECT count(*) FROM okta.apps.applications a WHERE a.status = 'ACTIVE') ORDER BY 1

SELECT id FROM okta.users.users WHERE id NOT IN (SELECT userId FROM okta.users.factors) ORDER BY 1

SELECT id FROM okta.users.users WHERE id NOT IN (SELECT userId FROM okta.users.factors WHERE factorType = 'push') ORDER BY 1

SELECT id FROM okta.users.users WHERE lastLogin NOT IN (SELECT lastLogin FROM okta.users.users WHERE status <> 'ACTIVE') ORDER BY 1

SELECT id FROM okta.users.users WHERE id NOT IN (SELECT lastLogin FROM okta.users.users WHERE status <> 'ACTIVE' AND lastLogin IS NOT NULL) ORDER BY 1

SELECT id FROM okta.users.users WHERE id NOT IN (SELECT realmId FROM okta.users.users) ORDER BY 1

SELECT id FROM okta.users.users WHERE id NOT IN (SELECT realmId FROM okta.users.users WHERE false) ORDER BY 1

SELECT id FROM okta.users.users WHERE id IN (SELECT id FROM okta.groups.users WHERE groupId = @group1) ORDER BY 1

SELECT id FROM okta.users.users WHERE id IN (SELECT id FROM okta.groups.users WHERE groupId IN (SELECT id FROM okta.groups.groups WHERE type = 'OKTA_GROUP')) ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId IN (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE') ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId IN (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE') AND factorType IN (SELECT factorType FROM okta.users.factors WHERE userId = @user0) ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId NOT IN (SELECT id FROM okta.users.users WHERE status = 'ACTIVE') ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId IN (@user0, @user1, @user1, 'nobody') ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId IN () ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId NOT IN (@user0, @user1) ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId IN (VALUES (@user0), (@user2)) ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId = (SELECT id FROM okta.users.users ORDER BY id LIMIT 1) ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId = (SELECT min(userId) FROM okta.users.factors) ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId = (SELECT id FROM okta.users.users WHERE false) ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId > @user20 ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId BETWEEN @user3 AND @user6 ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId LIKE '00u%' AND userId <> @user3 ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId = @user0 OR factorType = 'push' ORDER BY 1

SELECT id FROM okta.users.factors WHERE NOT userId = @user0 ORDER BY 1

SELECT id FROM okta.users.factors WHERE userId IS NULL

SELECT id FROM okta.users.factors WHERE userId = NULL

SELECT id FROM okta.users.factors WHERE userId = @user0 AND userId = @user1

SELECT id, userId FROM okta.users.factors WHERE @user2 = userId ORDER BY 1

SELECT u.id FROM okta.users.users u WHERE EXISTS (SELECT 1 FROM okta.groups.users m WHERE m.id = u.id AND m.groupId = @group2) ORDER BY 1

SELECT u.id FROM okta.users.users u WHERE NOT EXISTS (SELECT 1 FROM okta.groups.users m WHERE m.id = u.id AND m.groupId <> @group2) ORDER BY 1

SELECT g.id FROM okta.groups.groups g WHERE EXISTS (SELECT 1 FROM okta.groups.users m WHERE m.groupId = g.id AND m.status <> 'ACTIVE') ORDER BY 1

SELECT g.id FROM okta.groups.groups g WHERE NOT EXISTS (SELECT 1 FROM okta.groups.users m JOIN okta.users.factors f ON f.userId = m.id WHERE m.groupId = g.id AND f.factorType = 'call') ORDER BY 1

SELECT a.id FROM okta.apps.applications a WHERE EXISTS (SELECT 1 FROM okta.apps.group_assignments x WHERE x.appId = a.id AND EXISTS (SELECT 1 FROM okta.groups.users m WHERE m.groupId = x.id AND m.status <> 'ACTIVE')) ORDER BY 1

SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id AND f.created = (SELECT max(h.created) FROM okta.users.factors h WHERE h.userId = u.id) ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id AND EXISTS (SELECT 1 FROM okta.users.user_groups g WHERE g.userId = u.id AND g.type = 'OKTA_GROUP') ORDER BY 1, 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id AND f.id NOT IN (SELECT id FROM okta.users.factors WHERE factorType = 'push') ORDER BY 1, 2

SELECT p.id FROM okta.authorizationservers.policies p WHERE p.id IN (SELECT r.policyId FROM okta.authorizationservers.rules r WHERE r.authServerId = p.authServerId AND r.priority > 30) ORDER BY 1

SELECT r.id FROM okta.authorizationservers.rules r, okta.authorizationservers.policies p WHERE p.id IN (SELECT s.name FROM datadog.organization.roles s WHERE r.status = 'ACTIVE') ORDER BY 1

SELECT r.id, p.id FROM okta.authorizationservers.rules r, okta.authorizationservers.policies p WHERE p.id IN (SELECT q.policyId FROM okta.authorizationservers.rules q WHERE q.id = r.id) ORDER BY 1

SELECT (SELECT count(*) FROM okta.users.users), (SELECT count(*) FROM okta.users.factors), (SELECT max(name) FROM datadog.organization.roles)

SELECT (SELECT group_concat(id) FROM (SELECT f.id FROM okta.users.factors f WHERE f.userId = u.id ORDER BY f.id)) FROM okta.users.users u ORDER BY u.id

SELECT d.id, d.n FROM (SELECT u.id, (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id) AS n FROM okta.users.users u) d WHERE d.n BETWEEN 1 AND 2 ORDER BY 1

SELECT x.id FROM (SELECT * FROM (SELECT id, status FROM okta.users.users WHERE status <> 'ACTIVE') y) x ORDER BY 1

SELECT status FROM (SELECT status, count(*) AS n FROM okta.users.users GROUP BY status ORDER BY n DESC, status LIMIT 2) ORDER BY 1

SELECT id, (SELECT count(*) FROM okta.users.users v WHERE v.created < u.created) AS earlier FROM okta.users.users u ORDER BY earlier, id

SELECT id FROM okta.users.users u WHERE created = (SELECT min(created) FROM okta.users.users v WHERE v.status = u.status) ORDER BY 1

SELECT id FROM okta.users.users u WHERE (u.id, u.status) IN (SELECT m.id, m.status FROM okta.groups.users m WHERE m.groupId = @group3) ORDER BY 1

SELECT id FROM okta.users.users WHERE (SELECT 1) AND NOT (SELECT NULL IS NOT NULL) AND status <> 'ACTIVE' ORDER BY 1

SELECT CASE WHEN EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = u.id AND f.factorType = 'push') THEN 'push' WHEN EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = u.id) THEN 'other' ELSE 'none' END AS kind, count(*) FROM okta.users.users u GROUP BY kind ORDER BY 1

SELECT u.id FROM okta.users.users u WHERE u.profile ->> 'email' IN (SELECT email FROM datadog.organization.users WHERE NOT disabled) ORDER BY 1

SELECT u.id FROM okta.users.users u WHERE u.profile ->> 'email' NOT IN (SELECT email FROM datadog.organization.users) ORDER BY 1

SELECT d.email FROM datadog.organization.users d WHERE NOT EXISTS (SELECT 1 FROM okta.users.users u WHERE u.profile ->> 'email' = d.email) ORDER BY 1

SELECT d.email, (SELECT u.status FROM okta.users.users u WHERE u.profile ->> 'email' = d.email) AS status FROM datadog.organization.users d ORDER BY 1

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.priority = (SELECT max(priority) FROM datadog.monitoring.monitors) ORDER BY 1

SELECT m.id, (SELECT count(*) FROM json_each(m.tags)) FROM datadog.monitoring.monitors m ORDER BY 1

SELECT m.id FROM datadog.monitoring.monitors m WHERE EXISTS (SELECT 1 FROM json_each(m.tags) t WHERE t.value LIKE 'env:%') ORDER BY 1

SELECT id FROM okta.users.users u WHERE id IN (SELECT f.userId FROM okta.users.factors f WHERE f.userId = u.id) ORDER BY 1

SELECT id FROM okta.users.users u WHERE 2 <= (SELECT count(*) FROM okta.users.user_groups g WHERE g.userId = u.id) ORDER BY 1

SELECT t.id FROM datadog.organization.teams t WHERE t.id IN (SELECT m.team_id FROM datadog.organization.team_memberships m) ORDER BY 1

SELECT t.id FROM datadog.organization.teams t WHERE t.id NOT IN (SELECT m.team_id FROM datadog.organization.team_memberships m) ORDER BY 1
