"""Between a client and the sandbox: sockets and TLS, limits, faults, cassettes."""
