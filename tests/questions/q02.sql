-- Which active accounts have not signed in for 90 days?
SELECT id, JSON_EXTRACT(profile, '$.login') AS login, lastLogin FROM okta.users.users
WHERE subdomain = 'my-org' AND search = 'status eq "ACTIVE"'
  AND (lastLogin IS NULL OR datetime(lastLogin) < datetime('now', '-90 days'))
ORDER BY lastLogin;
