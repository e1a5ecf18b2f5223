-- Aggregates and windows.
SELECT count(*), count(lastLogin), count(DISTINCT status), count(realmId), min(created), max(created) FROM okta.users.users

SELECT count(*) FROM okta.users.users WHERE false

SELECT max(id), sum(1), total(1), avg(1) FROM okta.users.users WHERE status = 'nothing'

SELECT status FROM okta.users.users GROUP BY status HAVING count(*) = 1 ORDER BY 1

SELECT status AS s, count(*) AS n FROM okta.users.users GROUP BY s HAVING n > 1 ORDER BY n DESC, s

SELECT substr(created, 1, 4) AS year, status, count(*) FROM okta.users.users GROUP BY year, status ORDER BY 1, 2

SELECT factorType, status, count(*) FROM okta.users.factors GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2

SELECT userId, count(*) FILTER (WHERE factorType = 'push'), count(*) FILTER (WHERE factorType <> 'push') FROM okta.users.factors GROUP BY userId ORDER BY 1

SELECT userId, max(created), min(created) FROM okta.users.factors GROUP BY userId ORDER BY 1

SELECT group_concat(id, '|' ORDER BY id DESC) FROM okta.groups.groups

SELECT string_agg(factorType, ',' ORDER BY factorType, id) FROM okta.users.factors GROUP BY userId ORDER BY userId

SELECT json_group_array(id ORDER BY id) FROM okta.groups.groups

SELECT group_concat(DISTINCT type) FROM okta.groups.groups WHERE type = 'OKTA_GROUP'

SELECT json_group_object(id, type ORDER BY id) FROM okta.groups.groups

SELECT sum(priority), avg(priority), total(priority), max(priority) - min(priority) FROM okta.authorizationservers.policies

SELECT authServerId, sum(priority), count(*) FROM okta.authorizationservers.rules GROUP BY authServerId ORDER BY 1

SELECT sum(mfa_enabled), sum(disabled), avg(verified), max(service_account) FROM datadog.organization.users

SELECT mfa_enabled, count(*) FROM datadog.organization.users GROUP BY mfa_enabled ORDER BY 1

SELECT system, status, count(*), sum(priority) FROM okta.authorizationservers.rules GROUP BY system, status ORDER BY 1, 2

SELECT max(id), min(id), sum(multi) FROM datadog.monitoring.monitors

SELECT overall_state, count(*), max(priority) FROM datadog.monitoring.monitors GROUP BY 1 ORDER BY 1

SELECT coalesce(priority, 0) AS p, count(*) FROM datadog.monitoring.monitors GROUP BY p ORDER BY p

SELECT r.name, count(u.id), sum(u.mfa_enabled), r.user_count FROM datadog.organization.roles r LEFT JOIN datadog.organization.role_users u ON u.role_id = r.id GROUP BY r.id ORDER BY 1

SELECT r.name FROM datadog.organization.roles r LEFT JOIN datadog.organization.role_users u ON u.role_id = r.id GROUP BY r.id HAVING count(u.id) = 0 ORDER BY 1

SELECT g.type, count(DISTINCT m.id), count(m.id), count(DISTINCT m.status) FROM okta.groups.groups g JOIN okta.groups.users m ON m.groupId = g.id GROUP BY g.type ORDER BY 1

SELECT count(DISTINCT u.id), count(DISTINCT f.id), count(DISTINCT g.id) FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id LEFT JOIN okta.users.user_groups g ON g.userId = u.id

SELECT DISTINCT factorType, provider FROM okta.users.factors ORDER BY 1, 2

SELECT DISTINCT u.status, f.factorType FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id ORDER BY 1, 2

SELECT count(DISTINCT factorType || provider) FROM okta.users.factors WHERE userId < @user9

SELECT length(label) % 3 AS k, min(label), max(label) FROM okta.apps.applications GROUP BY k ORDER BY k

SELECT max(n) FROM (SELECT count(*) AS n FROM okta.users.factors GROUP BY userId)

SELECT n, count(*) FROM (SELECT count(f.id) AS n FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id GROUP BY u.id) GROUP BY n ORDER BY n

SELECT status FROM okta.users.users GROUP BY status ORDER BY count(*) DESC, status LIMIT 2

SELECT status, count(*) FROM okta.users.users GROUP BY 1 ORDER BY max(created), 1

SELECT userId FROM okta.users.factors GROUP BY userId HAVING count(DISTINCT factorType) > 2 AND max(created) > '2024' ORDER BY 1

SELECT id, row_number() OVER (ORDER BY created, id) FROM okta.users.users ORDER BY id

SELECT id, rank() OVER (ORDER BY status), dense_rank() OVER (ORDER BY status), percent_rank() OVER (ORDER BY status), cume_dist() OVER (ORDER BY status) FROM okta.users.users ORDER BY id

SELECT id, ntile(4) OVER (ORDER BY id), lag(id) OVER (ORDER BY id), lead(id, 2, 'end') OVER (ORDER BY id) FROM okta.users.users ORDER BY id

SELECT userId, id, first_value(factorType) OVER w, last_value(factorType) OVER w, nth_value(factorType, 2) OVER w FROM okta.users.factors WINDOW w AS (PARTITION BY userId ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ORDER BY 1, 2

SELECT id, count(*) OVER (PARTITION BY status ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM okta.users.users ORDER BY id

SELECT id, sum(priority) OVER (PARTITION BY authServerId ORDER BY id) FROM okta.authorizationservers.policies ORDER BY id

SELECT id, sum(priority) OVER (ORDER BY priority RANGE BETWEEN 5 PRECEDING AND 5 FOLLOWING) FROM okta.authorizationservers.policies ORDER BY id

SELECT id, count(*) OVER (ORDER BY priority GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM okta.authorizationservers.policies ORDER BY id

SELECT id, count(*) FILTER (WHERE mfa_enabled) OVER (ORDER BY id) FROM datadog.organization.users ORDER BY id

SELECT id, group_concat(status, ',') OVER (ORDER BY id ROWS 2 PRECEDING) FROM okta.users.users ORDER BY id

SELECT status, count(*), rank() OVER (ORDER BY count(*) DESC) FROM okta.users.users GROUP BY status ORDER BY 1

SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY status ORDER BY created DESC, id) AS n FROM okta.users.users) WHERE n = 1 ORDER BY 1

SELECT userId, factorType FROM (SELECT userId, factorType, row_number() OVER (PARTITION BY userId ORDER BY created, id) AS n FROM okta.users.factors) WHERE n = 2 ORDER BY 1

SELECT g.id, m.id, count(*) OVER (PARTITION BY g.id), rank() OVER (PARTITION BY g.id ORDER BY m.created DESC) FROM okta.groups.groups g JOIN okta.groups.users m ON m.groupId = g.id ORDER BY 1, 2

SELECT id, sum(count(*)) OVER (ORDER BY id) FROM okta.groups.users GROUP BY id ORDER BY 1

SELECT id, rank() OVER win AS r FROM okta.groups.groups WINDOW base AS (PARTITION BY type), win AS (base ORDER BY id) ORDER BY r, id

SELECT max(f.created) OVER (PARTITION BY u.status), u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id ORDER BY 2, 3
