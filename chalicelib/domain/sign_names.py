"""The one form in which names of signs are compared."""


def normal(name: str) -> str:
    """Return a sign's name without the brackets that one or the other side puts around it."""
    return name.strip().strip("【】[]").strip()
