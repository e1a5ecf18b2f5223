-- Who was created more than 14 days ago and never activated?
SELECT id, JSON_EXTRACT(profile, '$.login') AS login, status, created FROM okta.users.users
WHERE subdomain = 'my-org' AND status IN ('STAGED', 'PROVISIONED')
  AND datetime(created) < datetime('now', '-14 days');
