-- Which groups grant which applications?
SELECT JSON_EXTRACT(g.profile, '$.name') AS group_name, ap.label
FROM okta.groups.groups g INNER JOIN okta.groups.assigned_apps ap ON ap.groupId = g.id
WHERE g.subdomain = 'my-org' AND ap.subdomain = 'my-org'
ORDER BY group_name;
