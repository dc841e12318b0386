// An authority whose certificates can be revoked: its files, `openssl ocsp` as
// its responder, and a web server in front of both that can be told to lie, to
// be late or to say nothing.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { hold_port, temporary_folder, until, within } from "./harness.mjs";

const script = new URL("../authority.sh", import.meta.url).pathname;

/// Makes a process believe that it is the day before yesterday.
const long_ago = () => ({
  LD_PRELOAD: faketime_library(), FAKETIME: "-2d",
});

function faketime_library() {
  const folder = execFileSync("dpkg-query", ["-L", "libfaketime"], { encoding: "utf8" });
  return folder.split("\n").find((line) => line.endsWith("/libfaketime.so.1"));
}

/// Starts `openssl ocsp` and waits until it answers.
/// @returns its port.
async function responder(t, folder, signer, { ca = "ca.crt", env = {} } = {}) {
  const { port, release } = await hold_port(t);
  await release();
  const child = spawn("openssl", [
    "ocsp", "-index", "index.txt", "-CA", ca, "-rsigner", signer,
    "-port", String(port), "-nmin", "10",
  ], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => told += chunk);
  const ended = new Promise((resolve) => child.once("close", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await within("end of openssl ocsp", ended);
  });
  await until(`openssl ocsp: ${told}`, () => /waiting for OCSP client/.test(told), 60000);
  return port;
}

/// Passes a request on to a responder.
function pass(port, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: "127.0.0.1", port, method: "POST", path: "/",
      headers: { "content-type": "application/ocsp-request", "content-length": body.length },
    }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks)));
    });
    request.once("error", reject);
    request.end(body);
  });
}

/// @param states certificates by name: "good", "revoked" or "unknown".
/// @returns { folder, file, url, ocsp, crl, asked, staple }: `ocsp[name]` is
///          how the responder behaves about a certificate ("honest", "stale",
///          "lying", "unnamed", "own", "silent", "broken"; default honest),
///          `crl[name]` how its list does ("current", "expired", "liar",
///          "silent", "missing"; default current), `asked` counts requests by
///          path.
export async function authority(t, states) {
  const folder = temporary_folder(t);
  const ocsp = {};
  const crl = {};
  const asked = {};
  let ports;
  const answer = async (path, body) => {
    const [, kind, name] = path.split("/");
    if (kind === "crl") {
      const how = crl[name] ?? "current";
      if (how === "silent")
        return null;
      return how === "missing" ? undefined : readFileSync(join(folder, `${how}.crl`));
    }
    const how = ocsp[name] ?? "honest";
    if (how === "silent")
      return null;
    return how === "broken" ? undefined : pass(ports[how], body);
  };
  const front = http.createServer((request, response) => {
    asked[request.url] = (asked[request.url] ?? 0) + 1;
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const content = await answer(request.url, Buffer.concat(chunks))
        .catch((error) => void console.error(error));
      // Silence is no answer at all.
      if (content !== null)
        response.writeHead(content ? 200 : 500).end(content);
    });
  });
  await new Promise((resolve) => front.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    front.closeAllConnections();
    front.close();
  });
  const url = `http://127.0.0.1:${front.address().port}`;
  execFileSync(script, [folder, url, ...Object.entries(states).map((pair) => pair.join("="))]);
  ports = {
    honest: await responder(t, folder, "signer.pem"),
    own: await responder(t, folder, "lone.pem"),
    // The authority's name, another key.
    lying: await responder(t, folder, "liar.pem"),
    // Of the authority, but not named for it.
    unnamed: await responder(t, folder, `${Object.keys(states)[0]}.pem`),
    stale: await responder(t, folder, "signer.pem", { env: long_ago() }),
  };
  return {
    folder, url, ocsp, crl, asked,
    file: (name) => readFileSync(join(folder, name)),
    /// Makes an OCSP answer about a certificate, in a file.
    staple(name, how = "honest") {
      const file = join(folder, `${name}-${how}.der`);
      execFileSync("openssl", [
        "ocsp", "-issuer", "ca.crt", "-cert", `${name}.crt`, "-no_nonce", "-noverify",
        "-url", `http://127.0.0.1:${ports[how]}/`, "-respout", file,
      ], { cwd: folder, stdio: "ignore" });
      return file;
    },
  };
}
