// Starts ntlm_proxy.cpp, an HTTP proxy or a server's front that demands NTLM
// and checks it for real.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { temporary_folder, until, within } from "./harness.mjs";

const program = process.env.SWITCHBOARD_NTLM_PROXY
  ?? new URL("../../build/release/tests/blackbox/ntlm-proxy", import.meta.url).pathname;

async function start(t, args, { domain = "OFFICE", username = "anna", password = "open sesame" }) {
  const users = join(temporary_folder(t), "users");
  writeFileSync(users, `${domain}:${username}:${password}\n`, { mode: 0o600 });
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NTLM_USER_FILE: users },
  });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  ended.catch(() => {});
  const events = [];
  createInterface({ input: child.stdout }).on("line", (line) => events.push(line));
  t.after(async () => {
    child.stdin.end();
    assert.deepEqual(await within("the end of the NTLM proxy", ended), { code: 0, signal: null });
  });
  const first = await until("the NTLM proxy's port", () => events.shift());
  const port = Number(first.match(/^port (\d+)$/)[1]);
  return { port, url: `http://127.0.0.1:${port}`, events };
}

/// A proxy that tunnels CONNECT.
/// @param user { domain, username, password } of the only user.
/// @returns { port, url, events: "challenged", "refused" and
///          "user DOMAIN\NAME" as they happened }
export function ntlm_proxy(t, user = {}) {
  return start(t, ["proxy"], user);
}

/// The front of the server at a port of 127.0.0.1.
export function ntlm_origin(t, backend, user = {}) {
  return start(t, ["origin", String(backend)], user);
}

/// The messages of a client, made by GSS-API: curl's own are none that
/// gss-ntlmssp reads.
/// @returns { first, third(challenge) } in base64
export async function ntlm_client(t, { domain = "OFFICE", username = "anna", password = "open sesame" } = {}) {
  const child = spawn(program, ["client"], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await within("a message of the NTLM client", lines.next())).value;
  child.stdin.write(`${domain}\n${username}\n${password}\n`);
  return {
    first: await line(),
    third: (challenge) => {
      child.stdin.write(`${challenge}\n`);
      return line();
    },
  };
}
