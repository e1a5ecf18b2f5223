"""`quaestor provider test`: each method builds a request that its own document accepts, and reads an answer.

samples   values in the shape of schemas
accept    what a document says of a request, asked of a validator that isn't ours
run       all methods of a provider
"""
