"""A simulator of Quick Audience's side of the third-party SMS platform API.

It receives what a platform pushes (delivery receipts and mobile-originated replies), calls a
platform as Quick Audience does, and checks both against the API document. It shares no code with
the bridge, so the two cannot share a misreading of the document.
"""
