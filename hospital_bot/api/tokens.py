"""Bearer tokens: JSON Web Tokens for an hour by password, for a quarter after a one-time code.

Signed with HS256 and nothing else, by a key derived for this alone. `ver` is the user's token_version: a logout or
a new password raises it and so ends every token before. `otp` is when a one-time code was given, if one was.
Source: RFC 7519, RFC 8725; NIST 800-63B-4 for the quarter of an hour of health data.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from hospital_bot.errors import NotLoggedIn
from hospital_bot.keys import Keys

ALGORITHM = "HS256"
ISSUER, AUDIENCE = "hospital-bot", "hospital-bot-api"
CLAIMS = ("iss", "aud", "sub", "iat", "exp", "jti", "ver")
LIFE, PROVEN_LIFE = timedelta(hours=1), timedelta(minutes=15)
LONGEST = 4096
"""Characters; ours have about 350."""
SKEW = timedelta(seconds=30)
"""How far the clocks of two of our machines may be apart."""


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: int
    token_version: int
    token_id: str
    """Names this token: a one-time code is bound to the one that asked for it."""
    proved_at: datetime | None


def issue(keys: Keys, *, user_id: int, token_version: int, proved_at: datetime | None, now: datetime) -> str:
    """A token for this user; `proved_at` is now when a one-time code was just given."""
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "iat": issued,
        "exp": issued + int((PROVEN_LIFE if proved_at else LIFE).total_seconds()),
        "jti": secrets.token_hex(16),
        "ver": token_version,
    }
    if proved_at:
        claims["otp"] = int(proved_at.timestamp())
    return jwt.encode(claims, bytes(keys.tokens), algorithm=ALGORITHM, headers={"kid": _kid(keys)})


def read(keys: Keys, token: str, *, now: datetime) -> Claims:
    """What a token says. Raises NotLoggedIn, whatever is wrong with it."""
    if len(token) > LONGEST:
        raise NotLoggedIn
    try:
        found = jwt.decode_complete(
            token,
            bytes(keys.tokens),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": list(CLAIMS), "verify_exp": False, "verify_iat": False, "strict_aud": True},
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotLoggedIn from None
    if found["header"].get("kid") != _kid(keys):
        raise NotLoggedIn
    return _checked(found["payload"], int(now.timestamp()))


def _checked(claims: dict[str, Any], now: int) -> Claims:
    """The times are compared with our own clock, which the library doesn't know."""
    issued, expires, version, proved = (claims.get(name) for name in ("iat", "exp", "ver", "otp"))
    if type(issued) is not int or type(expires) is not int or type(version) is not int:
        raise NotLoggedIn
    if type(proved) is not int and proved is not None:
        raise NotLoggedIn
    if not re.fullmatch("[0-9]{1,10}", claims["sub"], re.ASCII):
        raise NotLoggedIn
    if not issued - int(SKEW.total_seconds()) <= now < expires <= issued + int(LIFE.total_seconds()):
        raise NotLoggedIn
    proved_at = None if proved is None else datetime.fromtimestamp(proved, UTC)
    return Claims(int(claims["sub"]), version, str(claims["jti"]), proved_at)


def _kid(keys: Keys) -> str:
    """Names the key without telling it, so that a change of key is seen at once."""
    return keys.tokens.digest("kid")[:8]
