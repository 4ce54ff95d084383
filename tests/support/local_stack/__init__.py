"""Real processes: the local stack, a tiny app, a browser, servers of files."""
