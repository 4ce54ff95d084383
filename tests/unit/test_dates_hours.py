import pytest

from chalicelib import dates


@pytest.mark.parametrize(
    ("epoch", "hour"),
    [
        (1473264000, 2016090800),  # the document's own hours
        (1473350399, 2016090823),
        (0, 1970010108),
        (1546271999, 2018123123),
        (1546272000, 2019010100),
    ],
)
def test_the_hour_of_statistics_is_a_number_in_beijing_time(epoch: int, hour: int) -> None:
    assert dates.to_hour(epoch) == hour
