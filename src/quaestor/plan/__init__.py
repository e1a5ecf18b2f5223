"""From tree to plan: names bound to the catalog, a route for each scan, an order. Pure: no network, no disk."""
