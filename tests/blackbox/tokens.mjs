// JSON Web Tokens that PyJWT has made, and what a listener answers to them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { until } from "./harness.mjs";
import { Raw, upgrade } from "./raw.mjs";

const script = new URL("tokens.py", import.meta.url).pathname;

/// Seconds since 1970, so many from now.
export function from_now(seconds) {
  return Math.floor(Date.now() / 1000) + seconds;
}

/// Makes tokens, and in the folder the keys `rsa.pem`, `ec.pem`, `ed.pem`,
/// `other.pem`, `all.pem` (without `other`) and `keys.json`, where they are not
/// there.
/// @param tokens by name: { alg, key, claims, headers }; what is left out is of
///        a token that is good.
/// @returns the tokens by name.
export function make_tokens(folder, tokens = {}) {
  const order = { folder, tokens: {} };
  for (const [name, what] of Object.entries(tokens))
    order.tokens[name] = {
      alg: "RS256", key: "rsa", ...what,
      claims: typeof what.claims === "string"
        ? what.claims
        : { sub: "ann", exp: from_now(3600), ...what.claims },
    };
  return JSON.parse(execFileSync("/usr/bin/python3", [script],
                                 { input: JSON.stringify(order) }).toString());
}

/// A token of HS256 that is made here and now.
export function quick_token(secret, claims) {
  const part = (what) => Buffer.from(JSON.stringify(what)).toString("base64url");
  const text = `${part({ alg: "HS256" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/// What a handshake is answered with: { status, headers, body }.
/// @param from the address that the client has.
export async function knock(t, service, headers = {}, path = "/echo", from = undefined) {
  const raw = new Raw(t, { ...service.address("public"), localAddress: from });
  raw.write(upgrade(path, headers));
  const { status, headers: answer } = await raw.response();
  if (status !== 101)
    await until("the end", () => raw.ended);
  const body = status === 101 ? "" : raw.buffer().toString();
  return { status, headers: answer, body, raw };
}

export const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/// Everything that the program tells of itself holds none of the texts.
export async function assert_untold(service, secrets) {
  const told = [service.log];
  for (const path of ["/v1/sockets", "/v1/closed", "/metrics", "/v1/configs", "/v1/flows"]) {
    const response = await service.api(path);
    told.push(await response.text());
  }
  for (const secret of secrets) {
    // Part of a token would be as bad.
    const end = secret.split(".").at(-1);
    const part = end.length > 10 ? end : secret;
    for (const text of told)
      assert.ok(!text.includes(part), `told: …${text.slice(Math.max(0, text.indexOf(part) - 200)).slice(0, 400)}`);
  }
}
