--  A join equality gives the keys; conditions on the driving side go into them.
SELECT u.id, f.factorType FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id WHERE u.status = 'ACTIVE'
----
okta.users.users list_users filter~status eq "ACTIVE" [id status]
okta.users.factors list_factors userId<-users [factorType userId]

--  The order of writing doesn't matter.
SELECT u.id, f.factorType FROM okta.users.factors f JOIN okta.users.users u ON f.userId = u.id
----
okta.users.users list_users [id]
okta.users.factors list_factors userId<-users [factorType userId]

--  The server variable in WHERE keeps the outer rows: it is a setting.
SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id WHERE u.subdomain = 'o' AND f.subdomain = 'o'
----
okta.users.users list_users subdomain=o [id]
okta.users.factors list_factors subdomain=o userId<-users [id userId]

--  Unqualified, it is every table's.
SELECT u.id, f.id FROM okta.users.users u JOIN okta.users.factors f ON f.userId = u.id WHERE subdomain = 'o'
----
okta.users.users list_users subdomain=o [id]
okta.users.factors list_factors subdomain=o userId<-users [id userId]

--  Another parameter of the nullable side can't be meant in WHERE.
SELECT u.id, f.id FROM okta.users.users u LEFT JOIN okta.users.factors f ON f.userId = u.id WHERE f.userId = 'x'
----
error: userId is a parameter of okta.users.factors, which this outer join may fill with NULL: in WHERE it can't bind it
hint: move it into the join: ON … AND f.userId = 'x'

--  Comma joins, chains, subqueries, CTEs.
SELECT g.id, a.id FROM okta.groups.groups g, okta.groups.assigned_apps a WHERE a.groupId = g.id
----
okta.groups.groups list_groups [id]
okta.groups.assigned_apps list_assigned_applications_for_group groupId<-groups [id groupId]

WITH active AS (SELECT id FROM okta.users.users WHERE status = 'ACTIVE') SELECT a.id, f.id FROM active a JOIN okta.users.factors f ON f.userId = a.id
----
okta.users.users list_users filter~status eq "ACTIVE" [id status]
okta.users.factors list_factors userId<-users [id userId]

SELECT (SELECT count(*) FROM okta.users.factors f WHERE f.userId = u.id) AS n FROM okta.users.users u
----
okta.users.users list_users [id]
okta.users.factors list_factors userId<-users [userId]

SELECT u.id FROM okta.users.users u WHERE NOT EXISTS (SELECT 1 FROM okta.users.factors f WHERE f.userId = u.id)
----
okta.users.users list_users [id]
okta.users.factors list_factors userId<-users [userId]

SELECT f.id FROM okta.users.factors f WHERE f.userId IN (SELECT userId FROM okta.api_tokens.api_tokens)
----
okta.api_tokens.api_tokens list_api_tokens [userId]
okta.users.factors list_factors userId<-api_tokens [id userId]

SELECT f.id FROM (SELECT id AS who FROM okta.users.users) d JOIN okta.users.factors f ON f.userId = d.who
----
okta.users.users list_users [id]
okta.users.factors list_factors userId<-users [id userId]

SELECT v.value FROM okta.users.users u, json_each(u.profile) v
----
okta.users.users list_users [profile]
stream

SELECT f.id FROM okta.groups.groups g, json_each(g.objectClass) c JOIN okta.users.factors f ON f.userId = c.value
----
okta.groups.groups list_groups [objectClass]
okta.users.factors list_factors userId<-groups [id userId]

--  The same scan twice is read once.
SELECT a.id FROM okta.users.users a JOIN okta.users.users b ON a.id = b.id
----
okta.users.users list_users [id]

SELECT id FROM okta.users.users UNION SELECT id FROM okta.groups.groups ORDER BY id
----
okta.users.users list_users [id]
okta.groups.groups list_groups [id]

--  Parents fill what nobody binds.
SELECT userId, factorType FROM okta.users.factors
----
okta.users.users list_users [id]
okta.users.factors list_factors userId<-users [factorType userId]

SELECT status FROM okta.apps.connections
----
okta.apps.applications list_applications [id]
okta.apps.connections get_default_provisioning_connection_for_application appId<-applications [status]

--  A LEFT JOIN's ON binds its right side only.
SELECT u.id FROM okta.users.users u LEFT JOIN okta.groups.groups g ON u.id = 'x' AND g.id = 'y'
----
okta.users.users list_users [id]
okta.groups.groups get_group groupId=y [id]

--  RIGHT and FULL keep their sides whole.
SELECT u.id FROM okta.users.users u RIGHT JOIN okta.groups.groups g ON u.id = 'x' AND g.id = 'y'
----
okta.users.users get_user id=x [id]
okta.groups.groups list_groups [id]

SELECT u.id FROM okta.users.users u FULL JOIN okta.groups.groups g ON u.id = 'x' AND g.id = 'y'
----
okta.users.users list_users [id]
okta.groups.groups list_groups [id]

--  Two tables that wait for each other.
SELECT 1 FROM okta.identity_sources.sessions a JOIN okta.identity_sources.sessions b ON a.identitySourceId = b.identitySourceId
----
error: okta.identity_sources.sessions and okta.identity_sources.sessions wait for each other's values
hint: bind a required parameter of one of them to a constant, or to a table that is read before

--  A parent whose list has a required parameter of a few values is all of its lists.
SELECT id FROM okta.policies.policy_rules
----
okta.policies.policies list_policies type=ACCESS_POLICY,ENTITY_RISK,IDP_DISCOVERY,MFA_ENROLL,OKTA_SIGN_ON,PASSWORD,POST_AUTH_SESSION,PROFILE_ENROLLMENT,DEVICE_SIGNAL_COLLECTION,SESSION_VIOLATION_DETECTION,CLIENT_UPDATE,IDENTITY_CLAIM_SOURCING [id]
okta.policies.policy_rules list_policy_rules policyId<-policies [id]