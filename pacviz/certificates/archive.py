"""The certificate file: bytes that hold a certificate and the network that it is about, and nothing that runs.

All integers are unsigned and big-endian.

    bytes           content
    8               the magic, "pacviz" in ASCII and the format's version in two bytes (now 1)
    4 + length      the header's length in bytes, then the header: a JSON object in UTF-8
    4 + length      the code's length, then the code of the network without noise (pacviz.codes.coder.decode)
    4 + length      the prior's length, then the code of the prior (decode_prior); empty for a network without noise
    32              SHA-256 of everything before

The header holds

    certificate     what `python -m pacviz certify --json` prints: scenario, ledger, estimates, bounds, fingerprints, version
    posterior_stds  the standard deviation of the noise on each layer's weights, exactly: float.hex by layer
    architecture    only for an architecture that is not pacviz's own: its plain description (pacviz.models.declaration)
    device          the kind of device that measured, cpu, cuda or mps; each has random numbers of its own for a seed
    made            where it is told, how the network came about: family, settings and command (Provenance); nobody checks it

No section is longer than LONGEST allows, which is checked before anything is read into memory.  The header is JSON of
one meaning: no name twice, no NaN or infinity, no number or depth beyond what a certificate can have.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import reprlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pacviz.errors import PacvizError

NAME, FORMAT = b"pacviz", 1
LONGEST = {"header": 2**20, "code": 2**22, "prior": 2**22}
"""Most bytes of each section, in order: of a code, twice the weights of LeNet-5 as they are."""
DEPTH, DIGITS, TEXT = 32, 100, 1_000
"""Most levels of the header, digits of a whole number in it, and characters of a text that tells how a network was made."""
SETTINGS = 32
"""Most settings that tell how a network was made."""
_PREFIX, _LENGTH, _CHECKSUM = 8, 4, 32


class BrokenArchive(PacvizError):
    """Bytes that are no whole certificate file of this format; the message is one sentence."""


@dataclass(frozen=True)
class Provenance:
    """How a network came about: for information only, since a certificate holds for whatever led to its network.

    family: the kind of network that it is one of.  settings: what was set, plain values by name.  command: makes it again.
    """

    family: str
    settings: Mapping[str, str | int | float]
    command: str


@dataclass(frozen=True)
class Archive:
    """What a certificate file says.  header: plain values, as the module describes.  code, prior: bytes."""

    header: Mapping[str, Any]
    code: bytes
    prior: bytes

    @property
    def provenance(self) -> Provenance | None:
        """How the network came about, None where the file does not tell; raises BrokenArchive where it tells no such thing."""
        told = self.header.get("made")
        if told is None:
            return None
        if not isinstance(told, dict) or told.keys() != {field.name for field in dataclasses.fields(Provenance)}:
            raise BrokenArchive("The header tells how the network was made, but not by family, settings and command.")
        family, settings, command = told["family"], told["settings"], told["command"]
        texts = [family, command]
        if isinstance(settings, dict) and len(settings) <= SETTINGS:
            texts += [*settings, *(value for value in settings.values() if type(value) not in (int, float))]
        else:
            texts.append(settings)
        if not all(isinstance(text, str) and len(text) <= TEXT for text in texts):
            raise BrokenArchive("The header tells how the network was made, but not in a few plain texts and numbers.")
        return Provenance(family, settings, command)

    def to_bytes(self) -> bytes:
        """The file's content."""
        sections = (json.dumps(self.header, sort_keys=True, allow_nan=False).encode(), self.code, self.prior)
        content = NAME + FORMAT.to_bytes(_PREFIX - len(NAME))
        content += b"".join(len(section).to_bytes(_LENGTH) + section for section in sections)
        return content + hashlib.sha256(content).digest()

    @classmethod
    def from_bytes(cls, content: bytes) -> Archive:
        """The inverse of `to_bytes`; raises BrokenArchive where anything is not as it was written."""
        if not content.startswith(NAME):
            raise BrokenArchive(
                "This is no certificate file; give one that `python -m pacviz certify --out FILE` wrote."
            )
        if (version := int.from_bytes(content[len(NAME) : _PREFIX])) != FORMAT:
            raise BrokenArchive(f"This is a certificate file of format {version}, but only {FORMAT} can be read here.")
        sections, place = [], _PREFIX
        for name, longest in LONGEST.items():
            length = int.from_bytes(content[place : place + _LENGTH])
            if length > longest:
                raise BrokenArchive(
                    f"The file claims a {name} of {length:,} bytes, but at most {longest:,} are allowed."
                )
            place += _LENGTH + length
            sections.append(content[place - length : place])
        if len(content) != place + _CHECKSUM:
            raise BrokenArchive(
                f"The file has {len(content):,} bytes, but its sections need {place + _CHECKSUM:,}: "
                "it was cut short or changed; copy it again."
            )
        if hashlib.sha256(content[:place]).digest() != content[place:]:
            raise BrokenArchive("The file does not match its checksum: it was changed after writing; copy it again.")
        return cls(_header(sections[0]), sections[1], sections[2])


def _header(content: bytes) -> dict[str, Any]:
    """The JSON object in the bytes; raises BrokenArchive for what `to_bytes` never writes, even where json would take it."""
    try:
        header = json.loads(
            content.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_float,
            parse_int=lambda text: int(text) if len(text) <= DIGITS else _no_number(text),
        )
        if not isinstance(header, dict):
            raise BrokenArchive("The header is no JSON object; ask for the file again.")
        parts: list[Any] = [header]
        for _ in range(DEPTH):
            parts = [
                part
                for whole in parts
                for part in (whole.values() if isinstance(whole, dict) else whole)
                if isinstance(part, dict | list)
            ]
        if parts:
            raise BrokenArchive(f"The header is nested deeper than {DEPTH} levels, which no certificate is.")
        # A text with half a character in it could not be printed.
        json.dumps(header, ensure_ascii=False).encode()
    except BrokenArchive:
        raise
    except (ValueError, RecursionError) as error:
        raise BrokenArchive(f"The header is no JSON ({error}); ask for the file again.") from error
    return header


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise BrokenArchive(f"The header says {reprlib.repr(twice)} twice in one place, so that it has two meanings.")
    return values


def _float(text: str) -> float:
    return number if math.isfinite(number := float(text)) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise BrokenArchive(f"The header holds {reprlib.repr(text)}, which is no number that a certificate can have.")


def read(path: Path) -> Archive:
    """The archive in a file.

    Raises PacvizError where there is no file to read, BrokenArchive where it does not hold what one should.
    """
    return Archive.from_bytes(content_of(path))


def content_of(path: Path) -> bytes:
    """The bytes of a file that may be an archive; raises PacvizError where there are none, or more than an archive has."""
    largest = _PREFIX + sum(_LENGTH + longest for longest in LONGEST.values()) + _CHECKSUM
    try:
        if path.exists() and not path.is_file():
            raise PacvizError(f"{path} is no file; give a certificate file.")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, PacvizError):
            raise
        raise PacvizError(f"{path} cannot be read ({error}); give a certificate file.") from error
    if len(content) > largest:
        raise BrokenArchive(f"The file is longer than {largest:,} bytes, which no certificate file is.")
    return content
