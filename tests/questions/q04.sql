-- Which active users have no MFA factor at all?
SELECT u.id, JSON_EXTRACT(u.profile, '$.login') AS login, COUNT(f.id) AS factors
FROM okta.users.users u LEFT OUTER JOIN okta.users.factors f ON f.userId = u.id
WHERE u.subdomain = 'my-org' AND f.subdomain = 'my-org' AND u.status = 'ACTIVE'
GROUP BY u.id, login HAVING COUNT(f.id) = 0;
