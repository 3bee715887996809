"""The certificate file: bytes that hold a certificate and the network that it is about, and nothing that runs.

All integers are unsigned and big-endian.

    bytes           content
    8               the magic, "pacviz" in ASCII and the format's version in two bytes (now 1)
    4 + length      the header's length in bytes, then the header: a JSON object in UTF-8
    4 + length      the code's length, then the code of the network without noise (pacviz.compression.coder.decode)
    4 + length      the prior's length, then the code of the prior (decode_prior); empty for a network without noise
    32              SHA-256 of everything before

The header holds

    certificate     what `python -m pacviz certify --json` prints: scenario, ledger, estimates, bounds, fingerprints, version
    posterior_stds  the standard deviation of the noise on each layer's weights, exactly: float.hex by layer
    architecture    only for an architecture that is not pacviz's own: its plain description (pacviz.models.declaration)
    device          the kind of device that measured, cpu, cuda or mps; each has random numbers of its own for a seed
    made            where it is told, how the network came about: family, settings and command (Made); nobody checks it

No section is longer than 4 MiB, which is checked before anything is read into memory.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacviz.errors import PacvizError

NAME, FORMAT = b"pacviz", 1
LONGEST = 2**22
"""Most bytes of a section: twice the weights of LeNet-5 as they are."""
_PREFIX, _LENGTH, _CHECKSUM = 8, 4, 32
_SECTIONS = ("header", "code", "prior")


class BrokenArchive(PacvizError):
    """Bytes that are no whole certificate file of this format; the message is one sentence."""


@dataclass(frozen=True)
class Made:
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
    def made(self) -> Made | None:
        """How the network came about, None where the file does not tell; raises BrokenArchive where it tells no such thing."""
        told = self.header.get("made")
        if told is None:
            return None
        if not isinstance(told, dict) or told.keys() != {field.name for field in dataclasses.fields(Made)}:
            raise BrokenArchive("The header tells how the network was made, but not by family, settings and command.")
        family, settings, command = told["family"], told["settings"], told["command"]
        plain = isinstance(settings, dict) and all(isinstance(value, str | int | float) for value in settings.values())
        if not (isinstance(family, str) and isinstance(command, str) and plain):
            raise BrokenArchive("The header tells how the network was made, but not in plain texts and numbers.")
        return Made(family, settings, command)

    def to_bytes(self) -> bytes:
        """The file's content."""
        sections = (json.dumps(self.header, sort_keys=True).encode(), self.code, self.prior)
        content = NAME + FORMAT.to_bytes(_PREFIX - len(NAME))
        content += b"".join(len(section).to_bytes(_LENGTH) + section for section in sections)
        return content + hashlib.sha256(content).digest()

    @classmethod
    def from_bytes(cls, content: bytes) -> Archive:
        """The inverse of `to_bytes`; raises BrokenArchive where anything is not as it was written."""
        if not content.startswith(NAME):
            raise BrokenArchive("This is no certificate file; give one that `python -m pacviz certify --out` wrote.")
        if (version := int.from_bytes(content[len(NAME) : _PREFIX])) != FORMAT:
            raise BrokenArchive(f"This is a certificate file of format {version}, but only {FORMAT} can be read here.")
        sections, place = [], _PREFIX
        for name in _SECTIONS:
            length = int.from_bytes(content[place : place + _LENGTH])
            if length > LONGEST:
                raise BrokenArchive(
                    f"The file claims a {name} of {length:,} bytes, but at most {LONGEST:,} are allowed."
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
        try:
            header = json.loads(sections[0])
        except (ValueError, RecursionError) as error:
            raise BrokenArchive(f"The header is no JSON ({error}); ask for the file again.") from error
        if not isinstance(header, dict):
            raise BrokenArchive("The header is no JSON object; ask for the file again.")
        return cls(header, sections[1], sections[2])


def read(path: Path) -> Archive:
    """The archive in a file.

    Raises PacvizError where there is no file to read, BrokenArchive where it does not hold what one should.
    """
    largest = _PREFIX + len(_SECTIONS) * (_LENGTH + LONGEST) + _CHECKSUM
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
    return Archive.from_bytes(content)
