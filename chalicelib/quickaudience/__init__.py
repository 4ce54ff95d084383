"""Quick Audience: its requests to us (§1-12) and our pushes to it (§13, §14)."""
