"""The page of a digital message in a real browser, as the local stack serves it."""
