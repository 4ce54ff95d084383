"""Values are written as DynamoDB's attributes as boto3 writes them, and read back."""

import enum
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store import attributes
from tests.support.property_tests import examples

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
@examples(200)
def test_a_value_is_written_as_boto3_writes_it_and_read_as_it_was(value: Any) -> None:
    written: Any = attributes.write(value)
    assert written == TypeSerializer().serialize(value)
    assert attributes.read(written) == value
    assert TypeDeserializer().deserialize(written) == value


def test_bytes_are_bytes() -> None:
    assert attributes.write(b"\x00\xff") == {"B": b"\x00\xff"}
    assert attributes.read({"B": b"\x00\xff"}) == b"\x00\xff"


def test_a_boolean_is_not_written_as_a_number() -> None:
    assert attributes.write(True) == {"BOOL": True}
    assert attributes.read({"BOOL": False}) is False


def test_a_tuple_is_read_as_a_list() -> None:
    assert attributes.read(attributes.write(("a", 1))) == ["a", 1]


class Kind(enum.IntEnum):
    ONE = 1


def test_an_int_enum_is_written_as_a_number() -> None:
    assert attributes.write(Kind.ONE) == {"N": "1"}


@pytest.mark.parametrize("value", [0.5, {"a"}, object()])
def test_a_value_of_an_unsupported_type_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="has no attributes of type"):
        attributes.write([value])


@pytest.mark.parametrize("attribute", [{"SS": ["a"]}, {"N": "0.5"}])
def test_an_attribute_of_an_unsupported_type_is_not_read(attribute: attributes.Attribute) -> None:
    with pytest.raises((TypeError, ValueError)):
        attributes.read(attribute)
