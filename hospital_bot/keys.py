"""Every key of the product, derived from HOSPITAL_SECRET_KEY, each for one use."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Self

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Key(bytes):
    """Bytes that no log line and no traceback shows."""

    def __repr__(self) -> str:
        return "Key(…)"

    __str__ = __repr__

    def digest(self, *facts: object) -> str:
        """64 hexadecimal characters that only the holder of the key can make for exactly these facts."""
        message = "\0".join(str(fact) for fact in facts)
        return hmac.new(self, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    pepper: Key
    """Mixed into every password before it is hashed: a stolen table alone can't be guessed at."""
    codes: Key
    invitations: Key
    throttles: Key
    tokens: Key
    """Signs the API's tokens."""
    requests: Key
    audit: Key
    """Signs the audit log."""
    seal_key: Key

    @classmethod
    def derive(cls, secret: str) -> Self:
        """The same keys for the same secret, on every machine."""
        uses = ("pepper", "codes", "invitations", "throttles", "tokens", "requests", "audit", "seal")
        return cls(*(_derive(secret, use) for use in uses))

    def seal(self, text: str) -> str:
        """Encrypt what must be read again, such as an authenticator secret."""
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """None when it was sealed with another key, or altered."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    @property
    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.seal_key))


def _derive(secret: str, use: str) -> Key:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"hospital-bot {use}".encode())
    return Key(hkdf.derive(secret.encode()))
