"""The operator's console: its pages and its safety, over HTTP, on the bridge in one process."""
