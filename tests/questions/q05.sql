-- Which users rely only on phishable factors?
SELECT u.id, JSON_EXTRACT(u.profile, '$.login') AS login, GROUP_CONCAT(f.factorType) AS factor_types
FROM okta.users.users u INNER JOIN okta.users.factors f ON f.userId = u.id
WHERE u.subdomain = 'my-org' AND f.subdomain = 'my-org'
GROUP BY u.id, login
HAVING SUM(CASE WHEN f.factorType IN ('sms', 'call', 'question') THEN 0 ELSE 1 END) = 0;
