-- What roles do groups grant?
SELECT JSON_EXTRACT(g.profile, '$.name') AS group_name, r.label, r.status
FROM okta.groups.groups g INNER JOIN okta.groups.assigned_roles r ON r.groupId = g.id
WHERE g.subdomain = 'my-org' AND r.subdomain = 'my-org';
