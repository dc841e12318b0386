// What tests of TLS share: certificates of every kind, made on the spot, and
// clients we did not write.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WebSocket } from "ws";
import { temporary_folder, within } from "./harness.mjs";

const script = new URL("../certificates.sh", import.meta.url).pathname;

/// A folder with what tests/certificates.sh makes; it goes away with the test.
export function certificates(t) {
  const folder = temporary_folder(t);
  execFileSync(script, [folder]);
  return new Authority(folder);
}

const openssl = (...args) =>
  execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });

/// The root of a folder of certificates.
class Authority {
  constructor(folder) {
    this.folder = folder;
  }

  path(name) {
    return join(this.folder, name);
  }

  read(name) {
    return readFileSync(this.path(name));
  }

  get ca() {
    return this.read("ca.pem");
  }

  /// Makes NAME.key, NAME.crt and NAME.pem, which holds both.
  /// @param what subject: common name; names: as in "DNS:a,IP:127.0.0.1";
  ///        days: below 0, it is of the past; issuer: a name that was made
  ///        here; authority: may issue others; type: "EC" or "RSA".
  issue(name, what = {}) {
    const { subject = name, names = "", days = 2, issuer = "ca", authority = false,
            type = "EC" } = what;
    const key = type === "RSA" ? ["-newkey", "rsa:2048"]
                               : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const [file, request, certificate, extensions] =
      ["key", "csr", "crt", "ext"].map((end) => this.path(`${name}.${end}`));
    openssl("req", "-new", ...key, "-nodes", "-subj", `/CN=${subject}`, "-utf8",
            "-keyout", file, "-out", request);
    writeFileSync(extensions, [
      ...names ? [`subjectAltName = ${names}`] : [],
      ...authority ? ["basicConstraints = critical, CA:TRUE"] : [],
    ].join("\n") + "\n");
    openssl("x509", "-req", "-in", request, "-CA", this.path(`${issuer}.crt`), "-CAkey",
            this.path(`${issuer}.key`), "-days", String(days), "-extfile", extensions,
            "-out", certificate);
    this.join(`${name}.pem`, `${name}.crt`, `${name}.key`);
    return this.path(`${name}.pem`);
  }

  /// Writes files one behind the other into a new one.
  join(name, ...parts) {
    writeFileSync(this.path(name), Buffer.concat(parts.map((part) => this.read(part))));
    return this.path(name);
  }

  /// Puts the content of one file in the place of another in one step.
  replace(name, by) {
    writeFileSync(this.path(`${name}.new`), this.read(by));
    renameSync(this.path(`${name}.new`), this.path(name));
  }

  /// As `openssl x509 -noout WHAT` shows it.
  show(name, ...what) {
    return openssl("x509", "-in", this.path(name), "-noout", ...what)
      .toString().trim().replace(/^[^=]*=/, "");
  }
}

/// An open WebSocket over TLS, or the error that kept it from opening.
export function open(t, service, options, path = "/echo") {
  const { port } = service.address("public");
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://localhost:${port}${path}`,
                                 { perMessageDeflate: false, ...options });
    t.after(() => socket.terminate());
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

export function answer_to(socket, message) {
  const answer = new Promise((resolve, reject) => {
    socket.once("message", resolve);
    socket.once("close", (code) => reject(new Error(`closed with ${code}`)));
    socket.once("error", reject);
  });
  socket.send(message);
  return within("an echo", answer, 60000);
}

/// Runs a command to its end; it may fail.
export function run(t, command, args, input = "", timeout = 60000) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return within(`end of ${command}`, new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  }), timeout);
}
