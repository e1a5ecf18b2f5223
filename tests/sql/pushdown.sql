SELECT id, status FROM okta.users.users WHERE status = 'ACTIVE'

SELECT id, status FROM okta.users.users WHERE status = 'active'

SELECT id, status FROM okta.users.users WHERE status = 'active' COLLATE NOCASE

SELECT id, status FROM okta.users.users WHERE status IN ('ACTIVE', 'DEPROVISIONED', 'no such status')

SELECT id, status FROM okta.users.users WHERE status <> 'ACTIVE'

SELECT id, status FROM okta.users.users WHERE NOT status = 'ACTIVE'

SELECT id, status FROM okta.users.users WHERE status = 'DEPROVISIONED'

SELECT id, status FROM okta.users.users WHERE status = 'ACTIVE' OR status = 'SUSPENDED'

SELECT id, status FROM okta.users.users WHERE status = 'ACTIVE' OR length(id) = 20

SELECT id, status FROM okta.users.users WHERE status = 'ACTIVE' OR lastLogin IS NULL

SELECT id, status FROM okta.users.users WHERE status = 'ACTIVE' AND status = 'SUSPENDED'

SELECT id, status FROM okta.users.users WHERE status = NULL

SELECT id, status FROM okta.users.users WHERE status IS 'ACTIVE'

SELECT id, status FROM okta.users.users WHERE status IN ('ACTIVE', NULL)

SELECT id FROM okta.users.users WHERE status NOT IN ('ACTIVE', 'DEPROVISIONED')

SELECT id FROM okta.users.users WHERE status = 'ACTIVE' || ''

SELECT id FROM okta.users.users WHERE status = 'ACT' || 'IVE' AND id > ''

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated > '2026-06-01T00:00:00.000Z'

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated > '2026-06-01'

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated >= '2026-06-01' AND lastUpdated < '2026-10-01'

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated BETWEEN '2026-06-01T00:00:00Z' AND '2026-10-01T00:00:00Z'

SELECT id, lastUpdated FROM okta.users.users WHERE '2026-06-01' < lastUpdated

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated < 'yesterday'

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated > '2026-13-45'

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated > 20260601

SELECT id, lastUpdated FROM okta.users.users WHERE lastUpdated = (SELECT max(lastUpdated) FROM okta.users.users)

SELECT id FROM okta.users.users WHERE lastUpdated > datetime('now', '-200 days')

SELECT id FROM okta.users.users WHERE datetime(lastUpdated) < datetime('now', '-200 days')

SELECT id FROM okta.users.users WHERE created >= '2025-01-01' AND status = 'ACTIVE'

SELECT id FROM okta.users.users WHERE id = @user3

SELECT id FROM okta.users.users WHERE id IN (@user3, @user4, 'no such id')

SELECT id FROM okta.users.users WHERE id = 'x" or status eq "ACTIVE'

SELECT id FROM okta.users.users WHERE profile ->> 'login' = (SELECT min(profile ->> 'login') FROM okta.users.users)

SELECT id FROM okta.users.users WHERE profile ->> 'email' = 'nobody@acme.example'

SELECT id FROM okta.users.users WHERE profile ->> '$.firstName' = 'Nobody' OR profile ->> '$.department' = 'Support'

SELECT id FROM okta.users.users WHERE upper(status) = 'ACTIVE'

SELECT status, count(*) FROM okta.users.users WHERE status = 'ACTIVE' GROUP BY status

SELECT count(*) FILTER (WHERE status = 'ACTIVE'), count(*) FROM okta.users.users

SELECT id FROM okta.users.users WHERE status = 'ACTIVE' ORDER BY id LIMIT 3

SELECT count(*) FROM (SELECT id FROM okta.users.users WHERE status = 'ACTIVE' LIMIT 3)

SELECT count(*) FROM (SELECT id FROM okta.users.users WHERE status = 'ACTIVE' LIMIT 3 OFFSET 5)

SELECT count(*) FROM (SELECT id FROM okta.users.users WHERE status = 'DEPROVISIONED' LIMIT 1)

SELECT a.id, b.id FROM okta.users.users a JOIN okta.users.users b ON a.id = b.id WHERE a.status = 'ACTIVE'

SELECT a.id, b.id FROM okta.users.users a LEFT JOIN okta.users.users b ON a.id = b.id AND b.status = 'ACTIVE'

SELECT a.id, b.id FROM okta.users.users a LEFT JOIN okta.users.users b ON a.id = b.id WHERE b.status = 'ACTIVE'

SELECT a.id, b.id FROM okta.users.users a LEFT JOIN okta.users.users b ON a.id = b.id AND b.status = 'ACTIVE' WHERE b.id IS NULL

SELECT a.id, b.id FROM okta.users.users a FULL JOIN okta.users.users b ON a.id = b.id AND a.status = 'ACTIVE' AND b.status = 'SUSPENDED'

SELECT a.id, b.id FROM okta.users.users a RIGHT JOIN okta.users.users b ON a.id = b.id AND a.status = 'ACTIVE'

SELECT id FROM okta.users.users WHERE status = 'ACTIVE' UNION SELECT id FROM okta.users.users WHERE status = 'SUSPENDED'

SELECT id FROM okta.users.users EXCEPT SELECT id FROM okta.users.users WHERE status = 'ACTIVE'

WITH u AS (SELECT * FROM okta.users.users) SELECT x.id, y.status FROM u x JOIN u y ON x.id = y.id WHERE x.status = 'ACTIVE'

SELECT g.id, (SELECT count(*) FROM okta.users.users u WHERE u.status = 'ACTIVE' AND u.id > g.id) FROM okta.groups.groups g

SELECT g.id FROM okta.groups.groups g WHERE EXISTS (SELECT 1 FROM okta.groups.users m WHERE m.groupId = g.id AND m.status = 'SUSPENDED')

SELECT id, type FROM okta.groups.groups WHERE type = 'OKTA_GROUP'

SELECT id, type FROM okta.groups.groups WHERE type IN ('OKTA_GROUP', 'BUILT_IN')

SELECT id, type FROM okta.groups.groups WHERE type <> 'OKTA_GROUP' OR type IS NULL

SELECT id FROM okta.groups.groups WHERE lastMembershipUpdated < '2026-01-01'

SELECT id FROM okta.groups.groups WHERE lastMembershipUpdated < '2026-01-01' OR lastUpdated > '2026-06-01' AND type = 'OKTA_GROUP'

SELECT id, label FROM okta.apps.applications WHERE status = 'ACTIVE'

SELECT id, label FROM okta.apps.applications WHERE status = 'INACTIVE' OR name = 'bookmark'

SELECT id, label FROM okta.apps.applications WHERE name IN ('slack', 'salesforce')

SELECT id, userId FROM okta.apps.application_users WHERE status = 'PROVISIONED'

SELECT id, name FROM datadog.monitoring.monitors WHERE name LIKE '%a%' AND type = 'metric alert'

SELECT id, email FROM datadog.organization.users WHERE status = 'Active'

SELECT id, email FROM datadog.organization.users WHERE status = 'active'

SELECT id, email FROM datadog.organization.users WHERE status IN ('Active', 'Pending')

SELECT id, email FROM datadog.organization.users WHERE disabled AND status = 'Disabled'

SELECT id, email FROM datadog.organization.users WHERE status = 'Disabled' OR status = 'Pending'

SELECT u.id, d.id FROM okta.users.users u LEFT JOIN datadog.organization.users d ON d.email = u.profile ->> 'email' AND d.status = 'Active' WHERE u.status = 'ACTIVE'

-- The API sorts by time too, and the reading stops early.
SELECT id, created FROM okta.users.users ORDER BY created DESC, id LIMIT 5
