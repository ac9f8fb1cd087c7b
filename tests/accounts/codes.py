"""Codes of an authenticator app, reckoned as RFC 6238 has it; independent of what checks them."""

import base64
import hmac
import struct
import time


def totp(secret: str, *, at: float | None = None) -> str:
    """Six digits of the half minute at `at` (seconds since 1970)."""
    counter = int((time.time() if at is None else at) // 30)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", counter), "sha1").digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
