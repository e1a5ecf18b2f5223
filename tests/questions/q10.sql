-- Which group rules are inactive or invalid, and what do they assign?
SELECT id, name, status, JSON_EXTRACT(conditions, '$.expression.value') AS expression,
  JSON_EXTRACT(actions, '$.assignUserToGroups.groupIds') AS groups
FROM okta.groups.rules WHERE subdomain = 'my-org' AND status <> 'ACTIVE';
