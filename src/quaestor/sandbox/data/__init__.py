"""Generated, related objects: seeds, people, values invented from schemas, and the collections that hold them."""
