#!/usr/bin/env bash
# tests/authority.sh FOLDER URL NAME=STATE…
#
# Makes an authority whose certificates can be revoked, good for a day:
#   ca.pem, index.txt     the root, and what `openssl ocsp` knows of its
#                         certificates
#   signer.pem            whom the root has named to sign OCSP answers
#   liar.pem              signs under the root's name with another key
#   lone.pem              an OCSP signer of nobody
#   NAME.pem              certificate and key for localhost, server and client;
#                         names URL/ocsp/NAME and URL/crl/NAME
#   current.crl, expired.crl, liar.crl   lists of the revoked, in DER
# STATE is good, revoked, or unknown: not in the index.
set -euo pipefail
umask 077
cd "$1"
url=$2
shift 2

curve=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

for name in ca liar; do
  openssl req -x509 "${curve[@]}" -days 1 -subj "/CN=revoking root" \
    -keyout $name.key -out $name.crt 2>/dev/null
  cat $name.crt $name.key >$name.pem
done
openssl req -x509 "${curve[@]}" -days 1 -subj "/CN=lone signer" \
  -keyout lone.key -out lone.crt 2>/dev/null
cat lone.crt lone.key >lone.pem
openssl req -new "${curve[@]}" -subj "/CN=any" -keyout leaf.key -out leaf.csr 2>/dev/null

# sign NAME SERIAL EXTENSION…
sign() {
  local name=$1 serial=$2
  shift 2
  printf '%s\n' "$@" >"$name.ext"
  openssl x509 -req -in leaf.csr -subj "/CN=$name" -CA ca.crt -CAkey ca.key \
    -days 1 -set_serial "0x$serial" -extfile "$name.ext" -out "$name.crt" 2>/dev/null
  cat "$name.crt" leaf.key >"$name.pem"
}

sign signer 0F "extendedKeyUsage = OCSPSigning" "noCheck = ignored"
: >index.txt
number=16
for wanted in "$@"; do
  name=${wanted%%=*}
  state=${wanted#*=}
  serial=$(printf '%02X' $number)
  number=$((number + 1))
  sign "$name" "$serial" "subjectAltName = DNS:localhost, IP:127.0.0.1" \
    "authorityInfoAccess = OCSP;URI:$url/ocsp/$name" \
    "crlDistributionPoints = URI:$url/crl/$name"
  case $state in
    good) printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=%s\n' "$serial" "$name" ;;
    revoked)
      printf 'R\t491231235959Z\t260101000000Z,keyCompromise\t%s\tunknown\t/CN=%s\n' \
        "$serial" "$name"
      ;;
  esac >>index.txt
done

cat >ca.conf <<END
[ca]
default_ca = authority
[authority]
database = index.txt
default_md = sha256
END
# list NAME ISSUER TIMES…
list() {
  local name=$1 issuer=$2
  shift 2
  openssl ca -config ca.conf -gencrl -cert "$issuer.crt" -keyfile "$issuer.key" \
    "$@" -out "$name.crl.pem" 2>/dev/null
  openssl crl -in "$name.crl.pem" -outform DER -out "$name.crl"
}
list current ca -crlhours 2
list expired ca -crl_lastupdate 20260101000000Z -crl_nextupdate 20260102000000Z
list liar liar -crlhours 2
