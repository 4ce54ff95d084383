"""Quick Audience's protocol: its requests to the bridge (§1-12), and the bridge's pushes to it (§13, §14)."""
