"""The form in which names of signs are compared."""


def normal(name: str) -> str:
    """Return the name of a sign without the brackets that Quick Audience or Tencent may put around it."""
    return name.strip().strip("【】[]").strip()
