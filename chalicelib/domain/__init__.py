"""The domain: recipients, plans, messages, receipts and the rules about them. No AWS and no HTTP."""
