"""The HTTP resources: what happens when Quick Audience, Tencent or a recipient's phone calls."""
