#!/usr/bin/env bash
# tests/fuzz/make_seeds.sh NAME FOLDER
#
# Makes inputs that a fuzz target would hardly find by itself; nothing for the
# targets that need none.
set -euo pipefail
name=$1
cd "$2"

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
    -subj "/CN=seed" -keyout seed.key -out seed.crt 2>/dev/null
}

case $name in
  pkcs12_store)
    certificate
    store() {
      openssl pkcs12 -export -inkey seed.key -in seed.crt -name a -out "$@" \
        -passout "pass:pass word"
    }
    store seed-plain -keypbe NONE -certpbe NONE -nomac
    store seed-mac -keypbe NONE -certpbe NONE -iter 1
    store seed-whole -iter 1
    store seed-old -legacy -iter 1
    ;;
  jks_store)
    certificate
    openssl x509 -in seed.crt -outform DER -out seed.der
    openssl pkcs8 -topk8 -in seed.key -outform DER -nocrypt -out seed.p8
    # What `tests/fuzz/jks_store.cpp` puts a header before and a digest behind.
    python3 - <<'END'
import struct

certificate = open("seed.der", "rb").read()
key = open("seed.p8", "rb").read()

def text(value):
    return struct.pack(">H", len(value)) + value

def block(value):
    return struct.pack(">I", len(value)) + value

def shown():
    return text(b"X.509") + block(certificate)

trusted = struct.pack(">I", 2) + text(b"a") + bytes(8) + shown()
# An envelope of Sun's kind; what is in it opens by nothing.
name = bytes.fromhex("060a2b060104012a02110101")
def sequence(content):
    return b"\x30\x82" + struct.pack(">H", len(content)) + content
sealed = bytes(20) + key + bytes(20)
envelope = sequence(sequence(name + b"\x05\x00")
                    + b"\x04\x82" + struct.pack(">H", len(sealed)) + sealed)
entry = (struct.pack(">I", 1) + text(b"b") + bytes(8) + block(envelope)
         + struct.pack(">I", 1) + shown())
for file, entries in (("seed-trusted", [trusted]), ("seed-key", [entry]),
                      ("seed-both", [entry, trusted])):
    with open(file, "wb") as out:
        out.write(b"\x03" + struct.pack(">I", len(entries)) + b"".join(entries))
END
    ;;
  jwt)
    # A number that says what is asked for, then the header's line and claims.
    claims='"exp":2000000000,"nbf":1.5e9,"iss":"i","aud":["a"],"sub":"ann"'
    printf '\x07{"alg":"HS256","typ":"JWT"}\n{%s,"groups":["a","b"]}' \
      "$claims" > seed-good
    printf '\x00{"alg":"HS256","kid":"k"}\n{%s,"groups":"a"}' "$claims" \
      > seed-kid
    printf '\x07{"alg":"ES256","crit":["b64"]}\n{"exp":1e300,"aud":"b"}' \
      > seed-odd
    printf '\x08eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjJ9.QUJD' > seed-foreign
    ;;
  jwt_keys)
    certificate
    openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout \
      > seed-pem
    openssl pkey -in seed.key -pubout >> seed-pem
    openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 2>/dev/null \
      | openssl pkey -pubout > seed-rsa
    cp seed.crt seed-certificate
    # The points of these keys stand at the end of what openssl writes.
    python3 - <<'END'
import base64, json, subprocess

def url(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

def der(file):
    return subprocess.run(["openssl", "pkey", "-pubin", "-in", file,
                           "-outform", "DER"], check=True,
                          capture_output=True).stdout

edwards = der("seed-pem")[-32:]
subprocess.run("openssl pkey -in seed.key -pubout -out seed.der", shell=True,
               check=True)
point = der("seed.der")[-64:]
modulus = der("seed-rsa")[-5 - 256:-5]
keys = [{"kty": "OKP", "crv": "Ed25519", "x": url(edwards), "kid": "d"},
        {"kty": "EC", "crv": "P-256", "x": url(point[:32]),
         "y": url(point[32:]), "use": "sig", "alg": "ES256"},
        {"kty": "RSA", "n": url(modulus), "e": "AQAB",
         "key_ops": ["verify"]},
        {"kty": "oct", "k": url(b"s" * 32), "kid": "s"}]
for number, some in enumerate([keys, keys[:1], keys[1:2], keys[2:3], keys[3:]]):
    with open(f"seed-set{number}", "w") as out:
        json.dump({"keys": some}, out)
END
    ;;
  password_file)
    # `open sesame`, by htpasswd -B -C 4 and openssl passwd.
    # shellcheck disable=SC2016
    bcrypt='$2y$04$m8hjLU.51NPlJ23EJLU5veysdrW5IHpPLjuQy5L.ODIqOlspoEvy2'
    printf '# all\r\n ann:%s\n\nb b:%s\n' "$bcrypt" "$bcrypt" > seed-bcrypt
    for kind in 5 6; do
      printf 'ann:%s\n' "$(openssl passwd -$kind -salt rounds=1000\$salt x)" \
        > "seed-sha$kind"
    done
    printf 'ann:{SHA}abc\n' > seed-weak
    ;;
  request_credentials)
    printf '\x00%s\n%s\n%s\n%s\n%s\n' 'a=1&access_token=t&b=%20+' \
      'Authorization: Bearer a.b.c' 'Cookie: a=1; access_token="t"; b' \
      'Sec-WebSocket-Protocol: chat, bearer, a.b.c' \
      'sec-websocket-protocol: other' > seed-all
    printf '\x03%s\n%s\n' 'a+b%2b=t' 'authorization: Basic YTpi' > seed-odd
    ;;
esac
rm -f seed.key seed.crt seed.der seed.p8
