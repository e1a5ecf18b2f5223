"""JSON web tokens that clients send: assertions of who they are, proofs that they have a key (RFC 7523, RFC 9449).

PyJWT and cryptography check the signatures, and are imported when a token is: they are an extra (`quaestor[oauth]`).
Before: `okta.signin` has a request. After: it knows the claims, or what is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import OrderedDict

from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
#: A proof is good for so long, either way; an assertion may be good for an hour.
PROOF_S, ASSERTION_S = 300, 3600
#: So many ids of tokens are remembered, each as long as it could be used again.
REMEMBERED = 20_000
_PUBLIC = frozenset({"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"})
_THUMBED = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


class Wrong(Exception):
    """What is wrong with a token."""


class Once:
    """Ids that may be used once; the oldest are forgotten when they could no longer be used anyway.

    Args:
        now: seconds since 1970.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: OrderedDict[str, float] = OrderedDict()

    def use(self, identifier: Any, life_s: float) -> None:
        """Raises Wrong for an id that was used."""
        if not isinstance(identifier, str) or not identifier:
            raise Wrong("has no jti")
        now = self._now()
        if self._seen.get(identifier, 0.0) > now:
            raise Wrong("was used before (jti)")
        self._seen[identifier] = now + life_s
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


def library() -> Any:
    """PyJWT. Raises UsageError where it, or cryptography, is missing."""
    try:
        import cryptography  # noqa: F401
        import jwt
    except ImportError as error:
        raise UsageError(
            "signing in by private key needs two more packages", hint="pip install 'quaestor[oauth]'"
        ) from error
    return jwt


def made_key() -> tuple[str, dict[str, Any]]:
    """A new RSA key as PEM, and its public half as JWK. Raises UsageError where the packages are missing."""
    jwt = library()
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)


def read_public(text: str) -> dict[str, Any]:
    """The JWK of a public key in PEM. Raises UsageError."""
    jwt = library()
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text.encode())
        kind = (
            jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePublicKey) else jwt.algorithms.RSAAlgorithm
        )
        return dict(kind.to_jwk(key, as_dict=True))
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(
            "public_key should be the public key of an app: PEM, RSA or elliptic curve",
            hint="-----BEGIN PUBLIC KEY-----",
        ) from error


def subject(assertion: str) -> str:
    """The client that an assertion is said to be of. Raises Wrong for what is no JSON web token."""
    jwt = library()
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise Wrong(f"is no JSON web token: {error}") from None
    said = claims.get("iss")
    if not isinstance(said, str) or not said or said != claims.get("sub"):
        raise Wrong("must have the client id as iss and sub")
    return said


def check_assertion(
    assertion: str, keys: Sequence[Mapping[str, Any]] | None, audience: Sequence[str], once: Once, now: float
) -> None:
    """Raises Wrong unless one of the keys (None: of an app that nobody registered, any) signed it, for one of the
    audiences, for now, and never before."""
    jwt = library()
    options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
    if keys is None:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    else:
        claims = _signed(jwt, assertion, keys, options)
    told = claims.get("aud")
    if not set(told if isinstance(told, list) else [told]) & set(audience):
        raise Wrong(f"must have {audience[0]} as aud, not {told!r}")
    ends = claims.get("exp")
    if not isinstance(ends, (int, float)) or ends <= now:
        raise Wrong("has expired, or has no exp")
    if ends > now + ASSERTION_S + 60:
        raise Wrong("must not be good for more than an hour")
    if "jti" in claims:
        once.use(claims["jti"], ends - now)


def _signed(jwt: Any, token: str, keys: Sequence[Mapping[str, Any]], options: dict[str, Any]) -> dict[str, Any]:
    """The claims of a token that one of the keys signed. Raises Wrong."""
    named = jwt.get_unverified_header(token).get("kid")
    fitting = [key for key in keys if not named or not key.get("kid") or key["kid"] == named]
    for key in fitting:
        try:
            known = jwt.PyJWK.from_dict({**key, "alg": key.get("alg") or _algorithm(token, jwt)})
            claims: dict[str, Any] = jwt.decode(token, known.key, algorithms=list(ALGORITHMS), options=options)
            return claims
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
    raise Wrong("isn't signed by a key of the app" + (f" (kid {named})" if named else ""))


def _algorithm(token: str, jwt: Any) -> str:
    said = jwt.get_unverified_header(token).get("alg")
    return said if said in ALGORITHMS else "RS256"


def check_proof(
    proof: str, method: str, url: str, once: Once, now: float, token: str = ""
) -> tuple[dict[str, Any], str]:
    """The claims of a proof and the thumbprint of its key (RFC 7638). Raises Wrong for one that isn't of this
    request, isn't of now, was used before, or (with a token) is of another token (RFC 9449, 4.3)."""
    jwt = library()
    try:
        header = jwt.get_unverified_header(proof)
        known = header.get("jwk")
        if header.get("typ") != "dpop+jwt" or not isinstance(known, dict) or header.get("alg") not in ALGORITHMS:
            raise Wrong("must have the type dpop+jwt, a jwk, and an asymmetric algorithm")
        if not set(known) <= _PUBLIC or known.get("kty") not in _THUMBED:
            raise Wrong("must have the public half of its key as jwk, and nothing else")
        key = jwt.PyJWK.from_dict({**known, "alg": header["alg"]}).key
        options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        claims: dict[str, Any] = jwt.decode(proof, key, algorithms=[header["alg"]], options=options)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise Wrong(f"can't be verified: {error}") from None
    if claims.get("htm") != method:
        raise Wrong(f"is for {claims.get('htm')}, not {method} (htm)")
    if claims.get("htu") != url.partition("#")[0].partition("?")[0]:
        raise Wrong(f"is for {claims.get('htu')} (htu)")
    said = claims.get("iat")
    if not isinstance(said, (int, float)) or abs(said - now) > PROOF_S:
        raise Wrong("is too old, or of a time to come (iat)")
    if token and claims.get("ath") != digest(token):
        raise Wrong("is of another access token (ath)")
    once.use(claims.get("jti"), 2 * PROOF_S)
    return claims, thumbprint(known)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint of a key (RFC 7638)."""
    names = _THUMBED[str(jwk["kty"])]
    canonical = json.dumps({name: jwk.get(name) for name in names}, separators=(",", ":"))
    return digest(canonical)


def digest(text: str) -> str:
    """SHA-256, base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
