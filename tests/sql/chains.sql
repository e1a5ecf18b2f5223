-- Chains of three and four resources by parameter, several keys at once, item keys.
SELECT u.id, count(f.id) FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id AND u.status IN ('ACTIVE') GROUP BY u.id ORDER BY 1

SELECT a.id, p.id, r.id FROM okta.authorizationservers.authorization_servers a LEFT JOIN okta.authorizationservers.policies p ON p.authServerId = a.id LEFT JOIN okta.authorizationservers.rules r ON r.policyId = p.id AND r.authServerId = p.authServerId WHERE a.id IN (SELECT authServerId FROM okta.authorizationservers.policies WHERE priority > 20) ORDER BY 1, 2, 3

SELECT r.id FROM okta.authorizationservers.rules r WHERE r.policyId IN (SELECT id FROM okta.authorizationservers.policies WHERE priority > 20) ORDER BY 1

SELECT r.id FROM okta.authorizationservers.rules r WHERE (r.authServerId, r.policyId) IN (SELECT authServerId, id FROM okta.authorizationservers.policies WHERE priority > 20) ORDER BY 1

SELECT r.id FROM okta.authorizationservers.rules r WHERE r.authServerId IN (SELECT authServerId FROM okta.authorizationservers.policies WHERE priority > 30) AND r.policyId IN (SELECT id FROM okta.authorizationservers.policies WHERE priority > 20) ORDER BY 1

SELECT r.id FROM okta.authorizationservers.rules r JOIN okta.authorizationservers.policies p ON p.id = r.policyId WHERE p.authServerId IN (SELECT min(id) FROM okta.authorizationservers.authorization_servers) ORDER BY 1

SELECT r.id, q.id FROM okta.authorizationservers.rules r JOIN okta.authorizationservers.policies p ON p.id = r.policyId JOIN okta.authorizationservers.rules q ON q.policyId = p.id AND q.authServerId = r.authServerId AND q.id > r.id ORDER BY 1, 2

SELECT r.id FROM okta.authorizationservers.rules r, okta.authorizationservers.policies p WHERE r.policyId = p.id AND p.authServerId = r.authServerId AND p.authServerId = (SELECT max(id) FROM okta.authorizationservers.authorization_servers) ORDER BY 1

SELECT p.id FROM okta.authorizationservers.policies p WHERE NOT EXISTS (SELECT 1 FROM okta.authorizationservers.rules r WHERE r.policyId = p.id AND r.status = 'ACTIVE') ORDER BY 1

SELECT p.id, (SELECT count(*) FROM okta.authorizationservers.rules r WHERE r.policyId = p.id AND r.authServerId = p.authServerId) FROM okta.authorizationservers.policies p ORDER BY 1

SELECT r.id FROM okta.authorizationservers.rules r WHERE r.authServerId = (SELECT min(id) FROM okta.authorizationservers.authorization_servers) AND r.policyId = (SELECT min(id) FROM okta.authorizationservers.policies WHERE authServerId = (SELECT min(id) FROM okta.authorizationservers.authorization_servers)) ORDER BY 1

SELECT r.id FROM okta.authorizationservers.rules r WHERE r.ruleId = (SELECT min(id) FROM okta.authorizationservers.rules)

SELECT r.id FROM okta.authorizationservers.rules r WHERE r.id IN (SELECT id FROM okta.authorizationservers.rules WHERE status = 'ACTIVE') ORDER BY 1

SELECT u.id FROM okta.apps.application_users u WHERE u.userId = (SELECT min(id) FROM okta.users.users) AND u.appId IN (SELECT id FROM okta.apps.applications WHERE status = 'ACTIVE') ORDER BY u.appId

SELECT x.appId, x.id FROM okta.apps.application_users x JOIN okta.users.users u ON u.id = x.id JOIN okta.apps.applications a ON a.id = x.appId WHERE u.status <> 'ACTIVE' ORDER BY 1, 2

SELECT x.appId, x.id FROM okta.users.users u JOIN okta.apps.application_users x ON u.id = x.userId JOIN okta.apps.applications a ON a.appId = x.appId AND a.status = 'INACTIVE' ORDER BY 1, 2

SELECT x.appId, g.groupId, u.id FROM okta.apps.applications a JOIN okta.apps.group_assignments x ON x.appId = a.id JOIN okta.groups.users g ON g.groupId = x.groupId JOIN okta.users.factors f ON f.userId = g.id JOIN okta.users.users u ON u.id = f.userId ORDER BY 1, 2, 3

SELECT count(*) FROM okta.groups.users a JOIN okta.groups.users b ON a.id = b.id AND a.groupId < b.groupId

SELECT count(*) FROM okta.groups.users a LEFT JOIN okta.groups.users b ON b.groupId = a.groupId AND b.id <> a.id

SELECT a.groupId, b.groupId FROM okta.groups.users a FULL JOIN okta.groups.users b ON b.groupId = a.groupId AND a.status <> 'ACTIVE' AND a.id = b.id ORDER BY 1, 2, a.id, b.id

SELECT m.role_id, count(*) FROM datadog.organization.role_users m JOIN okta.users.users u ON u.profile ->> 'email' = m.email WHERE m.role_id IN (SELECT role_id FROM datadog.organization.roles WHERE user_count > 0) GROUP BY 1 ORDER BY 1

SELECT t.id, t.name, m.user_id FROM datadog.organization.teams t LEFT JOIN datadog.organization.team_memberships m ON m.team_id = t.team_id AND m.role IS NULL ORDER BY 1, 3

SELECT m.user_id, p.name FROM datadog.organization.team_memberships m JOIN datadog.organization.users p ON p.user_id = m.user_id ORDER BY 1

SELECT m.user_id FROM datadog.organization.team_memberships m WHERE m.user_id IN (SELECT id FROM datadog.organization.users WHERE mfa_enabled) ORDER BY 1

SELECT p.id FROM datadog.organization.users p WHERE p.id = (SELECT max(user_id) FROM datadog.organization.team_memberships)

SELECT p.id FROM datadog.organization.users p WHERE p.user_id IN (SELECT user_id FROM datadog.organization.team_memberships) ORDER BY 1

SELECT a.id, b.id FROM datadog.organization.users a JOIN datadog.organization.users b ON a.email < b.email WHERE a.mfa_enabled = 0 AND b.mfa_enabled = 0 ORDER BY 1, 2

SELECT f.id FROM okta.users.factors f WHERE f.userId IN (SELECT u.id FROM okta.users.users u LEFT JOIN okta.groups.users m ON m.id = u.id GROUP BY u.id HAVING count(m.groupId) > 1) ORDER BY 1

WITH big AS (SELECT groupId, count(*) AS n FROM okta.groups.users GROUP BY groupId ORDER BY n DESC, groupId LIMIT 1) SELECT m.id, f.id FROM big JOIN okta.groups.users m ON m.groupId = big.groupId LEFT JOIN okta.users.factors f ON f.userId = m.id ORDER BY 1, 2

WITH x AS (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE'), y AS (SELECT userId FROM okta.users.factors WHERE userId IN (SELECT id FROM x)) SELECT count(*) FROM y

WITH x AS (SELECT u.id, f.id AS fid FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id) SELECT a.id, count(b.fid) FROM x a JOIN x b ON a.id = b.id GROUP BY 1 ORDER BY 1

SELECT * FROM (SELECT u.id, m.groupId FROM okta.users.users u JOIN okta.groups.users m ON m.id = u.id) a JOIN (SELECT groupId, appId FROM okta.apps.group_assignments) b ON a.groupId = b.groupId ORDER BY 1, 2, 3, 4

SELECT d.userId, count(*) FROM (SELECT userId FROM okta.users.factors UNION ALL SELECT userId FROM okta.users.user_groups) d WHERE d.userId IN (SELECT id FROM okta.users.users WHERE status <> 'ACTIVE') GROUP BY 1 ORDER BY 1

SELECT d.userId FROM (SELECT userId, id FROM okta.users.factors) d WHERE d.userId = (SELECT min(id) FROM okta.users.users) ORDER BY d.id

SELECT u.id FROM okta.users.users u WHERE (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id AND f.id IN (SELECT h.id FROM okta.users.factors h WHERE h.userId = u.id AND h.status = 'ACTIVE')) > 1 ORDER BY 1

SELECT u.id, (SELECT m.groupId FROM okta.groups.users m WHERE m.id = u.id AND m.groupId > (SELECT min(id) FROM okta.groups.groups) ORDER BY 1 LIMIT 1) FROM okta.users.users u ORDER BY 1

SELECT u.id FROM okta.users.users u GROUP BY u.id HAVING EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = u.id AND f.factorType = 'push') ORDER BY 1

SELECT u.status, sum((SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id)) FROM okta.users.users u GROUP BY 1 ORDER BY 1

SELECT u.id, sum(CASE WHEN f.factorType IN (SELECT factorType FROM okta.users.factors WHERE userId = @user1) THEN 1 ELSE 0 END) FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id GROUP BY 1 ORDER BY 1

SELECT u.id, rank() OVER (ORDER BY (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id)) FROM okta.users.users u ORDER BY 1

SELECT coalesce(u.id, f.userId) AS k, count(*) FROM okta.users.users u FULL JOIN okta.users.factors f ON f.userId = u.id AND f.factorType = 'sms' GROUP BY k ORDER BY k

SELECT k.value ->> 'type', count(*) FROM datadog.organization.roles r, json_each(r.relationships -> '$.permissions.data') k GROUP BY 1 ORDER BY 1

SELECT r.name, k.value ->> 'id' AS p FROM datadog.organization.roles r LEFT JOIN json_each(r.relationships, '$.permissions.data') k ON k.key < 2 ORDER BY r.id, k.key

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id WHERE u.id IN (@user1, 'x') AND f.id IS NOT NULL ORDER BY 2

SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id WHERE u.id = @user1 OR f.factorType = 'sms' ORDER BY 1, 2

SELECT u.id FROM okta.users.users u WHERE u.id = @user1 AND EXISTS (SELECT 1 FROM okta.users.users v WHERE v.id = @user5)

SELECT a.id, b.id FROM okta.users.users a, okta.users.users b WHERE a.id = @user1 AND b.id = @user5

SELECT a.id, b.id FROM okta.users.users a LEFT JOIN okta.users.users b ON b.id = @user5 AND a.id <> b.id ORDER BY 1

SELECT a.id, b.id FROM okta.users.users a LEFT JOIN okta.users.users b ON b.id = @user5 WHERE b.id = @user5 ORDER BY 1

SELECT a.id, b.id FROM okta.users.users a LEFT JOIN okta.users.users b ON b.id = 'x' WHERE b.id IS NULL ORDER BY 1

SELECT b.id FROM okta.users.users b WHERE b.id IN ('x', 'y')

SELECT b.id FROM okta.users.users b WHERE b.id = (SELECT 'x')
