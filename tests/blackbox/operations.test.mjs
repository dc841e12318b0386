// Every operation over HTTP, right and wrong: status, body, effect.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { closeSync, ftruncateSync, openSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import {
  assert_problem, base, connect, start, temporary_folder, until, within,
} from "./harness.mjs";

const config = base() + `
[http_listener.second]
host = "127.0.0.1"
port = 0

[websocket.other.server]
listener = "second"
listener_base_path = "/based"

[[flow]]
name = "named"
source = "inbound-listener"
config = "main"
path = "/chat/{room}"
default_groups = ["chatters"]
output_mime_type = "application/json"
steps = [
  { send = { content = "#[attributes.socket_id]" } },
]

[[flow]]
name = "plain"
source = "inbound-listener"
config = "main"
path = "/plain"
steps = [ { send = { content = "#[attributes.socket_id]" } } ]

[[flow]]
name = "based"
source = "inbound-listener"
config = "other"
path = "/plain"
steps = [ { send = { content = "#[attributes.socket_id]" } } ]
`;

const curl = async (...args) => {
  const { stdout } = await promisify(execFile)(
    "curl", ["-sS", "--max-time", "60", "-w", "\n%{http_code} %{content_type}", ...args],
    { maxBuffer: 1 << 24 });
  const cut = stdout.lastIndexOf("\n");
  const [status, type] = stdout.slice(cut + 1).split(" ");
  return { status: Number(status), type, body: stdout.slice(0, cut) };
};

/// A client that knows its id.
async function identified(t, url) {
  const client = await connect(t, url);
  client.id = await client.ask("who am I?");
  client.path = `/v1/sockets/${encodeURIComponent(client.id)}`;
  return client;
}

test("operations over HTTP", async (t) => {
  const service = await start(t, config);
  const { host, port } = service.address("admin");
  const admin = `http://${host}:${port}`;

  await t.test("send hands text and binary to one socket", async (t) => {
    const client = await identified(t, service.ws("/chat/a"));
    const neighbor = await identified(t, service.ws("/chat/a"));
    let response = await service.api(`${client.path}/messages`, { method: "POST", body: "hello ä€😀" });
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
    assert.equal(await client.next(), "hello ä€😀");
    response = await service.api(`${client.path}/messages`, {
      method: "POST", body: Buffer.from([0, 255, 254]),
      headers: { "content-type": "application/octet-stream" },
    });
    assert.equal(response.status, 204);
    assert.deepEqual(await client.next(), Buffer.from([0, 255, 254]));
    response = await service.api(`${client.path}/messages`, {
      method: "POST", body: '{"a": 1}', headers: { "content-type": "application/json; charset=utf-8" },
    });
    assert.equal(response.status, 204);
    assert.equal(await client.next(), '{"a": 1}');
    response = await service.api(`${client.path}/messages`, { method: "POST" });
    assert.equal(response.status, 204);
    assert.equal(await client.next(), "");
    assert.deepEqual(neighbor.received, []);
  });

  await t.test("curl sends, broadcasts and closes", async (t) => {
    const client = await identified(t, service.ws("/chat/curl"));
    const sent = await curl("-d", "from curl", "-H", "content-type: text/plain",
                            `${admin}${client.path}/messages`);
    assert.equal(sent.status, 204);
    assert.equal(await client.next(), "from curl");
    const all = await curl("-d", "to all", `${admin}/v1/broadcast?path=/chat/curl`);
    assert.equal(all.status, 200);
    assert.match(all.type, /^application\/json/);
    assert.deepEqual(JSON.parse(all.body), { matched: 1, failures: [] });
    assert.equal(await client.next(), "to all");
    const list = await curl(`${admin}/v1/sockets?path=/chat/curl`);
    assert.equal(JSON.parse(list.body).sockets[0].socket_id, client.id);
    const gone = await curl("-X", "DELETE", `${admin}${client.path}?code=4001&reason=out`);
    assert.equal(gone.status, 204);
    assert.deepEqual(await within("close", client.closed), { code: 4001, reason: "out" });
    const missing = await curl("-X", "DELETE", `${admin}${client.path}`);
    assert.equal(missing.status, 404);
    assert.match(missing.type, /^application\/problem\+json/);
    assert.equal(JSON.parse(missing.body).type, "WEBSOCKET:NO_SUCH_SOCKET");
  });

  await t.test("a mebibyte goes through the API", async (t) => {
    const client = await identified(t, service.ws("/plain"));
    const body = "m".repeat(1 << 20);
    const response = await service.api(`${client.path}/messages`, { method: "POST", body });
    assert.equal(response.status, 204);
    assert.ok(await client.next() === body);
  });

  await t.test("broadcast filters by path, group, type and configuration", async (t) => {
    const chat = [];
    for (const room of ["red", "red", "blue"])
      chat.push(await identified(t, service.ws(`/chat/${room}`)));
    const plain = await identified(t, service.ws("/plain"));
    const other = await identified(t, service.ws("/based/plain", "second"));
    const everyone = [...chat, plain, other];
    for (const member of [chat[0], plain]) {
      const put = await service.api(`${member.path}/groups/vip`, { method: "PUT" });
      assert.equal(put.status, 204);
    }

    const cases = [
      ["path=/chat/red", [chat[0], chat[1]]],
      ["path=/chat/*", chat],
      ["path=/chat/{room}", chat],
      ["path=/nowhere", []],
      ["group=vip", [chat[0], plain]],
      ["group=vip&group=chatters", [...chat, plain]],
      ["group=nobody", []],
      ["group=vip&path=/plain", [plain]],
      ["type=INBOUND&config=main", [...chat, plain]],
      ["type=OUTBOUND", []],
      ["type=ALL&config=main&path=/plain", [plain]],
      ["config=main", [...chat, plain]],
      // The base path of `other` does not count.
      ["config=other&path=/plain", [other]],
      ["config=other&path=/based/plain", []],
      ["config=other", [other]],
    ];
    for (const [index, [query, expected]] of cases.entries()) {
      const text = `case ${index}`;
      const result = await service.json(`/v1/broadcast?${encodeURI(query)}`,
                                        { method: "POST", body: text });
      assert.deepEqual(result, { matched: expected.length, failures: [] }, query);
      for (const client of expected)
        assert.equal(await client.next(query), text, query);
      // The answer to a question asked now is the next thing others get.
      for (const client of everyone)
        assert.equal(await client.ask("?"), client.id, `${query}: not for this one`);
    }
  });

  await t.test("groups are joined and left, twice without harm", async (t) => {
    const client = await identified(t, service.ws("/plain"));
    const names = ["g1", "r%C3%A4um%20eins", "a%2Fb"];
    for (const name of names)
      for (const method of ["PUT", "PUT"]) {
        const response = await service.api(`${client.path}/groups/${name}`, { method });
        assert.equal(response.status, 204, name);
      }
    const info = await service.json(client.path);
    assert.deepEqual([...info.groups].sort(), ["a/b", "g1", "räum eins"]);
    const groups = JSON.stringify((await service.json("/v1/groups")).groups);
    assert.match(groups, /räum eins/);
    let result = await service.json("/v1/broadcast?group=r%C3%A4um+eins", { method: "POST", body: "x" });
    assert.equal(result.matched, 1);
    assert.equal(await client.next(), "x");
    for (const name of [...names, "g1", "never-joined"]) {
      const response = await service.api(`${client.path}/groups/${name}`, { method: "DELETE" });
      assert.equal(response.status, 204, name);
    }
    assert.deepEqual((await service.json(client.path)).groups, []);
    result = await service.json("/v1/broadcast?group=g1", { method: "POST", body: "x" });
    assert.deepEqual(result, { matched: 0, failures: [] });
    await until("empty groups vanish", async () =>
      !JSON.stringify((await service.json("/v1/groups")).groups).includes("räum eins"));
    for (const method of ["PUT", "DELETE"])
      await assert_problem(await service.api("/v1/sockets/unknown/groups/g", { method }),
                           404, "WEBSOCKET:NO_SUCH_SOCKET");
  });

  await t.test("a socket tells its attributes", async (t) => {
    const client = await identified(t, service.ws("/chat/a%20b?x=1&y=2&y=%C3%A4"));
    const info = await service.json(client.path);
    assert.equal(info.socket_id, client.id);
    assert.equal(info.socket_type, "INBOUND");
    assert.deepEqual(info.groups, ["chatters"]);
    assert.equal(info.request_uri, "/chat/a%20b?x=1&y=2&y=%C3%A4");
    assert.equal(info.query_string, "x=1&y=2&y=%C3%A4");
    assert.deepEqual(info.query_params, { x: "1", y: ["2", "ä"] });
    assert.deepEqual(info.uri_params, { room: "a b" });
    assert.equal(info.scheme, "WS");
    assert.equal(info.method, "GET");
    assert.match(info.version, /1\.1/);
    assert.equal(info.headers.upgrade.toLowerCase(), "websocket");
    assert.match(info.remote_address, /^\/?127\.0\.0\.1:\d+$/);
    assert.match(info.local_address, /^\/?127\.0\.0\.1:\d+$/);
    assert.ok(Date.parse(info.connected_at) > Date.now() - 3600_000, info.connected_at);
  });

  await t.test("the list of sockets is filtered and paged", async (t) => {
    const clients = [];
    for (let i = 0; i < 25; ++i)
      clients.push(await identified(t, service.ws(`/chat/page${i % 5}`)));
    const ids = clients.map(({ id }) => id).sort();
    const seen = [];
    let after = "";
    let pages = 0;
    do {
      const page = await service.json(`/v1/sockets?group=chatters&limit=10${after}`);
      assert.ok(page.sockets.length <= 10);
      seen.push(...page.sockets.map(({ socket_id }) => socket_id));
      after = page.next ? `&after=${encodeURIComponent(page.next)}` : undefined;
      ++pages;
    } while (after !== undefined && pages < 10);
    assert.deepEqual(seen.filter((id) => ids.includes(id)).sort(), ids);
    assert.equal(new Set(seen).size, seen.length, "none twice");
    assert.ok(pages >= 3);
    assert.equal((await service.sockets("path=/chat/page1")).length, 5);
    assert.equal((await service.sockets("path=/chat/*&type=INBOUND&config=main")).length, 25);
    assert.equal((await service.sockets("type=OUTBOUND")).length, 0);
    for (const query of ["limit=none", "limit=-1", "limit=0", "type=SIDEWAYS", "path=/a/*/b", "config=unknown"])
      await assert_problem(await service.api(`/v1/sockets?${query}`), 400,
                           "SWITCHBOARD:INVALID_ARGUMENT");
  });

  await t.test("close ends with the code and reason asked for", async (t) => {
    const cases = [
      ["", { code: 1000, reason: "" }],
      ["?code=ENDPOINT_GOING_DOWN&reason=over", { code: 1001, reason: "over" }],
      ["?code=1008&reason=r%C3%A4us", { code: 1008, reason: "räus" }],
      ["?code=MESSAGE_TOO_LARGE", { code: 1009, reason: "" }],
      ["?code=4999", { code: 4999, reason: "" }],
    ];
    for (const [query, expected] of cases) {
      const client = await identified(t, service.ws("/plain"));
      const response = await service.api(`${client.path}${query}`, { method: "DELETE" });
      assert.equal(response.status, 204, query);
      assert.deepEqual(await within("close", client.closed), expected, query);
      await assert_problem(await service.api(client.path), 404, "WEBSOCKET:NO_SUCH_SOCKET");
    }
    const client = await identified(t, service.ws("/plain"));
    for (const code of ["999", "1004", "1005", "1006", "1015", "2999", "5000", "NORMAL", "x"])
      await assert_problem(await service.api(`${client.path}?code=${code}`, { method: "DELETE" }),
                           400, "SWITCHBOARD:INVALID_ARGUMENT");
    await assert_problem(
      await service.api(`${client.path}?reason=${"r".repeat(124)}`, { method: "DELETE" }),
      400, "SWITCHBOARD:INVALID_ARGUMENT");
    assert.equal(await client.ask("still here?"), client.id);
  });

  await t.test("bulk close closes what matches", async (t) => {
    const doomed = [];
    for (let i = 0; i < 10; ++i)
      doomed.push(await identified(t, service.ws("/chat/doomed")));
    const spared = await identified(t, service.ws("/chat/spared"));
    for (const query of ["code=1006", "type=NONE", "path=/a/*/b", "config=unknown"])
      await assert_problem(await service.api(`/v1/close?${query}`, { method: "POST" }),
                           400, "SWITCHBOARD:INVALID_ARGUMENT");
    const result = await service.json("/v1/close?path=/chat/doomed&code=4010&reason=swept",
                                      { method: "POST" });
    assert.deepEqual(result, { closed: 10 });
    for (const client of doomed)
      assert.deepEqual(await within("close", client.closed), { code: 4010, reason: "swept" });
    assert.equal(await spared.ask("still here?"), spared.id);
    assert.deepEqual(await service.json("/v1/close?path=/chat/doomed", { method: "POST" }), { closed: 0 });
  });

  await t.test("configurations and flows are told", async () => {
    const { configs } = await service.json("/v1/configs");
    assert.deepEqual(configs.map(({ name }) => name).sort(), ["main", "other"]);
    const { flows } = await service.json("/v1/flows");
    assert.deepEqual(flows.map(({ name }) => name).sort(), ["based", "named", "plain"]);
  });

  await t.test("health, readiness and the description", async () => {
    for (const path of ["/healthz", "/readyz"])
      assert.equal((await service.api(path)).status, 200);
    const description = await service.json("/openapi.json");
    assert.match(description.openapi, /^3\./);
    // Names of parameters are not part of a path's shape.
    const shape = (path) => path.replace(/\{[^}]*\}/g, "{}");
    const shapes = Object.keys(description.paths).map(shape);
    for (const path of ["/v1/sockets", "/v1/sockets/{id}", "/v1/sockets/{id}/messages", "/v1/broadcast",
                        "/v1/close", "/v1/sockets/{id}/groups/{group}", "/v1/groups", "/v1/configs",
                        "/v1/flows", "/healthz", "/readyz", "/openapi.json"])
      assert.ok(shapes.includes(shape(path)), path);
    for (const [path, methods] of Object.entries(description.paths))
      for (const [method, operation] of Object.entries(methods))
        if (["get", "put", "post", "delete"].includes(method))
          assert.ok(Object.keys(operation.responses).length > 0, `${method} ${path}`);
  });

  await t.test("unknown sockets, routes and methods are refused", async () => {
    for (const [method, path] of [["GET", ""], ["DELETE", ""], ["POST", "/messages"]])
      await assert_problem(
        await service.api(`/v1/sockets/no-such-socket${path}`, { method, body: method === "POST" ? "x" : undefined }),
        404, "WEBSOCKET:NO_SUCH_SOCKET");
    for (const id of ["%20", "a%00b", "x".repeat(129), "%FF"])
      await assert_problem(await service.api(`/v1/sockets/${id}`), [400, 404],
                           ["WEBSOCKET:NO_SUCH_SOCKET", "WEBSOCKET:INVALID_SOCKET_ID",
                            "SWITCHBOARD:INVALID_ARGUMENT"]);
    for (const path of ["/", "/v1", "/v2/sockets", "/v1/socketss", "/v1/sockets/a/b/c/d", "/healthz/x",
                        "/..%2f..%2fetc/passwd"]) {
      const response = await service.api(path);
      if (path === "/" && response.status < 400) {
        await response.arrayBuffer(); // the console
        continue;
      }
      await assert_problem(response, 404);
    }
    for (const [method, path] of [["DELETE", "/v1/sockets"], ["PUT", "/v1/broadcast"], ["GET", "/v1/broadcast"],
                                  ["GET", "/v1/close"], ["POST", "/v1/groups"], ["POST", "/healthz"],
                                  ["PATCH", "/v1/sockets/a"], ["GET", "/v1/sockets/a/messages"]]) {
      const response = await service.api(path, { method });
      assert.ok(response.headers.get("allow"), `${method} ${path} names what is allowed`);
      await assert_problem(response, 405);
    }
  });

  await t.test("wrong bodies are refused", async (t) => {
    const client = await identified(t, service.ws("/plain"));
    const broken = Buffer.from([0x68, 0xc3, 0x28]);
    for (const path of [`${client.path}/messages`, "/v1/broadcast"])
      await assert_problem(
        await service.api(path, { method: "POST", body: broken, headers: { "content-type": "text/plain" } }),
        400, "SWITCHBOARD:INVALID_ARGUMENT");
    for (const query of ["type=SOME", "config=unknown", "path=/a/*/b", "path=/{x"])
      await assert_problem(await service.api(`/v1/broadcast?${query}`, { method: "POST", body: "x" }),
                           400, "SWITCHBOARD:INVALID_ARGUMENT");
    // A body that is not JSON, then wrong types, where an operation reads JSON.
    for (const body of ["{not json", "[]", '"text"', '{"path": 5}', '{"default_groups": "no list"}', ""])
      await assert_problem(
        await service.api("/v1/sockets", { method: "POST", body, headers: { "content-type": "application/json" } }),
        [400, 404, 405, 501]);
    assert.equal(await client.ask("still here?"), client.id);
  });

  await t.test("a body of 64 MiB is refused", async (t) => {
    const client = await identified(t, service.ws("/plain"));
    const file = join(temporary_folder(t), "large");
    const descriptor = openSync(file, "w");
    ftruncateSync(descriptor, 64 << 20);
    closeSync(descriptor);
    for (const path of [`${client.path}/messages`, "/v1/broadcast"])
      for (const expect of [[], ["-H", "Expect:"], ["-H", "Expect:", "-H", "Transfer-Encoding: chunked"]]) {
        const answer = await curl("--data-binary", `@${file}`, ...expect, `${admin}${path}`);
        assert.ok([400, 413].includes(answer.status), `${path} ${expect}: ${answer.status}`);
        assert.match(answer.type, /^application\/problem\+json/);
        assert.equal(JSON.parse(answer.body).status, answer.status);
      }
    assert.equal(await client.ask("still here?"), client.id);
  });

  await t.test("broken HTTP gets an answer or the end, and nothing else stops", async (t) => {
    const client = await identified(t, service.ws("/plain"));
    const { connect: dial } = await import("node:net");
    const long = "y".repeat(1 << 17);
    for (const request of ["GARBAGE\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                           "GET / HTTP/1.1\r\nbad header\r\n\r\n",
                           `GET /${long} HTTP/1.1\r\nHost: a\r\n\r\n`,
                           `GET / HTTP/1.1\r\nHost: a\r\nX: ${long}\r\n\r\n`,
                           "POST /v1/broadcast HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n",
                           "POST /v1/broadcast HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                           "POST /v1/broadcast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]) {
      const socket = dial({ host, port });
      t.after(() => socket.destroy());
      let answer = "";
      socket.on("data", (chunk) => answer += chunk);
      const ended = new Promise((resolve) => socket.once("close", resolve));
      socket.on("error", () => {});
      socket.write(request);
      await within(`the end after ${request.slice(0, 40)}`, ended, 30000);
      if (answer)
        assert.match(answer, /^HTTP\/1\.[01] (4\d\d|505) /);
    }
    assert.equal(await client.ask("still here?"), client.id);
  });

  await t.test("one connection carries many requests", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set();
    for (let i = 0; i < 20; ++i)
      await within("an answer", new Promise((resolve, reject) => {
        http.get(`${admin}/healthz`, { agent }, (response) => {
          ports.add(response.socket.localPort);
          assert.equal(response.statusCode, 200);
          response.resume().once("end", resolve);
        }).once("error", reject);
      }));
    agent.destroy();
    assert.equal(ports.size, 1);
  });
});

test("tokens are asked for where they are set", async (t) => {
  const folder = temporary_folder(t);
  writeFileSync(join(folder, "token"), "second-token\n");
  const service = await start(t, base({ admin: `tokens = ["first-token", "\${file:${folder}/token}"]` }),
                              { token: "first-token" });
  assert.equal((await service.api("/v1/sockets")).status, 200);
  assert.equal((await service.api("/v1/sockets", { token: "second-token" })).status, 200);
  const wrong = [{}, { authorization: "Bearer wrong" }, { authorization: "Bearer first-toke" },
                 { authorization: "Bearer first-token2" }, { authorization: "Basic first-token" },
                 { authorization: "Bearer" }, { authorization: "first-token" }];
  for (const headers of wrong)
    for (const [method, path] of [["GET", "/v1/sockets"], ["POST", "/v1/broadcast"], ["POST", "/v1/close"],
                                  ["DELETE", "/v1/sockets/x"], ["GET", "/v1/flows"]]) {
      const response = await service.api(path, { method, token: null, headers });
      assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/);
      await assert_problem(response, 401, "SWITCHBOARD:UNAUTHENTICATED");
    }
  assert.ok(!service.log.includes("first-token"), "no token in the log");
});
