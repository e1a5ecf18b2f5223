-- Which groups have not changed membership for a year?
SELECT id, JSON_EXTRACT(profile, '$.name') AS name, lastMembershipUpdated FROM okta.groups.groups
WHERE subdomain = 'my-org' AND type = 'OKTA_GROUP'
  AND datetime(lastMembershipUpdated) < datetime('now', '-365 days');
