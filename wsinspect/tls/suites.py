"""Cipher suites: what a number in a ServerHello stands for, and whether its records can be decrypted here."""

import re
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from wsinspect.tls.suitenames import SUITE_NAMES


class Cipher(StrEnum):
    """How records are encrypted; those that are decrypted here."""

    GCM = "AES-GCM"
    CCM = "AES-CCM"
    CHACHA20 = "ChaCha20-Poly1305"
    CBC = "AES-CBC"
    NULL = "no encryption"


class Suite(NamedTuple):
    """A cipher suite that is supported."""

    number: int
    name: str
    """`TLS_AES_128_GCM_SHA256` …, as IANA has it."""
    cipher: Cipher
    key_length: int
    """Bytes of the key."""
    tag_length: int
    """Bytes of the authentication tag, or of the MAC."""
    hash: str
    """Of the key schedule: `sha256` or `sha384`."""
    mac: str
    """Hash of the MAC (RFC 5246 §6.2.3.1); empty for AEAD ciphers."""


_MAC_LENGTHS: Final = {"sha1": 20, "sha256": 32, "sha384": 48, "md5": 16}
_AES: Final = re.compile(r"_AES_(128|256)_(GCM|CCM|CCM_8|CBC)(?:_(SHA|SHA256|SHA384))?$")
_CHACHA: Final = re.compile(r"_CHACHA20_POLY1305_SHA256$")
_NULL: Final = re.compile(r"_WITH_NULL_(MD5|SHA|SHA256|SHA384)$")


def _parse(number: int, name: str) -> Suite | None:
    """The suite's name says everything; None for what is not supported."""
    if _CHACHA.search(name):
        return Suite(number, name, Cipher.CHACHA20, 32, 16, "sha256", "")
    # RFC 6655 writes CCM without a hash, RFC 8446 with one.
    aes, null = _AES.search(name.replace("_CCM_SHA256", "_CCM").replace("_CCM_8_SHA256", "_CCM_8")), _NULL.search(name)
    if aes is not None:
        length, mode, hash_ = int(aes[1]) // 8, aes[2], aes[3]
        schedule = "sha384" if hash_ == "SHA384" else "sha256"
        if mode == "CBC":
            mac = "sha1" if hash_ == "SHA" else schedule
            return Suite(number, name, Cipher.CBC, length, _MAC_LENGTHS[mac], schedule, mac)
        tag = 8 if mode == "CCM_8" else 16
        return Suite(number, name, Cipher.GCM if mode == "GCM" else Cipher.CCM, length, tag, schedule, "")
    if null is not None:
        mac = "sha1" if null[1] == "SHA" else null[1].lower()
        return Suite(
            number, name, Cipher.NULL, 0, _MAC_LENGTHS[mac], "sha384" if mac == "sha384" else "sha256", mac
        )  # fmt: skip
    return None


@cache
def _names() -> dict[int, str]:
    return {int(line[:4], 16): line[5:] for line in SUITE_NAMES.strip().splitlines()}


@cache
def supported_suite(number: int) -> Suite | None:
    """The cipher suite with that number; None if it is not supported."""
    name = _names().get(number)
    return _parse(number, name) if name is not None else None


def suite_name(number: int) -> str:
    """`TLS_AES_128_GCM_SHA256` …; a number in hexadecimal for what has no name here."""
    return _names().get(number, f"0x{number:04X}")
