"""From a request to an answer, as the catalog and each vendor's manners have it: routes, queries, pages, refusals."""
