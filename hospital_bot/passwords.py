"""Password hashes: bcrypt over a keyed digest, so that no byte is cut off and a stolen table is of no use alone.

Stored as `hmac384$2b$12$…`: the scheme, then bcrypt's own text. A bare bcrypt hash (the hospital's earlier
users) is verified as it is and replaced at the next login. One hash takes about 0.2 s of a core: never call
this on the event loop or inside a transaction.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata

import bcrypt

COST = 12
"""Two to this power rounds. Source: OWASP Password Storage asks for 10 or more."""
MAX_BYTES = 1024
"""Longer passwords are never hashed: they would only cost time."""
BCRYPT_BYTES = 72
"""bcrypt reads no further. Source: its paper; the library raises beyond."""
UNUSABLE = "!"
"""Stored for a person who has not set a password yet: matches nothing."""
DUMMY = "hmac384$2b$12$FrncldM1eLGqXYp6ofxy.eEgQH6XrSEz1.QR.P7XFYE.IdcciIdDy"
"""Checked when there is nobody to check: it matches nothing, and takes as long."""

_SCHEME = "hmac384"
_STORED = re.compile(r"(hmac384)?(\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53})", re.ASCII)


def hash_password(text: str, *, pepper: bytes) -> str:
    """What to store for this password. The text has passed `people.password`."""
    return _SCHEME + bcrypt.hashpw(_keyed(text, pepper), bcrypt.gensalt(COST)).decode()


def matches(text: str, stored: str, *, pepper: bytes) -> bool:
    """Whether this is the password; never raises, and takes as long for a hash that can't be read."""
    found = _STORED.fullmatch(stored)
    secret = _keyed(text, pepper) if found is None or found[1] else _plain(text)
    if found is None or len(secret) > BCRYPT_BYTES or _size(text) > MAX_BYTES:
        return _spend_time()
    try:
        return bcrypt.checkpw(secret, found[2].encode())
    except ValueError:  # the right shape, but no salt that bcrypt could have made
        return _spend_time()


def needs_rehash(stored: str) -> bool:
    """True for a hash that the next right password should replace."""
    return not stored.startswith(f"{_SCHEME}$2b${COST:02}$")


def normal(text: str) -> str:
    """One form for what looks and means the same: a composed and a decomposed ü are one password."""
    return unicodedata.normalize("NFKC", text)


def _keyed(text: str, pepper: bytes) -> bytes:
    """64 bytes, whatever the length of the text."""
    short = normal(text) if _size(text) <= MAX_BYTES else ""
    return base64.b64encode(hmac.new(pepper, _plain(short), hashlib.sha384).digest())


def _plain(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _size(text: str) -> int:
    return len(_plain(text))


def _spend_time() -> bool:
    bcrypt.checkpw(b"", DUMMY.removeprefix(_SCHEME).encode())
    return False
