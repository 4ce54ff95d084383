"""The type of a media file, recognised by its first bytes, because a file name proves nothing."""

from typing import Literal

MediaKind = Literal["image", "video", "audio"]

KINDS: dict[str, MediaKind] = {
    "jpg": "image",
    "png": "image",
    "gif": "image",
    "mp4": "video",
    "3gp": "video",
    "mp3": "audio",
    "wav": "audio",
}
"""Every file type that may be in a digital message, by its canonical suffix."""

# The browsers of many phones play neither, so these are accepted with a warning.
RARELY_PLAYED = ("3gp", "wav")

_SIGNATURES = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"ID3", "mp3"),
)
# Brands of ISO base media files that mean MPEG-4 video, as encoders and phones write them.
_MP4 = frozenset(
    brand.encode()
    for brand in (
        *("isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9"),
        *("mp41", "mp42", "avc1", "M4V ", "M4VH", "M4VP", "MSNV", "f4v ", "dash", "mmp4", "XAVC"),
    )
)
# Brands of images and audio in the same container. Such files may list an MPEG-4 brand as compatible.
_NOT_VIDEO = (b"mif1", b"msf1", b"hei", b"hev", b"avi", b"M4A", b"M4B", b"jp2", b"crx")


def canonical(suffix: str) -> str:
    """Return the canonical form of a file suffix: lower case, without a dot, jpg for jpeg."""
    plain = suffix.strip().removeprefix(".").lower()
    return "jpg" if plain == "jpeg" else plain


def recognise(data: bytes) -> str | None:
    """Return the suffix of the file type; None for every type that may not be in a message."""
    for start, suffix in _SIGNATURES:
        if data.startswith(start):
            return suffix
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    return "mp3" if _is_mpeg_audio(data) else None


def _by_brand(data: bytes) -> str | None:
    major = data[8:12]
    if major.startswith((b"3gp", b"3gr", b"3gs", b"3ge", b"3g2")):
        return "3gp"
    if major.startswith(_NOT_VIDEO):
        return None
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {major, *(data[at : at + 4] for at in range(16, size, 4))}
    return "mp4" if brands & _MP4 else None


def _is_mpeg_audio(data: bytes) -> bool:
    """Return whether the data begins with an MPEG audio frame of layer III: an mp3 without an ID3 tag."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return False
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    bitrate, rate = data[2] >> 4, data[2] >> 2 & 3
    return version != 1 and layer == 1 and bitrate not in (0, 15) and rate != 3
