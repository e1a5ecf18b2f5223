"""A stand-in for the providers' services: generated, related data behind their own manners.

`core.Sandbox` answers requests in this process, `serve` puts it on a port. The way of a request:
`core` (whose is it, may it) → `routes` (which operation) → `site` (which objects) → a world or `invent` (their
fields) → `bodies` and `paging` (the page) → `vendors` (headers, errors).
"""
