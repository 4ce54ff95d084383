"""Templates that an earlier test of this process has created through §2: a test gets a copy of what that left.

Creating one takes a fifth of the integration tests' time. The copy is what the same requests would leave in the same
moment of a bridge that had no requests yet: items of the table, and the fake Tencent's templates and calls.
"""

import copy
import os
import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from moto.dynamodb.models import dynamodb_backends

from tests.support.in_process import aws
from tests.support.in_process.tencent import FakeTencent

# pytest's own variable, with the name of the test.
_CURRENT_TEST = "PYTEST_CURRENT_TEST"


class _Left(NamedTuple):
    code: str
    items: Any
    templates: Any
    calls: Any


_known: dict[Hashable, _Left] = {}


def create(arguments: Hashable, tencent: FakeTencent, through_the_bridge: Callable[[], str]) -> str:
    """Create a template, or copy what that left before; return its code. Only a linked sign may be stored."""
    if aws.TABLE not in _tables():
        # It is in ministack.
        return through_the_bridge()
    before = {(pk, sk) for pk, items in _items().items() for sk in items}
    if not tencent.is_new or any(not pk.value.startswith("SIGN") for pk, _ in before):
        return through_the_bridge()
    # Whatever the items and the calls depend on.
    environment = {name: text for name, text in os.environ.items() if name != _CURRENT_TEST}
    key = arguments, frozenset(environment.items()), time.time()
    if left := _known.get(key):
        for pk, found in copy.deepcopy(left.items).items():
            _items()[pk].update(found)
        tencent.templates.update(copy.deepcopy(left.templates))
        tencent.calls.extend(left.calls)
        return left.code
    code = through_the_bridge()
    items: dict[Any, dict[Any, Any]] = defaultdict(dict)
    for pk, found in _items().items():
        items[pk] |= {sk: item for sk, item in found.items() if (pk, sk) not in before}
    _known[key] = copy.deepcopy(_Left(code, items, tencent.templates, tencent.calls))
    return code


def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = dynamodb_backends[aws.ACCOUNT][aws.REGION].tables
    return tables


def _items() -> Any:
    return _tables()[aws.TABLE].items
