"""The type of a file, recognised by its first bytes."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import media
from tests.support.media_files import FILES
from tests.support.property_tests import examples


@pytest.mark.parametrize(("suffix", "data"), FILES.items())
def test_every_type_is_recognised_by_its_first_bytes(suffix: str, data: bytes) -> None:
    assert media.recognise(data + b"\x00" * 100) == suffix


def test_every_accepted_type_is_recognised() -> None:
    assert set(FILES) == set(media.KINDS)


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"GIF87a\x01\x00", "gif"),
        (b"\xff\xd8\xff\xe1\x00\x18Exif", "jpg"),
        (b"\xff\xfb\x90\x64\x00", "mp3"),
        (b"\xff\xf3\x84\xc4\x00", "mp3"),
        (b"\x00\x00\x00\x20ftypmp42\x00\x00\x00\x00mp42isom", "mp4"),
        (b"\x00\x00\x00\x1cftypM4V \x00\x00\x00\x01isomavc1", "mp4"),
        # QuickTime that declares itself readable as MPEG-4.
        (b"\x00\x00\x00\x1cftypqt  \x00\x00\x00\x00qt  mp42", "mp4"),
        (b"\x00\x00\x00\x18ftyp3g2a\x00\x00\x00\x003g2a", "3gp"),
        (b"\x00\x00\x00\x14ftyp3gr6\x00\x00\x00\x00isom", "3gp"),
        (b"\x00\x00\x00\x14ftyp3gs6\x00\x00\x00\x00isom", "3gp"),
        (b"\x00\x00\x00\x14ftyp3ge6\x00\x00\x00\x00isom", "3gp"),
        (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00moov", "mp4"),
        # The last brand that is checked.
        (b"\x00\x00\x01\x00ftypqt  \x00\x00\x00\x00" + b"qt  " * 59 + b"mp42" + b"moov", "mp4"),
    ],
)
def test_other_forms_of_the_accepted_types_are_recognised(data: bytes, suffix: str) -> None:
    assert media.recognise(data) == suffix


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"MZ\x90\x00",
        b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        b"RIFF\x24\x00\x00\x00AVI LIST",
        b"BM\x36\x00\x00\x00",
        b"\x1aE\xdf\xa3\x01\x00\x00\x00",
        b"OggS\x00\x02",
        b"fLaC\x00\x00\x00\x22",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1iso8",
        b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A isom",
        b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ",
        b"\x00\x00\x00\x18moovisom",
        # A brand's name after the list of brands, and one that starts between two brands.
        b"\x00\x00\x00\x10ftypqt  \x00\x00\x00\x00isom",
        b"\x00\x00\x00\x1cftypqt  \x00\x00\x00\x00qt  __isom__",
        b"\xff\xf1\x50\x80\x00",  # AAC
        b"\xff\xfb\xf0\x00\x00",  # a bitrate that does not exist
    ],
)
def test_other_types_are_not_recognised(data: bytes) -> None:
    assert media.recognise(data) is None


@given(st.binary(max_size=64))
@examples(300)
def test_any_bytes_give_a_known_type_or_none(data: bytes) -> None:
    assert media.recognise(data) in {None, *media.KINDS}


@given(st.integers(0, 2**32 - 1), st.binary(max_size=40))
@examples(100)
def test_a_box_of_any_length_is_read_within_the_file(size: int, rest: bytes) -> None:
    data = size.to_bytes(4, "big") + b"ftyp" + rest
    assert media.recognise(data) in (None, "mp4", "3gp")


def test_mpeg_audio_is_layer_three_with_a_valid_bitrate_and_rate() -> None:
    """ISO 11172-3, 2.4.2.3: eleven bits of sync, then version, layer, protection; bitrate, rate, padding."""
    for version, layer, bitrate, rate in product(range(4), range(4), range(16), range(4)):
        second = 0b111 << 5 | version << 3 | layer << 1 | 1
        third = bitrate << 4 | rate << 2
        is_mp3 = version != 1 and layer == 1 and 1 <= bitrate <= 14 and rate <= 2
        for fourth in (0x00, 0xFF):
            data = bytes([0xFF, second, third, fourth])
            assert media.recognise(data) == ("mp3" if is_mp3 else None), data
    assert media.recognise(b"\xff\x1b\x90\x64") is None
    assert media.recognise(b"\xfe\xfb\x90\x64") is None


@pytest.mark.parametrize("suffix", ["jpg", ".JPG", "JPEG", " jpeg ", ".Jpeg"])
def test_a_suffix_has_one_canonical_form(suffix: str) -> None:
    assert media.canonical(suffix) == "jpg"
