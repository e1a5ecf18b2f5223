-- Which active apps have nobody assigned?
SELECT a.id, a.label
FROM okta.apps.applications a LEFT OUTER JOIN okta.apps.application_users au ON au.appId = a.id
WHERE a.subdomain = 'my-org' AND au.subdomain = 'my-org' AND a.status = 'ACTIVE'
GROUP BY a.id, a.label HAVING COUNT(au.id) = 0;
