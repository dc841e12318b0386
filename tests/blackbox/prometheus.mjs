// Debian's Prometheus on a free port of 127.0.0.1, all its files in a folder of
// its own, and its promtool.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hold_port, output_folder, temporary_folder, until, within } from "./harness.mjs";

export const packaging = new URL("../../packaging/", import.meta.url).pathname;
export const rules_file = join(packaging, "prometheus/alerts.yml");

let started = 0;

export class Prometheus {
  constructor(child, port) {
    this.child = child;
    this.url = `http://127.0.0.1:${port}`;
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    this.ended.catch(() => {});
  }

  /// Starts it and waits until it serves; the test's end stops it.
  /// @param jobs the text below `scrape_configs:`.
  static async start(t, jobs) {
    const folder = temporary_folder(t);
    const { port, release } = await hold_port(t);
    const file = join(folder, "prometheus.yml");
    writeFileSync(file, `
global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 250ms }
rule_files: [ "${rules_file}" ]
scrape_configs:
${jobs}`);
    await release();
    const child = spawn("prometheus", [
      `--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`, "--log.level=warn",
    ], { stdio: ["ignore", "pipe", "pipe"] });
    const sink = createWriteStream(join(output_folder, `prometheus-${++started}.log`));
    for (const stream of [child.stdout, child.stderr])
      stream.pipe(sink, { end: false });
    const result = new Prometheus(child, port);
    t.after(async () => {
      child.kill("SIGTERM");
      await within("the end of Prometheus", result.ended, 60000);
    });
    await until("Prometheus", async () => (await fetch(`${result.url}/-/ready`)).status === 200, 30000);
    return result;
  }

  async api(path) {
    const response = await fetch(`${this.url}/api/v1/${path}`, { signal: AbortSignal.timeout(60000) });
    const { status, data, error } = await response.json();
    assert.equal(status, "success", `${path}: ${error}`);
    return data;
  }

  /// The samples of an expression now, as { labels, value }.
  async query(expression) {
    const { result } = await this.api(`query?query=${encodeURIComponent(expression)}`);
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /// The value of an expression that has one sample, else `undefined`.
  async value(expression) {
    const samples = await this.query(expression);
    assert.ok(samples.length < 2, `${expression}: ${JSON.stringify(samples)}`);
    return samples[0]?.value;
  }

  /// Waits until an expression has this value.
  async becomes(expression, expected) {
    let last;
    try {
      await until(expression, async () => (last = await this.value(expression)) === expected, 60000);
    } catch (error) {
      error.message += `: it is ${last}, expected ${expected}`;
      throw error;
    }
  }

  /// Waits until these alerts are pending or firing, and no others.
  async alerts_become(...expected) {
    let last;
    try {
      await until(`the alerts ${expected}`, async () =>
        (last = (await this.alerts()).join()) === expected.join(), 60000);
    } catch (error) {
      error.message += `: they are ${last}`;
      throw error;
    }
  }

  /// The names of alerts that are pending or firing.
  async alerts() {
    const { alerts } = await this.api("alerts");
    return [...new Set(alerts.map(({ labels }) => labels.alertname))].sort();
  }
}

/// Runs promtool.
/// @returns { code, output }
export async function promtool(args, input = "") {
  const child = spawn("promtool", args, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code: await within("the end of promtool", ended, 30000), output };
}
