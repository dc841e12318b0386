// The example chat as it is written: Python's http.server holds the rules,
// the program the sockets. And the page that builds it tells what is in it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import net from "node:net";
import test from "node:test";
import { connect, start, until, within } from "./harness.mjs";

const file = (name) => new URL(`../../${name}`, import.meta.url).pathname;
const secret = "only for this test";

async function backend(t) {
  const child = spawn("/usr/bin/python3", [file("examples/chat/backend.py")],
                      { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, CHAT_SECRET: secret } });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  t.after(kill);
  await until("the backend listens", () => new Promise((resolve, reject) => {
    const probe = net.connect(8000, "127.0.0.1", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", reject);
  }), 30000);
  return { kill };
}

test("tenants chat by the rules of a backend in Python", async (t) => {
  const first = await backend(t);
  const service = await start(t, "", { args: ["run", file("examples/chat.toml")], env: { CHAT_SECRET: secret } });
  const enter = (tenant, room, key, name) =>
    connect(t, service.ws(`/${tenant}/${room}?key=${key}&name=${name}`));

  const anna = await enter("acme", "lobby", "blue", "anna");
  assert.equal(await anna.next(), "anna came");
  const bert = await enter("acme", "lobby", "blue", "J%C3%BCrgen");
  for (const one of [anna, bert])
    assert.equal(await one.next(), "Jürgen came");
  const other = await enter("globex", "lobby", "red", "gina");
  assert.equal(await other.next(), "gina came");

  bert.send("hello there");
  for (const one of [anna, bert])
    assert.equal(await one.next(), "Jürgen: hello there");
  assert.deepEqual(other.received, [], "another tenant hears nothing");

  const eve = await enter("acme", "lobby", "red", "eve");
  assert.deepEqual(await within("refusal", eve.closed), { code: 1008, reason: "wrong key" });
  for (const path of ["/nobody/lobby?name=x", "/acme/lobby?name=x", "/acme/lobby?key="])
    assert.equal((await within(path, (await connect(t, service.ws(path))).closed)).code, 1008, path);
  // A room's name is no way into another, nor into a header.
  const odd = await enter("acme", "x,acme%2Flobby%0D%0Aswitchboard-close:%204000", "blue", "odd");
  assert.equal(await odd.next(), "odd came");
  assert.equal(await anna.ask("x".repeat(201)), "Sorry: too long");

  // The backend is killed: what is said meanwhile waits for the next one.
  await first.kill();
  for (let i = 0; i < 5; ++i)
    anna.send(`while you were away ${i}`);
  await until("it is tried again", async () =>
    (await service.json("/v1/flows")).flows.find(({ name }) => name === "say").retries > 1);
  await backend(t);
  for (const one of [anna, bert])
    for (let i = 0; i < 5; ++i)
      assert.equal(await one.next("what was said", 30000), `anna: while you were away ${i}`);

  anna.send("/bye");
  assert.equal(await anna.next(), "see you");
  assert.deepEqual(await within("goodbye", anna.closed), { code: 1000, reason: "bye" });
  assert.equal(await bert.next(), "anna left");
  assert.deepEqual(bert.received, [], "nobody heard of eve and odd");
  assert.deepEqual(other.received, []);
});

test("the page shows the files as they are", () => {
  const page = readFileSync(file("doc/http-backends.md"), "utf8");
  const sources = {
    python: readFileSync(file("examples/chat/backend.py"), "utf8"),
    toml: readFileSync(file("examples/chat.toml"), "utf8"),
  };
  const blocks = [...page.matchAll(/^```(python|toml)\n(.*?)^```$/gms)];
  assert.ok(blocks.length >= 6, `${blocks.length} blocks`);
  for (const [, kind, text] of blocks)
    assert.ok(sources[kind].includes(text), `not in the example:\n${text}`);
  const shown = blocks.map(([, , text]) => text).join("");
  for (const [kind, text] of Object.entries(sources))
    for (const line of text.split("\n").filter((line) => line.trim() && !/^#|^"""/.test(line)))
      assert.ok(shown.includes(line), `the page leaves out of ${kind}: ${line}`);
});
