// Thousands of sockets, opened by two processes of crowd_client.mjs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { until } from "./harness.mjs";

/// As many descriptors as are allowed: the default is often 1,024.
export const roomy = ["bash", "-c", 'ulimit -Sn "$(ulimit -Hn)"; exec "$0" "$@"'];

class Half {
  told = [];
  errors = "";

  constructor(t, url, count) {
    const client = new URL("crowd_client.mjs", import.meta.url).pathname;
    const child = spawn(roomy[0], [...roomy.slice(1), process.execPath, client, url, String(count)],
                        { stdio: ["ignore", "pipe", "pipe"] });
    t.after(() => child.kill("SIGKILL"));
    child.stderr.on("data", (chunk) => this.errors += chunk);
    createInterface({ input: child.stdout }).on("line", (line) => this.told.push(JSON.parse(line)));
  }

  /// What was told with a key, if it was.
  find(key) {
    const failure = this.told.find(({ error }) => error);
    assert.equal(failure, undefined);
    assert.equal(this.errors, "");
    return this.told.find((each) => each[key] !== undefined);
  }
}

/// Opens so many sockets and returns when all are open.
/// @returns { closed }: a function that waits until all are closed and gives
///          { codes, first, last }: how many by code, and when.
export async function crowd(t, url, count) {
  const halves = [0, 1].map(() => new Half(t, url, count / 2));
  for (const half of halves)
    await until("all are open", () => half.find("open"), 60000);
  return {
    async closed() {
      const codes = {};
      let first = Infinity, last = 0;
      for (const half of halves) {
        const told = await until("all are closed", () => half.find("codes"), 60000);
        for (const [code, n] of Object.entries(told.codes))
          codes[code] = (codes[code] ?? 0) + n;
        first = Math.min(first, told.first);
        last = Math.max(last, told.last);
      }
      return { codes, first, last };
    },
  };
}
