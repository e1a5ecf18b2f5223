--  A list where nothing is bound; it is streamed.
SELECT status, count(*) FROM okta.users.users GROUP BY 1 ORDER BY 2 DESC LIMIT 3
----
okta.users.users list_users [status]
stream

--  Without sort and filter, LIMIT says how many rows are enough.
SELECT id FROM okta.users.users LIMIT 5 OFFSET 2
----
okta.users.users list_users [id]
stream, lazy 7

--  With a filter it doesn't, but paging may still stop.
SELECT id FROM okta.users.users WHERE status = 'ACTIVE' LIMIT 5
----
okta.users.users list_users filter~status eq "ACTIVE" [id status]
stream, lazy 5

--  The item key, by its field and by its parameter, chooses the get.
SELECT id FROM okta.integrations.instances WHERE id = 'x'
----
okta.integrations.instances get_api_service_integration_instance apiServiceId=x [id]
stream

SELECT id FROM okta.integrations.instances WHERE apiServiceId = 'x'
----
okta.integrations.instances get_api_service_integration_instance apiServiceId=x [id]
stream

--  IN fans out; each value once.
SELECT id FROM okta.users.users WHERE id IN ('a', 'b', 'a')
----
okta.users.users list_users filter=id eq "a" or id eq "b" [id]
stream

--  What isn't = or IN binds nothing: it filters.
SELECT id FROM okta.users.users WHERE id > 'x'
----
okta.users.users list_users [id]
stream

SELECT id FROM okta.users.users WHERE id = 'x' OR id = 'y'
----
okta.users.users list_users filter~id eq "x" or id eq "y" [id]
stream

SELECT id FROM okta.users.users WHERE NOT id = 'x'
----
okta.users.users list_users [id]
stream

--  A collation other than BINARY doesn't bind either.
SELECT id FROM okta.users.users WHERE id = 'x' COLLATE NOCASE
----
okta.users.users list_users [id]
stream

--  A server variable is a setting: not tested, not read.
SELECT id FROM okta.users.users WHERE subdomain = 'acme'
----
okta.users.users list_users subdomain=acme [id]
stream

--  An optional parameter goes to the API as it is.
SELECT id FROM okta.users.users WHERE search = 'status eq "ACTIVE"'
----
okta.users.users list_users search=status eq "ACTIVE" [id]
stream

--  A required parameter that echoes in the rows is both: bound, and tested again.
SELECT id, status FROM okta.identity_sources.sessions WHERE identitySourceId = 'i'
----
okta.identity_sources.sessions list_identity_source_sessions identitySourceId=i [id status identitySourceId]
stream

SELECT id FROM okta.identity_sources.sessions WHERE identitySourceId = 'i' AND sessionId = 's'
----
okta.identity_sources.sessions get_identity_source_session sessionId=s identitySourceId=i [id identitySourceId]
stream

--  No parent has the identity sources: the parameter has to be given.
SELECT * FROM okta.identity_sources.sessions
----
error: okta.identity_sources.sessions needs identitySourceId (method list_identity_source_sessions)
hint: add identitySourceId = '…'

--  A parameter only: nothing binds it here.
SELECT id FROM okta.users.users WHERE search LIKE 'a%'
----
error: search is a parameter of okta.users.users, and nothing binds it
hint: bind it by search = …, IN (…) or a join; only these give a parameter a value

SELECT id FROM okta.users.users WHERE search = 'a' AND search = 'b'
----
error: search is given twice, as 'a' and as 'b'
hint: leave one of them out

SELECT id FROM okta.users.users WHERE search = 'a' OR id = 'b'
----
error: search is a parameter of okta.users.users, and nothing binds it
hint: bind it by search = …, IN (…) or a join; only these give a parameter a value

--  Unknown names say what was meant.
SELECT id FROM okta.users.usrs
----
error: there is no resource in okta.users called usrs
hint: did you mean 'users' or 'user_risk'? SHOW RESOURCES IN okta.users lists them all

SELECT idd FROM okta.users.users
----
error: there is no column idd in okta.users.users
hint: did you mean 'id'?

SELECT id FROM okta.user.users
----
error: there is no service in okta called user
hint: did you mean 'users'? SHOW SERVICES IN okta lists them all

SELECT id FROM okt.users.users
----
error: there is no provider or connection called okt
hint: did you mean 'okta'? SHOW CONNECTIONS lists them all

SELECT x.id FROM okta.users.users u
----
error: there is no table x in this FROM

SELECT id FROM okta.users
----
error: okta.users lacks a resource
hint: SHOW RESOURCES IN okta.users lists them

--  A required parameter of the query that has a few values takes all of them.
SELECT id FROM okta.policies.policies
----
okta.policies.policies list_policies type=ACCESS_POLICY,ENTITY_RISK,IDP_DISCOVERY,MFA_ENROLL,OKTA_SIGN_ON,PASSWORD,POST_AUTH_SESSION,PROFILE_ENROLLMENT,DEVICE_SIGNAL_COLLECTION,SESSION_VIOLATION_DETECTION,CLIENT_UPDATE,IDENTITY_CLAIM_SOURCING [id]
stream

--  An item key of the method for one object is a field of the list's.
SELECT factorId FROM okta.users.factors WHERE userId = 'a'
----
okta.users.factors list_factors userId=a [factorId]
stream