#!/usr/bin/env bash
# tests/certificates.sh FOLDER
#
# Makes the certificates that tests of the whole program need, good for a day:
#   ca.pem            the root
#   server.pem        certificate and key for localhost and 127.0.0.1, of the root
#   server.p12        the same as PKCS12, alias `server`, password in password.txt
#   client.pem        certificate and key of a client, of the root
#   stranger.pem      certificate and key signed by itself
set -euo pipefail
umask 077
cd "$1"

curve=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

request() {
  openssl req -new "${curve[@]}" -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
}

sign() {
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -days 1 \
    -extfile "$2" -out "$1.crt" 2>/dev/null
  cat "$1.crt" "$1.key" >"$1.pem"
}

openssl req -x509 "${curve[@]}" -days 1 -subj "/CN=test root" \
  -keyout ca.key -out ca.crt 2>/dev/null
cp ca.crt ca.pem

printf 'subjectAltName = DNS:localhost, IP:127.0.0.1\n' >server.ext
request server localhost
sign server server.ext

printf 'extendedKeyUsage = clientAuth\n' >client.ext
request client "test client"
sign client client.ext

openssl req -x509 "${curve[@]}" -days 1 -subj "/CN=stranger" \
  -keyout stranger.key -out stranger.crt 2>/dev/null
cat stranger.crt stranger.key >stranger.pem

openssl rand -hex 12 >password.txt
openssl pkcs12 -export -in server.crt -inkey server.key -certfile ca.crt \
  -name server -passout file:password.txt -out server.p12
