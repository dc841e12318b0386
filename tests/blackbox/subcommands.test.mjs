// The subcommands that are clients of the management API, as processes: every
// operation right and wrong, for people and for programs.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import https from "node:https";
import net from "node:net";
import { join } from "node:path";
import test from "node:test";
import {
  base, connect, program, start, temporary_folder, until, within,
} from "./harness.mjs";

const config = base() + `
[websocket.main.client]
host = "127.0.0.1"
port = 1

[[flow]]
name = "who"
source = "inbound-listener"
config = "main"
path = "/chat/{room}"
default_groups = ["chatters"]
steps = [ { send = { content = "#[attributes.socket_id]" } } ]
`;

/// Runs the program to its end with input.
/// @returns { code, out, err }
async function run(args, { env = {}, input = "" } = {}) {
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, SWITCHBOARD_ADMIN: "", SWITCHBOARD_TOKEN: "", ...env },
  });
  const result = { out: "", err: "" };
  child.stdout.on("data", (chunk) => result.out += chunk);
  child.stderr.on("data", (chunk) => result.err += chunk);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  result.code = await within(`end of ${args.join(" ")}`, new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }), 30000);
  return result;
}

/// Runs a subcommand against a service; it must end with `code`.
function client(service) {
  const { host, port } = service.address("admin");
  const env = { SWITCHBOARD_ADMIN: `http://${host}:${port}` };
  return async (args, { code = 0, ...options } = {}) => {
    const result = await run(args, { ...options, env: { ...env, ...options.env } });
    assert.equal(result.code, code, `${args.join(" ")}: ${result.out}${result.err}`);
    if (code !== 0)
      assert.ok(result.err.length > 0, "a complaint");
    return result;
  };
}

async function identified(t, url) {
  const socket = await connect(t, url);
  socket.id = await socket.ask("who am I?");
  return socket;
}

test("subcommands", async (t) => {
  const service = await start(t, config);
  const ask = client(service);

  await t.test("send takes its content from argument, file and input", async (t) => {
    const socket = await identified(t, service.ws("/chat/a"));
    const plain = await ask(["send", socket.id, "hällo [1,2]"]);
    assert.equal(plain.out, "sent\n");
    assert.equal(await socket.next(), "hällo [1,2]");
    await ask(["send", socket.id, "[1,2]", "--text", "--config", "main"]);
    assert.equal(await socket.next(), "[1,2]");
    const file = join(temporary_folder(t), "content");
    writeFileSync(file, Buffer.from([0, 255, 10]));
    await ask(["send", "--binary", socket.id, `@${file}`]);
    assert.deepEqual(await socket.next(), Buffer.from([0, 255, 10]));
    await ask(["send", socket.id, "-"], { input: "from input\n" });
    assert.equal(await socket.next(), "from input\n");
    await ask(["send", socket.id, "--", "-x"]);
    assert.equal(await socket.next(), "-x");
    assert.deepEqual(JSON.parse((await ask(["send", socket.id, "", "--json"])).out), {});
    assert.equal(await socket.next(), "");

    const missing = await ask(["send", "nobody", "x"], { code: 1 });
    assert.match(missing.err, /WEBSOCKET:NO_SUCH_SOCKET: No such socket: .*nobody/);
    assert.equal(missing.out, "");
    const wrong = await ask(["send", socket.id, `@${file}`], { code: 1 });
    assert.match(wrong.err, /SWITCHBOARD:INVALID_ARGUMENT.*UTF-8/);
    await ask(["send", socket.id, "@/nowhere/at/all"], { code: 2 });
    await ask(["send", socket.id], { code: 2 });
    await ask(["send", socket.id, "x", "--binary", "--text"], { code: 2 });
    await ask(["send", "", "x"], { code: 2 });
    await ask(["send", socket.id, "x", "--unknown"], { code: 2 });
    const large = await ask(["send", socket.id, "-"],
                            { code: 2, input: Buffer.alloc(16 * 1024 * 1024 + 1) });
    assert.match(large.err, /16 MiB/);
    assert.deepEqual(socket.received, []);
  });

  await t.test("sockets lists all of many pages, and shows one", async (t) => {
    const many = [];
    for (let i = 0; i < 1003; i += 59)
      many.push(...await Promise.all(
        Array.from({ length: Math.min(59, 1003 - i) }, () => connect(t, service.ws("/chat/many")))));
    const all = JSON.parse((await ask(["sockets", "--path", "/chat/many", "--json"])).out);
    assert.equal(all.sockets.length, 1003);
    assert.equal(all.next, null);
    assert.equal(new Set(all.sockets.map((x) => x.socket_id)).size, 1003);
    const some = JSON.parse((await ask(["sockets", "--path", "/chat/many", "--json",
                                        "--limit", "1001"])).out);
    assert.deepEqual(some.sockets.map((x) => x.socket_id),
                     all.sockets.slice(0, 1001).map((x) => x.socket_id));
    assert.equal(some.next, some.sockets[1000].socket_id);
    const table = (await ask(["sockets", "--path", "/chat/many", "--type", "inbound"])).out
      .trimEnd().split("\n");
    assert.equal(table.length, 1004);
    assert.match(table[0], /^ID +TYPE +CONFIG +PATH +STATE +REMOTE +GROUPS/);
    assert.match(table[1], / INBOUND +main +\/chat\/many +open +127\.0\.0\.1:\d+ +chatters /);
    // In columns: each path begins where its head does.
    for (const line of table.slice(1))
      assert.equal(line.indexOf("/chat/many"), table[0].indexOf("PATH"));

    const { socket_id } = all.sockets[7];
    const one = (await ask(["sockets", socket_id])).out;
    assert.match(one, new RegExp(`^socket_id +${socket_id}$`, "m"));
    const shown = JSON.parse((await ask(["sockets", socket_id, "--json"])).out);
    assert.equal(shown.path, "/chat/many");
    assert.equal((await ask(["sockets", "--group", "nobody"])).out.trimEnd().split("\n").length, 1);

    assert.match((await ask(["sockets", "nobody"], { code: 1 })).err, /NO_SUCH_SOCKET/);
    assert.match((await ask(["sockets", "--config", "none"], { code: 1 })).err, /INVALID_ARGUMENT/);
    assert.match((await ask(["sockets", "--path", "/a/{"], { code: 1 })).err, /INVALID_ARGUMENT/);
    for (const wrong of [["--type", "SIDEWAYS"], ["--limit", "0"], ["--limit", "x"],
                         ["--config", ""], ["a", "--config", "main"], ["a", "b"]])
      await ask(["sockets", ...wrong], { code: 2 });
    await ask(["close", "--path", "/chat/many"]);
  });

  await t.test("what a peer sent cannot steer a terminal", async (t) => {
    const socket = await identified(t, service.ws("/chat/a"));
    await ask(["groups", "subscribe", socket.id, "\u001b[31mred\u202e"]);
    const { out } = await ask(["sockets"]);
    assert.ok(!/[\u001b\u202e]/.test(out));
    assert.match(out, /\\u001b\[31mred\\u202e/);
  });

  await t.test("broadcast reaches those that match and tells who failed", async (t) => {
    const red = await identified(t, service.ws("/chat/red"));
    const blue = await identified(t, service.ws("/chat/blue"));
    await ask(["groups", "subscribe", blue.id, "vip"]);
    const first = await ask(["broadcast", "to red", "--path", "/chat/red", "--config", "main"]);
    assert.equal(first.out, "matched 1, failed 0\n");
    assert.equal(await red.next(), "to red");
    const second = await ask(["broadcast", "-", "--group", "vip", "--group", "other", "--json",
                              "--type", "INBOUND", "--binary"], { input: "to blue" });
    assert.deepEqual(JSON.parse(second.out), { matched: 1, failures: [] });
    assert.deepEqual(await blue.next(), Buffer.from("to blue"));
    assert.equal((await ask(["broadcast", "x", "--type", "OUTBOUND"])).out, "matched 0, failed 0\n");

    // A peer that does not read, until its queue is full.
    const slow = await identified(t, service.ws("/chat/slow"));
    await slow.pause();
    const file = join(temporary_folder(t), "large");
    writeFileSync(file, "l".repeat(1 << 20));
    const failed = await until("a failure", async () => {
      const { out } = await ask(["broadcast", `@${file}`, "--path", "/chat/slow"]);
      return /failed 1/.test(out) && out;
    }, 60000);
    assert.match(failed, /^ID +TYPE +URI +ERROR +MESSAGE$/m);
    assert.match(failed, new RegExp(`^${slow.id} +INBOUND +/chat/slow +WEBSOCKET:CONNECTIVITY `, "m"));

    await ask(["broadcast"], { code: 2 });
    assert.match((await ask(["broadcast", "x", "--config", "none"], { code: 1 })).err,
                 /SWITCHBOARD:INVALID_ARGUMENT: Invalid argument: .*none/);
  });

  await t.test("close takes one socket, many, or all when told so", async (t) => {
    const one = await identified(t, service.ws("/chat/close"));
    assert.equal((await ask(["close", one.id, "--code", "4001", "--reason", "go on"])).out, "closed\n");
    assert.deepEqual(await within("close", one.closed), { code: 4001, reason: "go on" });
    assert.match((await ask(["close", one.id], { code: 1 })).err, /NO_SUCH_SOCKET/);
    const many = [];
    for (let i = 0; i < 3; ++i)
      many.push(await identified(t, service.ws("/chat/close")));
    const closed = await ask(["close", "--path", "/chat/close", "--code", "ENDPOINT_GOING_DOWN"]);
    assert.equal(closed.out, "closed 3\n");
    for (const socket of many)
      assert.equal((await within("close", socket.closed)).code, 1001);
    const last = await identified(t, service.ws("/chat/close"));
    for (const wrong of [[], ["--code", "4000"], ["x", "--all"], ["x", "--group", "g"],
                         ["--all", "--group", "g"], ["x", "--code", "999"],
                         ["x", "--code", "1005"], ["x", "--reason", "r".repeat(124)]])
      await ask(["close", ...wrong], { code: 2 });
    assert.ok(JSON.parse((await ask(["close", "--all", "--json"])).out).closed >= 1);
    assert.equal((await within("close", last.closed)).code, 1000);
  });

  await t.test("groups are listed, joined and left", async (t) => {
    const socket = await identified(t, service.ws("/chat/a"));
    assert.equal((await ask(["groups", "subscribe", socket.id, "a b", "c/d"])).out, "subscribed\n");
    // Those of before may be on their way out.
    await until("the only one", async () => (await service.sockets()).length === 1);
    const list = JSON.parse((await ask(["groups", "--config", "main", "--json"])).out);
    assert.deepEqual(list.groups.map((x) => [x.name, x.sockets]),
                     [["a b", 1], ["c/d", 1], ["chatters", 1]]);
    assert.match((await ask(["groups"])).out, /^CONFIG +GROUP +SOCKETS\nmain +a b +1$/m);
    await ask(["groups", "unsubscribe", socket.id, "a b", "never", "--config", "main"]);
    const left = JSON.parse((await ask(["groups", "--json"])).out);
    assert.deepEqual(left.groups.map((x) => x.name), ["c/d", "chatters"]);
    assert.match((await ask(["groups", "subscribe", "nobody", "a"], { code: 1 })).err, /NO_SUCH_SOCKET/);
    assert.match((await ask(["groups", "unsubscribe", "nobody", "a"], { code: 1 })).err, /NO_SUCH_SOCKET/);
    await ask(["groups", "subscribe", socket.id], { code: 2 });
    await ask(["groups", "subscribe", socket.id, ""], { code: 2 });
    await ask(["groups", "--config", "none"], { code: 1 });
  });

  await t.test("open opens an outbound socket as its options say", async (t) => {
    const target = service.ws("/chat");
    const opened = await ask(["open", "--url", `${target}/{room}`, "--uri-param", "room=a b",
                              "--socket-id", "out", "--group", "g1", "--default-group", "g2",
                              "--header", "X-One: 1", "--header", "X-One:2",
                              "--query", "q=1&2", "--reconnection", '{"strategy": "none"}',
                              "--send-queue-limit", "64KiB", "--slow-consumer", "drop_oldest"]);
    assert.equal(opened.out, "out\n");
    const shown = JSON.parse((await ask(["sockets", "out", "--json"])).out);
    assert.equal(shown.socket_type, "OUTBOUND");
    assert.deepEqual(shown.groups, ["g1", "g2"]);
    const { sockets } = JSON.parse((await ask(["sockets", "--type", "INBOUND", "--json"])).out);
    const far = sockets.find((x) => x.headers["x-one"]);
    assert.deepEqual(far.headers["x-one"], ["1", "2"]);
    assert.deepEqual(far.query_params, { q: "1&2" });
    assert.equal(far.path, "/chat/a%20b");
    assert.match((await ask(["open", "--url", target + "/x", "--socket-id", "out"], { code: 1 })).err,
                 /WEBSOCKET:NON_UNIQUE_SOCKET_ID: The socket id is in use/);
    assert.match((await ask(["open", "--path", "/"], { code: 1 })).err, /WEBSOCKET:CONNECTIVITY/);
    assert.match((await ask(["open", "--url", service.ws("/nowhere")], { code: 1 })).err,
                 /WEBSOCKET:NOT_FOUND/);
    for (const wrong of [["--send-queue-limit", "0B"], ["--slow-consumer", "wait"]])
      assert.match((await ask(["open", "--url", target + "/x", ...wrong], { code: 1 })).err,
                   /SWITCHBOARD:INVALID_ARGUMENT/);
    const made_up = JSON.parse((await ask(["open", "--url", target + "/x", "--json"])).out);
    assert.ok(made_up.socket_id.length > 8);
    for (const wrong of [["--header", "none"], ["--query", "=x"], ["--uri-param", "x"],
                         ["--reconnection", "[]"], ["--reconnection", "{"],
                         ["--url", "ws://h/", "--path", "/"], ["positional"]])
      await ask(["open", ...wrong], { code: 2 });
  });

  await t.test("an API that cannot be reached is a failure, a wrong address wrong usage", async (t) => {
    const free = await ask(["sockets", "--admin", "http://127.0.0.1:1"], { code: 1 });
    assert.match(free.err, /http:\/\/127\.0\.0\.1:1: Connection refused/);
    for (const wrong of ["127.0.0.1:9080", "ftp://127.0.0.1", "http://u:p@127.0.0.1", "http://"]) {
      const { err } = await ask(["sockets", "--admin", wrong], { code: 2 });
      assert.ok(!err.includes("u:p"));
    }
    await ask(["sockets"], { code: 2, env: { SWITCHBOARD_ADMIN: "nonsense" } });
    // Somebody else who speaks HTTP, and somebody who speaks nothing at all.
    const listening = await ask(["sockets", "--admin", service.ws("/").replace("ws:", "http:")],
                                { code: 1 });
    assert.match(listening.err, /is it a management API\?/);
    const mute = net.createServer((socket) => socket.end("nonsense\r\n\r\n"));
    await new Promise((resolve) => mute.listen(0, "127.0.0.1", resolve));
    t.after(() => mute.close());
    await ask(["sockets", "--admin", `http://127.0.0.1:${mute.address().port}`], { code: 1 });
  });
});

test("tokens come from the environment or a file", async (t) => {
  const token = "s3cret-token-of-the-test";
  const service = await start(t, base({ admin: `tokens = ["${token}"]` }), { token });
  const ask = client(service);
  const refused = await ask(["sockets"], { code: 1 });
  assert.match(refused.err, /SWITCHBOARD:UNAUTHENTICATED: A valid token is needed: /);
  await ask(["sockets"], { code: 1, env: { SWITCHBOARD_TOKEN: "wrong" } });
  await ask(["sockets"], { env: { SWITCHBOARD_TOKEN: token } });
  const file = join(temporary_folder(t), "token");
  writeFileSync(file, `${token}\n`);
  await ask(["sockets", "--token-file", file], { env: { SWITCHBOARD_TOKEN: "wrong" } });
  await ask(["sockets", "--token-file", "/nowhere/at/all"], { code: 2 });
  await ask(["sockets", "--token", token], { code: 2 });
  const split = await ask(["sockets"], { code: 2, env: { SWITCHBOARD_TOKEN: `${token}\r\nX: y` } });
  assert.ok(!split.err.includes(token));
});

test("https is spoken to who can show a trusted certificate", async (t) => {
  const folder = temporary_folder(t);
  execFileSync(new URL("../certificates.sh", import.meta.url).pathname, [folder]);
  const pem = readFileSync(join(folder, "server.pem"));
  const seen = [];
  const server = https.createServer({ cert: pem, key: pem }, (request, response) => {
    seen.push({ url: request.url, token: request.headers.authorization });
    response.setHeader("content-type", "application/json");
    response.end('{"sockets": [], "next": null}');
  });
  await new Promise((resolve) => server.listen(0, "0.0.0.0", resolve));
  t.after(() => server.close());
  const { port } = server.address();
  const env = { SWITCHBOARD_TOKEN: "t" };
  const ca = join(folder, "ca.pem");
  for (const host of ["localhost", "127.0.0.1"]) {
    const good = await run(["sockets", "--admin", `https://${host}:${port}/behind/`,
                            "--ca", ca, "--json"], { env });
    assert.equal(good.code, 0, good.err);
    assert.deepEqual(JSON.parse(good.out), { sockets: [], next: null });
  }
  assert.deepEqual(seen, Array(2).fill({
    url: "/behind/v1/sockets?limit=1000", token: "Bearer t",
  }));
  // The system does not know it, another name is not in it, and no file is no trust.
  for (const args of [["--admin", `https://localhost:${port}`],
                      ["--admin", `https://127.0.0.2:${port}`, "--ca", ca],
                      ["--admin", `https://localhost:${port}`, "--ca", "/nowhere/at/all"],
                      ["--admin", `http://localhost:${port}`]]) {
    const bad = await run(["sockets", ...args], { env });
    assert.equal(bad.code, 1, bad.out);
  }
  assert.equal(seen.length, 2, "the token went nowhere else");
});
