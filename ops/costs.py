"""What billed pieces cost, at the price of one that SEGMENT_PRICE sets."""

from decimal import Context, Decimal, Inexact, Rounded

from chalicelib import settings

# A product of a price (18 digits) and a number of segments is exact.
_EXACT = Context(prec=40, traps=[Inexact, Rounded])


def has_price() -> bool:
    """Return whether SEGMENT_PRICE is set."""
    return settings.load().segment_price is not None


def of_segments(segments: int) -> dict[str, str] | None:
    """Return the cost of this many segments as `amount`, a decimal number without rounding, and `currency`.

    Return None if no price is set.
    """
    price = settings.load().segment_price
    if price is None:
        return None
    amount, currency = price
    return {
        "amount": f"{_EXACT.multiply(Decimal(amount), Decimal(segments)):f}",
        "currency": currency,
    }


def in_words(cost: dict[str, str] | None, *, unpriced: int = 0) -> str | None:
    """Return a cost for people. With messages whose fee is not known (`unpriced`), it is the least."""
    if cost is None:
        return None
    return f"{'at least ' if unpriced else ''}{cost['amount']} {cost['currency']}"
