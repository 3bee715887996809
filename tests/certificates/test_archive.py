"""A certificate file comes back as it was written, or is refused with a sentence, whatever happened to it."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacviz.certificates.archive import FORMAT, LONGEST, Archive, BrokenArchive, Provenance, read
from pacviz.errors import PacvizError

ARCHIVE = Archive({"certificate": {"bound": 0.25, "statement": "δ"}, "device": "cpu"}, b"the code", b"the prior")
CONTENT = ARCHIVE.to_bytes()


def refused(content):
    with pytest.raises(BrokenArchive) as refusal:
        Archive.from_bytes(content)
    message = str(refusal.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def sealed(content):
    """With a checksum that is right."""
    return content + hashlib.sha256(content).digest()


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=8,
)


@given(header=st.dictionaries(st.text(), plain, max_size=4), code=st.binary(), prior=st.binary())
def test_an_archive_comes_back_as_it_was_written(header, code, prior):
    archive = Archive(header, code, prior)
    assert Archive.from_bytes(archive.to_bytes()) == archive


@pytest.mark.parametrize("place", range(len(CONTENT)))
def test_one_changed_byte_anywhere_is_refused(place):
    for change in (0x01, 0x80, 0xFF):
        refused(CONTENT[:place] + bytes([CONTENT[place] ^ change]) + CONTENT[place + 1 :])


@pytest.mark.parametrize("length", range(len(CONTENT)))
def test_a_file_cut_short_anywhere_is_refused(length):
    refused(CONTENT[:length])


@given(tail=st.binary(min_size=1))
def test_bytes_after_the_end_are_refused(tail):
    refused(CONTENT + tail)


@given(content=st.binary(max_size=200))
def test_no_other_bytes_are_a_certificate(content):
    refused(content)
    refused(CONTENT[:8] + content)
    refused(sealed(CONTENT[:8] + content))


def test_another_format_is_named():
    other = CONTENT[:6] + (FORMAT + 1).to_bytes(2) + CONTENT[8:-32]
    assert f"format {FORMAT + 1}" in refused(sealed(other))


@pytest.mark.parametrize("length", [max(LONGEST.values()) + 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("section", LONGEST)
def test_a_size_that_would_fill_the_memory_is_refused_by_name(section, length):
    before = {"header": b"", "code": (2).to_bytes(4) + b"{}", "prior": (2).to_bytes(4) + b"{}" + bytes(4)}[section]
    assert f"a {section} of {length:,} bytes" in refused(sealed(CONTENT[:8] + before + length.to_bytes(4)))


@pytest.mark.parametrize(
    "header",
    [
        b"[1]",
        b"{",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"n": ' + b"9" * 10_000 + b"}",
        b'{"n": ' + b"9" * 101 + b"}",
        b'{"bound": NaN}',
        b'{"bound": -Infinity}',
        b'{"bound": 1e400}',
        b'{"bound": 0.1, "bound": 0.9}',
        b'{"certificate": {"estimates": {"errors": 986, "errors": 0}}}',
        b'{"n": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"device": "\\ud800"}',
        b'{"\\ud800": 1}',
        b"{" + b",".join(b'"%d": 0' % number for number in range(60_000)) + b', "0": 1}',
    ],
)
def test_a_header_that_is_no_json_object_is_refused(header):
    content = CONTENT[:8] + len(header).to_bytes(4) + header + bytes(8)
    message = refused(sealed(content))
    assert "header" in message
    assert len(message) < 300


def test_a_number_that_json_does_not_know_is_not_written_either():
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            Archive({"bound": number}, b"", b"").to_bytes()


def test_a_file_is_read_and_what_is_no_file_is_a_sentence(tmp_path):
    path = tmp_path / "it.pacviz"
    path.write_bytes(CONTENT)
    assert read(path) == ARCHIVE
    for nothing in (tmp_path, tmp_path / "absent", tmp_path / "a\0b"):
        with pytest.raises(PacvizError, match="give a certificate file"):
            read(nothing)


def test_a_file_longer_than_any_certificate_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "huge.pacviz"
    with path.open("wb") as file:
        file.write(CONTENT)
        file.truncate(2**34)
    with pytest.raises(BrokenArchive, match="longer"):
        read(path)


def test_the_bytes_are_laid_out_as_documented():
    header = json.dumps(ARCHIVE.header, sort_keys=True).encode()
    parts = [b"pacviz\0\1", *(len(part).to_bytes(4) + part for part in (header, b"the code", b"the prior"))]
    assert sealed(b"".join(parts)) == CONTENT


def test_an_archive_tells_how_its_network_was_made_where_it_was_told():
    assert ARCHIVE.provenance is None
    told = {"family": "tiny", "settings": {"width": 8, "price": 0.5}, "command": "python -m pacviz"}
    archive = Archive.from_bytes(Archive({**ARCHIVE.header, "made": told}, b"", b"").to_bytes())
    assert archive.provenance == Provenance(**told)


@pytest.mark.parametrize(
    "told", ["by hand", {"family": "tiny"}, {"family": 1, "settings": {}, "command": ""},
             {"family": "tiny", "settings": {"width": [8]}, "command": ""},
             {"family": "tiny", "settings": {"width": True}, "command": ""},
             {"family": "tiny", "settings": {"x" * 1_001: 1}, "command": ""},
             {"family": "tiny", "settings": {str(width): width for width in range(33)}, "command": ""},
             {"family": "tiny", "settings": {}, "command": "x" * 1_001}]
)  # fmt: skip
def test_a_story_in_another_form_is_refused_with_a_sentence(told):
    with pytest.raises(BrokenArchive, match=r"^The header tells how the network was made, but not .*\.$"):
        _ = Archive({"made": told}, b"", b"").provenance
