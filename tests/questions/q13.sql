-- What roles does an administrator have?
SELECT id, label, type, assignmentType, status, created FROM okta.users.role_assignment_users
WHERE subdomain = 'my-org'
  AND userId = (SELECT max(id) FROM okta.iam.users_with_role_assignments);
