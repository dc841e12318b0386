"""Makes keys and JSON Web Tokens with PyJWT and cryptography.

Reads JSON from standard input: `folder` to put the keys in, and `tokens` by
name, each with `alg`, `key`, `claims` (an object, or a text that is signed as it
stands), `headers`. Writes JSON of the tokens by name to standard output.
"""

import base64
import hashlib
import hmac
import json
import os
import sys

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

MAKERS = {
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "other": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed": ed25519.Ed25519PrivateKey.generate,
}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def private_key(folder, name):
    """The key of a name: made once for a folder."""
    path = os.path.join(folder, f"{name}.key")
    if os.path.exists(path):
        with open(path, "rb") as file:
            return serialization.load_pem_private_key(file.read(), None)
    key = MAKERS[name]()
    with open(path, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM,
                                     serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
    with open(os.path.join(folder, f"{name}.pem"), "wb") as file:
        file.write(public_pem(key))
    return key


def number(value):
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwk(name, key, use="sig"):
    public = key.public_key()
    result = {"kid": name, "use": use}
    if name in ("rsa", "other"):
        numbers = public.public_numbers()
        return {**result, "kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    if name == "ec":
        numbers = public.public_numbers()
        return {**result, "kty": "EC", "crv": "P-256",
                "x": base64url(numbers.x.to_bytes(32, "big")),
                "y": base64url(numbers.y.to_bytes(32, "big"))}
    raw = public.public_bytes(serialization.Encoding.Raw,
                              serialization.PublicFormat.Raw)
    return {**result, "kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}


def make(what, folder):
    claims = what["claims"]
    payload = claims if isinstance(claims, str) else json.dumps(claims)
    headers = what.get("headers")
    if what["alg"] == "none":
        return jwt.api_jws.encode(payload.encode(), None, "none", headers)
    if what["key"] == "public-pem":
        # What PyJWT refuses to do: a public key for a secret.
        head = base64url(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        text = f"{head}.{base64url(payload.encode())}"
        with open(os.path.join(folder, "rsa.pem"), "rb") as file:
            digest = hmac.new(file.read(), text.encode(), hashlib.sha256)
        return f"{text}.{base64url(digest.digest())}"
    key = (private_key(folder, what["key"]) if what["key"] in MAKERS
           else what["key"])
    return jwt.api_jws.encode(payload.encode(), key, what["alg"], headers)


def main():
    order = json.load(sys.stdin)
    folder = order["folder"]
    keys = {name: private_key(folder, name) for name in MAKERS}
    known = [name for name in MAKERS if name != "other"]
    with open(os.path.join(folder, "all.pem"), "wb") as file:
        for name in known:
            file.write(public_pem(keys[name]))
    with open(os.path.join(folder, "keys.json"), "w", encoding="utf-8") as file:
        json.dump({"keys": [jwk(name, keys[name]) for name in known]}, file)
    json.dump({name: make(what, folder)
               for name, what in order["tokens"].items()}, sys.stdout)


main()
