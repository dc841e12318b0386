// Names and passwords of files that htpasswd has made.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  base, connect, echo_flow, measured, patience, run_to_end, start,
  temporary_folder, until, within,
} from "./harness.mjs";
import { assert_untold, knock } from "./tokens.mjs";

/// A line of htpasswd.
const line = (name, password, ...how) =>
  execFileSync("htpasswd", ["-nb", ...how, name, password]).toString().trim() + "\n";

const basic = (name, password) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
});

const file = (path, more = "") => base({ listener: more }) + `
[http_listener.public.authentication]
type = "basic"
password_file = "${path}"
realm = 'the "inner" circle'
` + echo_flow("/echo") + `
[[flow]]
name = "tell"
source = "inbound-listener"
path = "/tell"
steps = [ { send = { content = "#[{ user = attributes.user, claims = attributes.claims, authorization = attributes.headers.authorization }]" } } ]
`;

test("names and passwords of htpasswd let in", async (t) => {
  const path = join(temporary_folder(t), "passwords");
  const pass = { ann: "correct horse", bob: "pa:ss:word", "zoë": "grün", eve: "" };
  writeFileSync(path, "# who is who\n\n" + line("ann", pass.ann, "-B") + line("bob", pass.bob, "-5")
    + line("zoë", pass["zoë"], "-2") + line("eve", pass.eve, "-B", "-C", "4"));
  const service = await start(t, file(path));
  for (const [name, password] of Object.entries(pass)) {
    const client = await connect(t, service.ws("/tell"), [], { headers: basic(name, password) });
    assert.deepEqual(JSON.parse(await client.ask("?")), { user: name });
    const shown = (await service.sockets())[0];
    assert.deepEqual([shown.user, shown.claims], [name, null]);
    await client.close();
    await until("its end", async () => (await service.sockets()).length === 0);
  }
  const encoded = (text) => ({ Authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  for (const [what, headers] of Object.entries({
    "no credentials": {},
    "a wrong password": basic("ann", "correct horsE"),
    "another's password": basic("ann", pass.bob),
    "an unknown name": basic("nobody", pass.ann),
    "an empty name": basic("", pass.ann),
    "a hash for a password": basic("ann", line("ann", pass.ann, "-B").split(":")[1].trim()),
    "more than the password": basic("ann", pass.ann + "\0"),
    "a very long password": basic("ann", "x".repeat(5000)),
    "no colon": encoded("ann"),
    "no UTF-8": encoded(Buffer.from([0x61, 0x3a, 0xff])),
    "no base64": { Authorization: "Basic ann:correct" },
    "nothing behind the scheme": { Authorization: "Basic" },
    "another scheme": { Authorization: "Bearer abc" },
  })) {
    const answer = await knock(t, service, headers);
    assert.equal(answer.status, 401, what);
    assert.equal(answer.headers["www-authenticate"],
                 String.raw`Basic realm="the \"inner\" circle", charset="UTF-8"`, what);
  }
  assert.equal((await knock(t, service, { Authorization: [basic("ann", pass.ann).Authorization, "Basic YTpi"] })).status, 400);
  await service.logged(/credentials refused.*the name or the password is wrong/);
  await assert_untold(service, Object.values(pass).concat(
    Object.entries(pass).map(([name, password]) => Buffer.from(`${name}:${password}`).toString("base64")))
    .filter((text) => text.length > 5));
});

test("a file that lets nobody in safely is refused with its line", async (t) => {
  const folder = temporary_folder(t);
  const path = join(folder, "passwords");
  const toml = join(folder, "switchboard.toml");
  writeFileSync(toml, file(path));
  const hash = line("ann", "secret word", "-B", "-C", "4");
  for (const [content, expected] of [
    [line("ann", "secret word", "-m"), /line 1 has a hash of apr1 \(MD5\), which is too weak, expected bcrypt/],
    [hash + line("bob", "secret word", "-s"), /line 2 has a hash of SHA-1/],
    ["ann:secret word\n", /line 1 has no hash that is taken/],
    [line("ann", "secret word", "-d"), /line 1 has no hash that is taken/],
    [hash + hash, /line 2 has a name for the second time/],
    [hash.slice(0, -3) + "\n", /line 1 has a broken hash of bcrypt/],
    [hash.replace("$04$", "$31$"), /line 1 has a hash of bcrypt with the cost 31/],
    ["ann\n", /line 1 is no NAME:HASH/],
    ["\n# nobody\n", /holds no NAME:HASH/],
  ]) {
    writeFileSync(path, content);
    const { code, output } = await run_to_end(["check", toml]);
    assert.equal(code, 2, output);
    assert.match(output, expected);
    assert.ok(!/secret word/.test(output) && !output.includes(hash.trim().split(":")[1]), output);
  }
});

test("other passwords count as soon as the file is another", async (t) => {
  const path = join(temporary_folder(t), "passwords");
  writeFileSync(path, line("ann", "first", "-B", "-C", "4"));
  const service = await start(t, file(path));
  const client = await connect(t, service.ws("/echo"), [], { headers: basic("ann", "first") });
  writeFileSync(`${path}.new`, line("ann", "second", "-B", "-C", "4"));
  renameSync(`${path}.new`, path);
  service.child.kill("SIGHUP");
  await until("the second", async () => (await knock(t, service, basic("ann", "second"))).status === 101);
  // It was remembered as right.
  assert.equal((await knock(t, service, basic("ann", "first"))).status, 401);
  assert.equal(await client.ask("still here"), "still here");
});

test("hard hashes hold no socket up, and a crowd with one password costs one", async (t) => {
  const path = join(temporary_folder(t), "passwords");
  writeFileSync(path, line("ann", "easy", "-B", "-C", "4") + line("bob", "hard", "-B", "-C", "13")
    + line("bea", "hard", "-B", "-C", "13") + line("ben", "hard", "-B", "-C", "13"));
  const service = await start(t, file(path).replace("[runtime]", "[runtime]\nshards = 1"));
  const client = await connect(t, service.ws("/echo"), [], { headers: basic("ann", "easy") });
  // A password that was right is remembered: each time another name's.
  const names = ["bob", "bea", "ben"];
  await measured(t, async () => {
    const name = names.shift();
    const one = Date.now();
    assert.equal((await knock(t, service, basic(name, "wrong"))).status, 401);
    const alone = Date.now() - one;
    assert.ok(alone > 100, `the hash is too easy: ${alone} ms`);
    const began = Date.now();
    const crowd = Promise.all(Array.from({ length: 200 }, () => knock(t, service, basic(name, "hard"))));
    let slowest = 0;
    let rounds = 0;
    let done = false;
    crowd.finally(() => done = true).catch(() => {});
    while (!done) {
      const sent = Date.now();
      assert.equal(await client.ask(`round ${rounds}`), `round ${rounds++}`);
      slowest = Math.max(slowest, Date.now() - sent);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (const { status } of await crowd)
      assert.equal(status, 101);
    const took = Date.now() - began;
    t.diagnostic(`one hash ${alone} ms, 200 clients ${took} ms, slowest echo ${slowest} ms in ${rounds}`);
    // 200 hashes would be a minute.
    assert.ok(took < patience(20 * alone), `200 clients took ${took} ms`);
    assert.ok(rounds > 5, `${rounds} rounds`);
    assert.ok(slowest < patience(alone), `an echo took ${slowest} ms, a hash ${alone} ms`);
  });
});

test("too many different passwords at once are told to come again", async (t) => {
  const path = join(temporary_folder(t), "passwords");
  writeFileSync(path, line("ann", "easy", "-B", "-C", "14"));
  const service = await start(t, file(path, 'handshake_timeout = "3s"'));
  const answers = Promise.all(Array.from({ length: 500 }, (_, i) => knock(t, service, basic("ann", `guess ${i}`))));
  const all = await within("answers", answers, 60000);
  const statuses = new Set(all.map(({ status }) => status));
  assert.ok([...statuses].every((status) => [401, 503].includes(status)), `${[...statuses]}`);
  const busy = all.filter(({ status }) => status === 503);
  assert.ok(busy.some(({ body }) => /wait to be checked/.test(body)), "none found the queue full");
  assert.ok(busy.some(({ body }) => /not checked in time/.test(body)), "none waited for too long");
  assert.equal(busy[0].headers["retry-after"], "5");
});

test("who guesses from one address keeps nobody else out", async (t) => {
  const path = join(temporary_folder(t), "passwords");
  writeFileSync(path, line("ann", "easy", "-B", "-C", "4") + line("bob", "hard", "-B", "-C", "10"));
  const service = await start(t, file(path, 'handshake_timeout = "60s"'));
  const answered = { 401: 0, 503: 0 };
  const guesses = Array.from({ length: 400 }, (_, i) => knock(t, service, basic("bob", `guess ${i}`), "/echo", "127.0.0.2")
    .then(({ status }) => ++answered[status], () => {}));
  await until("a full queue", () => answered[503] > 0, 10000);
  const judged = answered[401];
  assert.equal((await knock(t, service, basic("ann", "easy"), "/echo", "127.0.0.3")).status, 101);
  const meanwhile = answered[401] - judged;
  t.diagnostic(`${meanwhile} of 256 guesses were judged before`);
  // Whoever stands at the end of one line waits for all of them.
  assert.ok(meanwhile < 64, `${meanwhile} guesses were judged before`);
  await service.stop();
  await Promise.allSettled(guesses);
});
