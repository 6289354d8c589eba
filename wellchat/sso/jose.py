"""Read signed tokens (RFC 7515, 7519) and public keys (RFC 7517) more strictly than the library does.

The library checks signatures. Here are the rules around them: one algorithm for each key, strict base64url,
no name twice, no header that points to a key elsewhere.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

# The library takes a tenth of the start of a process, and most never see a token: functions import it.
if TYPE_CHECKING:
    from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
    from joserfc.jws import JWSRegistry

# The names under which a token may say each algorithm: EdDSA has two since RFC 9864.
NAMES = {
    "HS256": ("HS256",),
    "EdDSA": ("EdDSA", "Ed25519"),
    **{f"{kind}{bits}": (f"{kind}{bits}",) for kind in ("ES", "RS", "PS") for bits in (256, 384, 512)},
}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
MIN_SECRET = 32  # bytes of a secret of HS256 (RFC 7518, 3.2)
MIN_RSA = 2048  # bits
# They name or bring a key, or change what was signed. Whoever sends them chooses them.
FOREIGN_HEADERS = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc")
SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


class Unfit(Exception):
    """A token or key that is not taken: `code`, a stable word, and a sentence for developers."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class StrictDecoder(json.JSONDecoder):
    """Reads JSON in which no name stands twice and every number is one."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Which of the two counts would depend on who reads (RFC 8259, 4).
        raise Unfit("name_twice", "A name stands twice in the header or the claims.")
    return found


def _no_number(_name: str) -> None:
    raise Unfit("malformed", "NaN and Infinity are no numbers of JSON.")


@cache
def _registry(names: tuple[str, ...]) -> JWSRegistry:
    """Return what takes these algorithms, and headers that it does not know, as RFC 7515, 4 asks."""
    from joserfc.errors import UnsupportedAlgorithmError
    from joserfc.jws import JWSRegistry

    class Registry(JWSRegistry):
        max_header_length = 8192  # a provider may send its chain of certificates

        def get_alg(self, name: str) -> Any:
            # The library warns of a name that it finds old; which names are taken is said for each key.
            if name not in names:
                raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
            return self.algorithms[name]

    return Registry(algorithms=names, strict_check_header=False)


def read_header(token: str, *, max_size: int) -> dict[str, Any]:
    """Return the header of a token of the host, not verified yet. Raises Unfit."""
    header = read_any_header(token, max_size=max_size)
    for name in FOREIGN_HEADERS:
        if name in header:
            raise Unfit("foreign_header", f"The header has {name}, which is never followed.")
    if type_of(header) not in ("", "jwt"):
        raise Unfit("foreign_type", "The header's typ is not JWT. Leave it out, or write JWT.")
    return header


def read_any_header(token: str, *, max_size: int) -> dict[str, Any]:
    """Return the header of a token, whatever it says beside the algorithm and the key. Raises Unfit."""
    if not token:
        raise Unfit("missing", "There is no token.")
    if len(token) > max_size:
        raise Unfit("too_large", f"A token has at most {max_size:,} bytes.")
    parts = token.split(".")
    if len(parts) != 3 or not all(SEGMENT.fullmatch(part) for part in parts):
        raise Unfit("malformed", "A token is three parts in base64url without padding, joined by dots.")
    return _json_of(parts[0])


def type_of(header: Mapping[str, Any]) -> str:
    """Return the `typ` in small letters, without application/ (RFC 7515, 4.1.9); "" where there is none."""
    typ = header.get("typ")
    return str(typ).lower().removeprefix("application/") if typ is not None else ""


def _json_of(part: str) -> dict[str, Any]:
    try:
        found = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)), cls=StrictDecoder)
    except Unfit:
        raise
    # Bad bytes, bad JSON, and JSON so deep that Python gives up.
    except Exception:
        raise Unfit("malformed", "The header cannot be read as JSON.") from None
    if not isinstance(found, dict):
        raise Unfit("malformed", "The header is no JSON object.")
    return found


def read_claims(token: str, key: Key, algorithms: tuple[str, ...]) -> dict[str, Any]:
    """Return the claims of a token that this key signed with one of these algorithms. Raises Unfit.

    `algorithms` are the names that the header may say. No claim is checked.
    """
    from joserfc import jwt
    from joserfc.errors import InvalidPayloadError

    try:
        return jwt.decode(token, key, registry=_registry(algorithms), decoder_cls=StrictDecoder).claims
    except Unfit:
        raise
    # The signature fits; what it signs is no JSON, or so deep that Python gives up.
    except (InvalidPayloadError, RecursionError):
        raise Unfit("malformed", "The claims are no JSON object.") from None
    # Whatever the library makes of what a stranger sent: it is no failure of ours.
    except Exception as error:
        raise Unfit("bad_signature", f"The signature does not fit ({type(error).__name__}).") from None


def check_key(key: Key, alg: str) -> Key:
    """Return the key if it is strong enough and of the kind that `alg` (one of NAMES) needs. Raises Unfit."""
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

    if alg == "HS256":
        _need(isinstance(key, OctKey), "HS256 needs a secret.")
        _need(len(cast(OctKey, key).raw_value) >= MIN_SECRET, "A secret of HS256 has 32 bytes or more.")
        return key
    _need(not isinstance(key, OctKey) and not key.is_private, "Give the public half of the key alone.")
    if alg[:2] in ("RS", "PS"):
        _need(isinstance(key, RSAKey), f"{alg} needs an RSA key.")
        size = cast(RSAKey, key).public_key.key_size
        _need(size >= MIN_RSA, f"An RSA key has {MIN_RSA} bits or more, not {size}.")
    elif alg in CURVES:
        curve = CURVES[alg]
        _need(isinstance(key, ECKey) and key.curve_name == curve, f"{alg} needs a key on the curve {curve}.")
    else:
        _need(isinstance(key, OKPKey) and key.curve_name == "Ed25519", "EdDSA needs an Ed25519 key.")
    return key


def _need(fits: bool, reason: str) -> None:
    if not fits:
        raise Unfit("unfit_key", reason)


def secret_key(secret: str, alg: str = "HS256") -> Key:
    """Return a secret as a key: the bytes of the text as it stands. Raises Unfit."""
    from joserfc.jwk import OctKey

    _need(len(secret.encode()) >= MIN_SECRET, "A secret of HS256 has 32 bytes or more.")
    return check_key(OctKey.import_key(secret.encode()), alg)


def public_key(jwk: Mapping[str, Any], alg: str) -> Key:
    """Return a JWK as a key that may check signatures of `alg`. Raises Unfit."""
    from joserfc.jwk import JWKRegistry

    if jwk.get("use", "sig") != "sig":
        raise Unfit("unfit_key", "The key is not for signatures.")
    named = jwk.get("alg")
    if named is not None and named not in NAMES[alg]:
        raise Unfit("unfit_key", f"The key is for {named}, not for {alg}.")
    try:
        # Without `alg` and `key_ops`, which the library would compare once more, by one name only.
        bare = {name: value for name, value in jwk.items() if name not in ("alg", "key_ops", "use", "kid")}
        return check_key(JWKRegistry.import_key(bare), alg)
    except Unfit:
        raise
    except Exception as error:
        raise Unfit("unfit_key", f"The key cannot be read ({type(error).__name__}).") from None


def jwk_of_text(text: str, alg: str) -> dict[str, Any]:
    """Return the public JWK of a file with a PEM or a JWK. Raises Unfit, also for a private key."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    _need("PRIVATE KEY" not in text, "This is a private key. Give the public half alone.")
    try:
        if text.lstrip().startswith("{"):
            found = json.loads(text, cls=StrictDecoder)
        else:
            found = _kind(alg).import_key(load_pem_public_key(text.encode())).as_dict()  # type: ignore[arg-type]
    except Unfit:
        raise
    except Exception:
        reason = f"This is no public key for {alg}, as PEM (BEGIN PUBLIC KEY) or as a JWK."
        raise Unfit("unfit_key", reason) from None
    _need("keys" not in found, "This is a set of keys. Give one, or the address of the set with --jwks.")
    _need("d" not in found and found.get("kty") != "oct", "Give the public half of the key alone.")
    public_key(found, alg)
    return dict(found)


def _kind(alg: str) -> type[RSAKey] | type[ECKey] | type[OKPKey]:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kinds: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]]
    kinds = {"RS256": RSAKey, "ES256": ECKey, "EdDSA": OKPKey}
    return kinds[alg]
