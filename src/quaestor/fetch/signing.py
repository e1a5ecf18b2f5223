"""Private keys, and the JSON web tokens that they sign (RFC 7515, 7517, 7518).

PyJWT and cryptography do the work, and are imported when a key is read or made: they are an extra
(`quaestor[oauth]`). Before: a connection's reference to a key. After: `fetch.oauth` signs assertions and proofs.
"""

from __future__ import annotations

import json

from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.secrets import Secret

SMALLEST_RSA_BITS = 2048

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_NO_PACKAGES = "pip install 'quaestor[oauth]'"


class SigningKey:
    """A private key, and how it signs.

    Attributes:
        algorithm: of RFC 7518: `RS256`, `ES256` …
        key_id: names the key to who knows several of a client, or is empty.
    """

    def __init__(self, key: Any, algorithm: str, key_id: str = "") -> None:
        self._key = key
        self.algorithm = algorithm
        self.key_id = key_id

    @classmethod
    def read(cls, secret: Secret, source: str, key_id: str = "") -> SigningKey:
        """The key of a PEM file (PKCS#8, PKCS#1, SEC 1; not encrypted) or of a JWK, in JSON.

        Raises UsageError that says what it is instead, without showing any of it.
        """
        text = secret.reveal().strip()
        try:
            import jwt
            from cryptography.exceptions import UnsupportedAlgorithm
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError as error:
            raise UsageError("signing in by private key needs two more packages", hint=_NO_PACKAGES) from error
        try:
            if text.startswith("{"):
                known = json.loads(text)
                key_id = key_id or str(known.get("kid", ""))
                key = jwt.PyJWK.from_dict(known, algorithm=_jwk_algorithm(known)).key
            else:
                key = load_pem_private_key(text.encode(), password=None)
            return cls(key, _algorithm(key), key_id)
        except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm, jwt.PyJWTError) as error:
            raise UsageError(
                f"the private key from {source} can't be used: {_what_it_is(text)}",
                hint="it takes an RSA key of 2048 bits or more, or an EC key on P-256, P-384 or P-521: as PEM "
                "without a password, or as the JWK that Okta shows when it makes one",
            ) from error

    @classmethod
    def make(cls) -> SigningKey:
        """A new key of this process, for DPoP."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return cls(ec.generate_private_key(ec.SECP256R1()), "ES256")

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A JSON web token of these claims."""
        import jwt

        if self.key_id:
            header = {"kid": self.key_id, **header}
        return jwt.encode(claims, self._key, algorithm=self.algorithm, headers=header)

    def public_jwk(self) -> dict[str, str]:
        """The public half (RFC 7517), of an elliptic curve's key."""
        import jwt

        known: dict[str, str] = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {name: known[name] for name in ("kty", "crv", "x", "y")}


def _jwk_algorithm(known: dict[str, Any]) -> str:
    if known.get("kty") == "RSA":
        return "RS256"
    return {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[known["crv"]] if known.get("kty") == "EC" else ""


def _algorithm(key: Any) -> str:
    """How a private key signs. Raises ValueError for one that can't."""
    if not hasattr(key, "private_bytes") or not hasattr(key, "sign"):
        raise ValueError("no private key")
    curve = getattr(key, "curve", None)
    if curve is not None and curve.name in _CURVES:
        return _CURVES[curve.name]
    is_rsa = curve is None and hasattr(key, "private_numbers") and hasattr(key.private_numbers(), "d")
    if is_rsa and key.key_size >= SMALLEST_RSA_BITS:
        return "RS256"
    raise ValueError("no key for RS256 or ES256")


def _what_it_is(text: str) -> str:
    if "PUBLIC KEY" in text:
        return "it is a public key"
    if "ENCRYPTED" in text:
        return "it is encrypted"
    if "CERTIFICATE" in text:
        return "it is a certificate"
    if text.startswith("{"):
        return "it is a JWK without a private part" if '"d"' not in text else "it is a JWK of another kind"
    if "PRIVATE KEY" in text:
        return "it is damaged, too short or of another kind"
    return "it is neither PEM nor a JWK"
