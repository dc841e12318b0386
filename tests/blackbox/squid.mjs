// Debian's squid on a free port of 127.0.0.1, all its files in a folder of its
// own: a forward proxy, or the front of one server.

import { execFileSync, spawn } from "node:child_process";
import { chmodSync, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import net from "node:net";
import { join } from "node:path";
import { hold_port, output_folder, temporary_folder, until, within } from "./harness.mjs";

const helpers = "/usr/lib/squid";
let started = 0;

/// How each mode asks for credentials; "none" asks for none.
const modes = {
  none: () => "",
  basic: (folder, { username, password }) => {
    const hash = execFileSync("openssl", ["passwd", "-apr1", "-stdin"], { input: password });
    writeFileSync(join(folder, "users"), `${username}:${String(hash).trim()}\n`);
    return `auth_param basic program ${helpers}/basic_ncsa_auth ${folder}/users
auth_param basic realm switchboard
auth_param basic children 2`;
  },
  digest: (folder, { username, password }) => {
    const hash = createHash("md5").update(`${username}:switchboard:${password}`).digest("hex");
    writeFileSync(join(folder, "users"), `${username}:switchboard:${hash}\n`);
    return `auth_param digest program ${helpers}/digest_file_auth -c ${folder}/users
auth_param digest realm switchboard
auth_param digest children 2`;
  },
  // Takes any NTLM user: what is tested is the handshake on one connection.
  ntlm: () => `auth_param ntlm program ${helpers}/ntlm_fake_auth
auth_param ntlm children 2
auth_param ntlm keep_alive on`,
};

/// Starts squid and waits until it listens; the test's end stops it.
/// @param mode one of `modes`.
/// @param options username and password of the only user; front_of: the port
///        of a server on 127.0.0.1 that it stands for, asking with 401 in
///        place of 407.
/// @returns { port, url }
export async function squid(t, mode, { username = "anna", password = "open sesame", front_of } = {}) {
  const folder = temporary_folder(t);
  const { port, release } = await hold_port(t);
  const log = join(folder, "log");
  mkdirSync(log);
  const credentials = modes[mode](folder, { username, password });
  const text = `http_port 127.0.0.1:${port}${front_of ? " accel defaultsite=127.0.0.1 no-vhost" : ""}
pid_filename ${folder}/squid.pid
cache_log stdio:${log}/cache.log
access_log none
coredump_dir ${folder}
cache deny all
shutdown_lifetime 0 seconds
pinger_enable off
visible_hostname squid.test
via off
forwarded_for delete
${credentials}
${mode === "none" ? "" : "acl known proxy_auth REQUIRED\nhttp_access deny !known"}
acl own dst 127.0.0.0/8
http_access allow own
http_access deny all
${front_of ? `cache_peer 127.0.0.1 parent ${front_of} 0 no-query no-digest originserver
never_direct allow all
http_upgrade_request_protocols websocket allow all` : ""}
`;
  const file = join(folder, "squid.conf");
  writeFileSync(file, text);
  // Squid drops the rights of root: it must reach its files as another user.
  chmodSync(folder, 0o755);
  chmodSync(log, 0o777);
  await release();
  const output = createWriteStream(join(output_folder, `squid-${process.pid}-${++started}.log`));
  const child = spawn("/usr/sbin/squid", ["-N", "-f", file, "-n", `squid${process.pid}x${started}`, "-d", "1"],
                      { stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      told += chunk;
      output.write(chunk);
    });
  let exit;
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(exit = { code, signal }));
  });
  ended.catch(() => {});
  t.after(async () => {
    if (!exit)
      child.kill("SIGTERM");
    try {
      await within("the end of squid", ended, 60000);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    } finally {
      output.end();
    }
  });
  await until("squid listens", () => {
    if (exit)
      throw new Error(`squid ended with ${JSON.stringify(exit)}\n${told.slice(-4000)}`);
    return new Promise((resolve, reject) => {
      const probe = net.connect(port, "127.0.0.1", () => {
        probe.destroy();
        resolve(true);
      });
      probe.once("error", reject);
    });
  }, 30000);
  return { port, url: `http://127.0.0.1:${port}` };
}
