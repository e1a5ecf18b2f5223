-- Which users hold an administrator role, directly or through a group?
SELECT id AS user_id FROM okta.iam.users_with_role_assignments WHERE subdomain = 'my-org'
UNION
SELECT m.id FROM okta.groups.assigned_roles r INNER JOIN okta.groups.users m ON m.groupId = r.groupId
WHERE r.subdomain = 'my-org' AND m.subdomain = 'my-org';
