-- How many users are in each status?
SELECT status, COUNT(*) AS n FROM okta.users.users WHERE subdomain = 'my-org' GROUP BY status;

SELECT COUNT(*) AS deprovisioned FROM okta.users.users
WHERE subdomain = 'my-org' AND search = 'status eq "DEPROVISIONED"';
