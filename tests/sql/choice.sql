SELECT u.id, u.status, m.groupId FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id
WHERE m.groupId IN (@group0, @group1)

SELECT u.id, u.created FROM okta.groups.users m JOIN okta.users.users u ON u.id = m.id AND u.status = 'ACTIVE'
WHERE m.groupId = @group1

SELECT id, lastUpdated FROM okta.users.users WHERE id IN (SELECT id FROM okta.groups.users WHERE groupId = @group2)

SELECT id FROM okta.users.users WHERE id NOT IN (SELECT id FROM okta.groups.users WHERE groupId = @group2)

SELECT m.id, u.status FROM okta.groups.users m LEFT JOIN okta.users.users u ON u.id = m.id AND u.status <> 'ACTIVE'
WHERE m.groupId = @group0

SELECT u.id, m.id FROM okta.groups.users m RIGHT JOIN okta.users.users u ON u.id = m.id AND m.groupId = @group0

SELECT u.id, m.id FROM okta.users.users u LEFT JOIN okta.groups.users m ON u.id = m.id AND m.groupId = @group0

SELECT a.label, g.type FROM okta.apps.applications a JOIN okta.apps.group_assignments x ON x.appId = a.id
JOIN okta.groups.groups g ON g.id = x.id WHERE a.id = @app0

SELECT a.label FROM okta.apps.applications a
WHERE EXISTS (SELECT 1 FROM okta.apps.group_assignments x WHERE x.appId = @app1 AND x.appId = a.id)

SELECT g.id, (SELECT count(*) FROM okta.groups.users m WHERE m.groupId = g.id) FROM okta.groups.groups g
WHERE g.id IN (SELECT id FROM okta.users.user_groups WHERE userId = @user0)

SELECT g.groupId, g.type FROM okta.groups.groups g JOIN okta.users.user_groups x ON x.id = g.groupId
WHERE x.userId IN (@user1, @user2)

WITH wanted AS (SELECT id FROM okta.groups.users WHERE groupId = @group1)
SELECT u.id, u.status FROM okta.users.users u JOIN wanted ON wanted.id = u.id

WITH wanted(id) AS (VALUES (@user0), (@user3), ('nobody'), (NULL), (5))
SELECT u.id, u.status FROM okta.users.users u JOIN wanted ON wanted.id = u.id

SELECT u.id, v.id FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id, okta.users.users v
WHERE m.groupId = @group0 AND v.id = @user0

SELECT u.id, v.status FROM okta.users.users u JOIN okta.users.users v ON v.id = u.id

SELECT u.id, u.profile FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id WHERE m.groupId = @group0

SELECT u.id, u.credentials FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id WHERE m.groupId = @group0

SELECT u.id FROM okta.users.users u WHERE u.id IN (SELECT x.id FROM okta.apps.application_users x WHERE x.appId = @app0)
AND u.status IN ('ACTIVE', 'DEPROVISIONED', 'SUSPENDED')

SELECT count(*), count(u.id) FROM okta.apps.application_users x LEFT JOIN okta.users.users u ON u.id = x.id
WHERE x.appId IN (@app0, @app1, @app2)

SELECT u.id FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id OR u.status = 'LOCKED_OUT'
WHERE m.groupId = @group0

SELECT id FROM okta.users.users WHERE id = ''

SELECT u.id FROM okta.users.users u WHERE u.id IN ('', '.', '..', @user0)

SELECT id FROM okta.users.factors WHERE userId = ''

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = '' WHERE u.status = 'ACTIVE'

SELECT EXISTS (SELECT 1 FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id WHERE u.status = 'ACTIVE')

SELECT NOT EXISTS (SELECT 1 FROM okta.users.users WHERE status = 'nothing')

SELECT EXISTS (SELECT u.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id WHERE f.id IS NULL)

SELECT EXISTS (SELECT 1 FROM okta.groups.groups g LEFT JOIN (SELECT * FROM okta.users.users) u ON u.id = g.id WHERE u.id IS NULL)

SELECT EXISTS (SELECT count(*) FROM okta.users.users WHERE status = 'nothing')

SELECT count(*) FROM (SELECT id FROM (SELECT id, status FROM okta.users.users) WHERE status = 'ACTIVE')

WITH some AS (SELECT id, status FROM okta.users.users WHERE status <> 'ACTIVE') SELECT status, id FROM some ORDER BY 1, 2 LIMIT 5

WITH some AS MATERIALIZED (SELECT id FROM okta.users.users) SELECT count(*) FROM some

WITH some AS (SELECT id FROM okta.users.users) SELECT count(*) FROM some a JOIN some b ON a.id = b.id

SELECT count(*) FROM (SELECT u.id, f.id AS factor FROM (SELECT * FROM okta.users.users) u
LEFT JOIN okta.users.factors f ON f.userId = u.id LIMIT 10000)

SELECT count(*) FROM (SELECT g.id FROM okta.groups.groups g LEFT JOIN (SELECT id FROM okta.users.users) u ON u.id = g.id
WHERE u.id IS NULL LIMIT 1000)
