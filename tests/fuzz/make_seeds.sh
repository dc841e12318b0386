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
esac
rm -f seed.key seed.crt seed.der seed.p8
