// Debian's nginx on a free port of 127.0.0.1, all its files in a folder of its
// own.

import { spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { hold_port, temporary_folder, until, within } from "./harness.mjs";

/// Starts nginx and waits until it listens; the test's end stops it.
/// @param server what stands within its one `server` besides `listen`; a
///        function gets the port and the folder.
/// @param options http: what stands within `http` besides the server;
///        ssl: it encrypts.
/// @returns { port, url, folder }
export async function nginx(t, server, { http = "", ssl = false } = {}) {
  const folder = temporary_folder(t);
  const { port, release } = await hold_port(t);
  const inner = typeof server === "function" ? server({ port, folder }) : server;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
  const file = join(folder, "nginx.conf");
  writeFileSync(file, `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;

events {
  worker_connections 256;
}

http {
  access_log off;
${temporary}
  map $http_upgrade $connection_upgrade {
    default upgrade;
    "" close;
  }
${http}
  server {
    listen 127.0.0.1:${port}${ssl ? " ssl" : ""};
${inner}
  }
}
`);
  chmodSync(folder, 0o755);
  await release();
  const child = spawn("/usr/sbin/nginx", ["-p", folder, "-c", file, "-e", "stderr"],
                      { stdio: ["ignore", "ignore", "pipe"] });
  let told = "";
  child.stderr.on("data", (chunk) => told += chunk);
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
      await within("the end of nginx", ended, 30000);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  });
  await until("nginx listens", () => {
    if (exit)
      throw new Error(`nginx ended with ${JSON.stringify(exit)}\n${told.slice(-4000)}`);
    return new Promise((resolve, reject) => {
      const probe = net.connect(port, "127.0.0.1", () => {
        probe.destroy();
        resolve(true);
      });
      probe.once("error", reject);
    });
  }, 30000);
  return { port, url: `http://127.0.0.1:${port}`, folder };
}
