"""The Lambda functions that a queue or a schedule triggers: one module each."""
