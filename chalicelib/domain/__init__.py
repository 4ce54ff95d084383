"""The core: what is sent to whom, what came of it, and who is told. No AWS and no HTTP in here."""
