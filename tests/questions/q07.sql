-- Which app assignments bypass groups?
SELECT a.label, COUNT(*) AS direct_users
FROM okta.apps.applications a INNER JOIN okta.apps.application_users au ON au.appId = a.id
WHERE a.subdomain = 'my-org' AND au.subdomain = 'my-org' AND au.scope = 'USER'
GROUP BY a.label ORDER BY direct_users DESC;
