// Starts ws_peer.mjs and reads what it tells.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { hold_port, until } from "./harness.mjs";

export class Peer {
  constructor(t, port, options = {}) {
    this.told = [];
    const words = Object.entries(options).map(([key, value]) => `${key}=${value}`);
    this.child = spawn(process.execPath,
                       [new URL("./ws_peer.mjs", import.meta.url).pathname,
                        String(port), ...words],
                       { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: this.child.stdout })
      .on("line", (line) => this.told.push({ at: Date.now(), ...JSON.parse(line) }));
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
    t.after(() => this.kill());
  }

  /// @param port 0: a free one, which stays free while the peer is away; else
  ///        the one of before.
  static async start(t, port = 0, options = {}) {
    const held = port === 0 ? await hold_port(t) : undefined;
    await held?.release();
    const peer = new Peer(t, held?.port ?? port, options);
    const { listening } = await until("the peer", () => peer.all("listening")[0], 60000);
    peer.port = listening;
    return peer;
  }

  /// Everything it told that has a key.
  all(key) {
    return this.told.filter((what) => what[key] !== undefined);
  }

  get messages() {
    return this.all("message").map(({ message }) => message);
  }

  signal(name) {
    this.child.kill(name);
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}
