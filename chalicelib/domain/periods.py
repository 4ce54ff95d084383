"""Periods that several modules share, in seconds."""

# A request with equal content within this time counts as the same request (docs/decisions/0002).
SAME_REQUEST_SECONDS = 12 * 3600
# Quick Audience counts a message without a receipt as failed after three days, and so does the bridge.
CLOSED_AFTER_SECONDS = 72 * 3600
# Items are kept for the 30 days that Quick Audience may query (§12), and two more for differing clocks.
RETENTION_SECONDS = 32 * 24 * 3600
