"""Pieces of a live plant for tests and benchmarks: its folder, the service as a process, gateways that feed it, what it kept."""
