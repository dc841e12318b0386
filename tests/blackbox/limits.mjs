// What the tests of limits share: counters, processor time, single upgrades.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import { until, within } from "./harness.mjs";
import { upgrade } from "./raw.mjs";

/// The sum of a metric's samples whose labels have these values.
export async function metric(service, name, labels = {}) {
  const response = await service.api("/metrics");
  const text = await response.text();
  assert.equal(response.status, 200);
  let sum = 0;
  for (const line of text.split("\n")) {
    if (line !== name && !line.startsWith(`${name}{`) && !line.startsWith(`${name} `))
      continue;
    if (Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)))
      sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sum;
}

/// How often a limit was reached.
export function reached(service, limit) {
  return metric(service, "switchboard_limit_reached_total", { limit });
}

/// The lines in the log that tell of a limit.
export function notices(service, limit) {
  return service.log.split("\n").filter((line) =>
    line.includes("limit reached") && line.includes(`limit=${limit} `));
}

/// A limit was reached, is counted, and the log has told of it once.
export async function told_once(service, limit) {
  assert.ok(await reached(service, limit) > 0, `${limit} is counted`);
  await until(`a line about ${limit}`, () => notices(service, limit).length > 0);
  assert.equal(notices(service, limit).length, 1, `lines about ${limit}`);
}

/// Processor seconds that a process has used.
export function processor_seconds(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/// Resident bytes of a process.
export function resident_bytes(pid) {
  const [, size] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return Number(size) * 1024;
}

/// One upgrade from an address of this machine. `answer` is its outcome:
/// { status, headers }, status 0 where TCP ended without one.
export class Attempt {
  constructor(t, { host, port }, { from = "127.0.0.1", path = "/echo", headers = {}, silent = false } = {}) {
    this.socket = net.connect({ host, port, localAddress: from });
    this.text = "";
    this.begun = performance.now();
    this.answer = new Promise((resolve) => {
      this.socket.on("data", (chunk) => {
        this.text += chunk.toString("latin1");
        const end = this.text.indexOf("\r\n\r\n");
        // Nothing else than a close frame begins like this.
        if (this.status !== undefined && chunk[0] === 0x88)
          this.socket.destroy();
        if (this.status !== undefined || end < 0)
          return;
        this.status = Number(this.text.slice(9, 12));
        this.waited = performance.now() - this.begun;
        const lines = this.text.slice(0, end).split("\r\n").slice(1);
        resolve({
          status: this.status,
          headers: Object.fromEntries(lines.map((line) => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
          })),
        });
      });
      this.socket.on("close", () => {
        this.ended = true;
        resolve({ status: 0, headers: {} });
      });
    });
    this.socket.on("error", () => {});
    this.connected = new Promise((resolve) => this.socket.once("connect", resolve));
    if (!silent)
      this.socket.write(upgrade(path, headers));
    t.after(() => this.socket.destroy());
  }

  /// The answer's status and headers.
  result(timeout = 20000) {
    return within("an answer to an upgrade", this.answer, timeout);
  }

  async status_is(status, timeout) {
    const result = await this.result(timeout);
    assert.equal(result.status, status);
    return result;
  }

  end() {
    this.socket.destroy();
  }
}
