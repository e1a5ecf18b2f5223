-- Which API tokens belong to users who are not active any more?
SELECT t.name, t.created, t.expiresAt, JSON_EXTRACT(u.profile, '$.login') AS owner, u.status
FROM okta.api_tokens.api_tokens t INNER JOIN okta.users.users u ON u.id = t.userId
WHERE t.subdomain = 'my-org' AND u.subdomain = 'my-org' AND u.status <> 'ACTIVE';
