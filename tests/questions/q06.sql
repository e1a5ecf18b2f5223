-- Who can use the application "Salesforce", and is the assignment direct or via a group?
SELECT a.label, JSON_EXTRACT(au.credentials, '$.userName') AS app_login, au.scope, au.status
FROM okta.apps.applications a INNER JOIN okta.apps.application_users au ON au.appId = a.id
WHERE a.subdomain = 'my-org' AND au.subdomain = 'my-org' AND a.q = 'Salesforce';
