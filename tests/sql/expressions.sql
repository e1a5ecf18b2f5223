-- Expressions, affinity, ordering, limits, names, parameters.
SELECT id FROM okta.users.users ORDER BY lastLogin NULLS FIRST, id

SELECT id FROM okta.users.users ORDER BY lastLogin DESC NULLS LAST, id

SELECT id, lastLogin FROM okta.users.users ORDER BY lastLogin NULLS LAST, id LIMIT 5

SELECT id FROM okta.users.users ORDER BY length(status) DESC, status, id DESC LIMIT 12

SELECT id AS x FROM okta.users.users ORDER BY x DESC LIMIT 4

SELECT id AS status, status AS id FROM okta.users.users ORDER BY status LIMIT 5

SELECT id, status AS id FROM okta.users.users ORDER BY 1 LIMIT 5

SELECT upper(status) AS status FROM okta.users.users WHERE status = 'ACTIVE' ORDER BY status LIMIT 3

SELECT id, length(id) + 1 AS n FROM okta.groups.groups WHERE n > 5 ORDER BY n, id

SELECT status AS s FROM okta.users.users GROUP BY s HAVING s > 'B' ORDER BY s

SELECT id FROM okta.users.users ORDER BY id LIMIT 0

SELECT id FROM okta.users.users ORDER BY id LIMIT -1 OFFSET 30

SELECT id FROM okta.users.users ORDER BY id LIMIT 2, 3

SELECT id FROM okta.users.users ORDER BY id LIMIT 3 OFFSET 1000

SELECT id FROM okta.users.users ORDER BY id LIMIT (SELECT count(*) FROM okta.groups.groups)

SELECT id FROM okta.users.users ORDER BY id LIMIT 2 + 2 OFFSET 1 + 1

SELECT count(*) FROM (SELECT id FROM okta.users.users LIMIT 7)

SELECT count(*) FROM (SELECT id FROM okta.users.users LIMIT 7 OFFSET 35)

SELECT count(*) FROM (SELECT f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id LIMIT 5)

SELECT id FROM okta.users.users WHERE id = @user3

SELECT id FROM okta.users.users WHERE id IN (@user3, @user5, 'nobody') ORDER BY 1

SELECT id FROM okta.users.users WHERE id = @user3 AND status = 'nothing'

SELECT id FROM okta.users.users WHERE id = @user3 OR id = @user5 ORDER BY 1

SELECT id FROM okta.users.users WHERE id = 'nobody'

SELECT id FROM okta.users.users WHERE id = upper(@user3)

SELECT id FROM okta.users.users WHERE id = upper(@user3) COLLATE NOCASE

SELECT id FROM okta.users.users WHERE id COLLATE NOCASE = lower(@user3)

SELECT id FROM okta.groups.groups WHERE groupId = @group2

SELECT groupId, id FROM okta.groups.groups WHERE groupId IN (@group2, @group3) ORDER BY 1

SELECT groupId FROM okta.groups.groups ORDER BY 1

SELECT appId, label FROM okta.apps.applications WHERE appId > @app1 ORDER BY appId

SELECT role_id, name FROM datadog.organization.roles ORDER BY role_id

SELECT monitor_id, id FROM datadog.monitoring.monitors ORDER BY monitor_id DESC LIMIT 4

SELECT userId, appId FROM okta.apps.application_users WHERE userId = @user2 ORDER BY 2

SELECT id, userId, appId FROM okta.apps.application_users WHERE appId = @app0 AND userId = @user2

SELECT appId, groupId, priority FROM okta.apps.group_assignments ORDER BY 1, 2

SELECT policyId, name FROM okta.authorizationservers.policies WHERE authServerId = @server1 ORDER BY policyId

SELECT ruleId, policyId FROM okta.authorizationservers.rules WHERE authServerId = @server1 ORDER BY ruleId LIMIT 9

SELECT id, policyId FROM okta.authorizationservers.rules WHERE policyId = @policy3 ORDER BY 1

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.id = @monitor2

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.id = '@monitor2'

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.id = @monitor2 || ''

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.id = @monitor2 + 0.0

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.id = @monitor2 + 0.5

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.id = 'abc'

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.id IN (@monitor0, '@monitor1', 'x', NULL) ORDER BY 1

SELECT m.id FROM datadog.monitoring.monitors m WHERE m.monitor_id = CAST(@monitor2 AS TEXT)

SELECT id FROM datadog.monitoring.monitors WHERE priority = '2' ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE priority = 2.0 ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE priority > '1' ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE priority || '' > 1 ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE multi ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE NOT multi ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE multi = 1 ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE multi = true AND restricted IS NOT true ORDER BY 1

SELECT id FROM datadog.monitoring.monitors WHERE multi IS FALSE ORDER BY 1

SELECT typeof(id), typeof(multi), typeof(priority), typeof(name), typeof(tags), typeof(options), typeof(created_at) FROM datadog.monitoring.monitors ORDER BY id

SELECT id + 1, id * 2, id / 7, id % 7, -id, id || 'x' FROM datadog.monitoring.monitors ORDER BY 1

SELECT name FROM datadog.monitoring.monitors WHERE name LIKE '%a%' ORDER BY 1

SELECT name FROM datadog.monitoring.monitors WHERE name = (SELECT name FROM datadog.monitoring.monitors ORDER BY id LIMIT 1)

SELECT email FROM datadog.organization.users WHERE mfa_enabled AND NOT service_account ORDER BY 1

SELECT email, CASE mfa_enabled WHEN 1 THEN 'on' WHEN 0 THEN 'off' ELSE 'unknown' END FROM datadog.organization.users ORDER BY 1

SELECT email, iif(last_login_time IS NULL, 'never', substr(last_login_time, 1, 10)) FROM datadog.organization.users ORDER BY 1

SELECT id FROM okta.users.users WHERE status IN ('ACTIVE', NULL) ORDER BY 1

SELECT id FROM okta.users.users WHERE status NOT IN ('ACTIVE', NULL) ORDER BY 1

SELECT id FROM okta.users.users WHERE status IS NOT 'ACTIVE' ORDER BY 1

SELECT id FROM okta.users.users WHERE status IS DISTINCT FROM 'ACTIVE' ORDER BY 1

SELECT id FROM okta.users.users WHERE status = 'active' COLLATE NOCASE AND created > '2024' ORDER BY 1

SELECT id FROM okta.users.users WHERE status GLOB 'A*' AND status NOT LIKE '%x' ORDER BY 1

SELECT id FROM okta.users.users WHERE lastLogin ISNULL OR lastLogin NOTNULL ORDER BY 1

SELECT id FROM okta.users.users WHERE created NOT BETWEEN '2023' AND '2025' ORDER BY 1

SELECT id, CAST(substr(created, 1, 4) AS INTEGER) AS y FROM okta.users.users WHERE y % 2 = 0 ORDER BY 1

SELECT id, strftime('%Y-%m', created), julianday(lastLogin) > julianday(created) FROM okta.users.users ORDER BY 1

SELECT id, profile ->> '$.login', profile -> 'title', json_extract(profile, '$.city', '$.state') FROM okta.users.users ORDER BY 1

SELECT id, json_type(profile, '$.login'), json_valid(profile), profile ->> 'nothing' FROM okta.users.users ORDER BY 1

SELECT profile ->> 'department' AS d, count(*) FROM okta.users.users WHERE d IS NOT NULL GROUP BY d ORDER BY 2 DESC, 1

SELECT id FROM okta.users.users WHERE profile LIKE '%Engineering%' ORDER BY 1

SELECT id || ':' || status, status || NULL, coalesce(lastLogin, created) FROM okta.users.users ORDER BY 1

SELECT u.*, 1 AS one FROM okta.users.users u WHERE u.status <> 'ACTIVE' ORDER BY u.id

SELECT * FROM okta.users.users ORDER BY id LIMIT 3

SELECT * FROM datadog.monitoring.monitors ORDER BY id

SELECT * FROM datadog.organization.roles ORDER BY id

SELECT * FROM okta.groups.users WHERE status <> 'ACTIVE' ORDER BY id, created

SELECT okta.users.users.id FROM okta.users.users ORDER BY okta.users.users.id LIMIT 3

SELECT U.ID, u.Status FROM okta.users.users u ORDER BY 1 LIMIT 3

SELECT "id", [status], `created` FROM okta.users.users ORDER BY "id" LIMIT 3

SELECT 1 FROM okta.groups.groups

SELECT 'a' WHERE 1 = 0

SELECT 1, NULL, 'x', 2.5, x'00ff'

SELECT id FROM okta.groups.groups WHERE (1, id) = (1, @group1)

SELECT id FROM okta.groups.groups WHERE (type, id) > ('OKTA_GROUP', @group2) ORDER BY 1

SELECT "default", count(*) FROM okta.authorizationservers.authorization_servers GROUP BY 1 ORDER BY 1

--? ["ACTIVE"]
SELECT id FROM okta.users.users WHERE status = ? ORDER BY 1

--? {"s": "ACTIVE", "n": 3}
SELECT id FROM okta.users.users WHERE status = :s ORDER BY 1 LIMIT :n

--? [@user0, @user1]
SELECT id, userId FROM okta.users.factors WHERE userId IN (?, ?) ORDER BY 1

--? {"who": @user2}
SELECT id, userId FROM okta.users.factors WHERE userId = :who ORDER BY 1

--? {"who": @user2}
SELECT id FROM okta.users.users WHERE id = :who UNION ALL SELECT id FROM okta.users.factors WHERE userId = :who ORDER BY 1

--? [@user1, 2]
SELECT f.id, ?1 FROM okta.users.factors f WHERE f.userId = ?1 ORDER BY 1 LIMIT ?2

--? [null]
SELECT id FROM okta.users.factors WHERE userId = ?

--? [@group1, "ACTIVE", 4]
SELECT m.id, f.id FROM okta.groups.users m LEFT JOIN okta.users.factors f ON f.userId = m.id WHERE m.groupId = ? AND m.status = ? ORDER BY 1, 2 LIMIT ?

--? [@monitor1]
SELECT name FROM datadog.monitoring.monitors WHERE id = ?

--? {"k": "x"}
SELECT id FROM okta.users.users WHERE :k IS NOT NULL AND status <> 'ACTIVE' ORDER BY 1

-- Aliases where columns have the same name.
SELECT length(id) AS status, count(*) FROM okta.users.users GROUP BY status ORDER BY 1, 2

SELECT length(status) AS status, id FROM okta.users.users WHERE status > 'A' ORDER BY status, id

SELECT length(status) AS status, id FROM okta.users.users ORDER BY status + 1, id

SELECT id AS x FROM okta.users.users u WHERE EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = x) ORDER BY 1

SELECT status, (SELECT count(u.id)) FROM okta.users.users u GROUP BY status ORDER BY 1

SELECT max(id) FROM okta.users.users HAVING count(*) > 2

SELECT id FROM okta.users.users ORDER BY row_number() OVER (ORDER BY id DESC)

SELECT id FROM datadog.monitoring.monitors WHERE id = x'00'

SELECT a.id FROM datadog.monitoring.monitors a JOIN (SELECT id || ' ' AS i FROM datadog.monitoring.monitors) b ON a.id = b.i ORDER BY 1

SELECT count(*) FROM okta.apps.group_assignments x FULL JOIN okta.apps.application_users y USING (appId) WHERE appId = @app1
