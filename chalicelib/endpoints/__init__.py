"""What a recipient's phone gets of a digital message: its page."""
