// The command line, `check`, and what a wrong file or a busy port leads to.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  base, connect, echo_flow, hold_port, run_to_end, start, temporary_folder, until, within,
} from "./harness.mjs";

function file(t, text, name = "switchboard.toml") {
  const path = join(temporary_folder(t), name);
  writeFileSync(path, text);
  return path;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/// The diagnostics of a file: line, column, text.
function diagnostics(output, path) {
  return [...output.matchAll(new RegExp(`^.*?${escaped(path)}:(\\d+):(\\d+): (.*)$`, "gm"))]
    .map(([, line, column, text]) => ({ line: Number(line), column: Number(column), text }));
}

// Each wrong line ends with `# !` and a pattern that its diagnostic matches.
const twenty = `
[http_listener.public]
host = 5                                # ! host.*host name
port = 70000                            # ! port.*65535
protokol = "HTTP"                       # ! protokol.*protocol
handshake_timeout = "10"                # ! handshake_timeout.*unit
max_connections = -1                    # ! max_connections
max_header_size = "16KB"                # ! max_header_size.*KiB
allowed_origins = "https://a.example"   # ! allowed_origins.*array
trusted_proxies = ["300.1.1.1"]         # ! trusted_proxies

[websocket.main.server]
listener = "publik"                     # ! listener.*public
idle_socket_timeout = 15                # ! idle_socket_timeout.*duration
max_message_size = "-1MiB"              # ! max_message_size
compression = { level = 12 }            # ! level.*9
slow_consumer = "wait"                  # ! slow_consumer.*drop_newest
send_queue_limit = "\${NO_SUCH_VARIABLE_SET}"  # ! NO_SUCH_VARIABLE_SET

[websocket.main.reconnection]
strategy = "sometimes"                  # ! strategy.*reconnect-forever
blocking = "yes"                        # ! blocking

[admin]
host = "0.0.0.0"                        # ! (host|tokens).*token|token.*host
port = "80"                             # ! port.*integer
konsole = true                          # ! konsole.*console

[log]
level = "loud"                          # ! level.*(warn|info)

[[flow]]
name = "a"
source = "inbound-listner"              # ! source.*inbound-listener
config = "main"
path = "/a/*/b"                         # ! path
steps = [
  { send = { contnt = "x" } },          # ! contnt.*content
  { sned = {} },                        # ! sned.*send
  { log = "#[1 +]" },                   # ! steps.2..log: unexpected symbol.*Lua
  { log = "#[payload" },                # ! log|unclosed|bracket
  { send = { content = "x" }, log = "y" },  # ! one|exactly|both
  { flow_ref = "nowhere" },             # ! flow_ref.*nowhere
]
`;

test("check names every mistake of a file with its place, in one go", async (t) => {
  const path = file(t, twenty);
  const { code, output } = await run_to_end(["check", path]);
  assert.equal(code, 2, output);
  const found = diagnostics(output, path);
  let mistakes = 0;
  for (const [index, line] of twenty.split("\n").entries()) {
    const pattern = /# ! (.*)$/.exec(line)?.[1];
    const here = found.filter((each) => each.line === index + 1);
    if (!pattern) {
      assert.deepEqual(here, [], `line ${index + 1} is right: ${line}`);
      continue;
    }
    ++mistakes;
    assert.ok(here.some(({ text }) => new RegExp(pattern, "i").test(text)),
              `line ${index + 1}: ${line}\nwas told as ${JSON.stringify(here)}\nin\n${output}`);
    for (const { column } of here)
      assert.ok(column >= 1 && column <= line.length, `column ${column}`);
  }
  assert.ok(mistakes >= 20);
});

test("run refuses the same file and starts nothing", async (t) => {
  const path = file(t, twenty);
  const { code, output } = await run_to_end(["run", path]);
  assert.equal(code, 2);
  assert.ok(diagnostics(output, path).length >= 20);
  assert.doesNotMatch(output, /listening/);
});

test("single mistakes", async (t) => {
  const main = base();
  const cases = {
    "broken TOML": [`${main}\nkey = = 5\n`, /./],
    "a key that stands twice": [`[log]\nlevel = "info"\nlevel = "warn"\n`, /level/],
    "two flows of one name": [main + echo_flow("/a") + echo_flow("/b"), /echo/],
    "two sources that match the same paths":
      [main + echo_flow("/a/{x}", "one") + echo_flow("/a/{y}", "two"), /same paths/],
    "a gate without a listener on its path":
      [`${main}[[flow]]\nname = "gate"\nsource = "on-inbound-connection"\npath = "/x"\nsteps = []\n`, /inbound-listener|\/x/],
    "a schedule without its span": [`${main}[[flow]]\nname = "s"\nsource = "schedule"\nsteps = []\n`, /every/],
    "a flow without a name": [`${main}[[flow]]\nsource = "startup"\nsteps = []\n`, /name/],
    "flows that call each other for ever":
      [`${main}[[flow]]\nname = "p"\nsteps = [ { flow_ref = "q" } ]\n[[flow]]\nname = "q"\nsteps = [ { flow_ref = "p" } ]\n`,
        /flow_ref|p|q/],
    "an unknown section": ["[websockets.main.server]\n", /websockets.*websocket/],
    "a listener without host": ["[http_listener.a]\nport = 0\n", /host/],
    "a missing secret file": [`${main}[[flow]]\nname = "f"\nsource = "startup"\nsteps = [ { log = "\${file:/no/such/file}" } ]\n`,
      /no\/such\/file/],
    "an expression with a wrong token": [`${main}[[flow]]\nname = "f"\nsource = "startup"\nsteps = [ { log = "#[if then]" } ]\n`, /expression/],
  };
  for (const [name, [text, pattern]] of Object.entries(cases))
    await t.test(name, async (t) => {
      const path = file(t, text);
      const { code, output } = await run_to_end(["check", path]);
      assert.equal(code, 2, output);
      const found = diagnostics(output, path);
      assert.ok(found.length >= 1, output);
      assert.ok(found.some(({ text: told }) => pattern.test(told)), output);
    });
});

test("what comes later is refused by name", async (t) => {
  const cases = {
    cluster: "[cluster]\nname = \"c\"\n",
  };
  for (const [key, text] of Object.entries(cases))
    await t.test(key, async (t) => {
      const path = file(t, base() + text);
      const { code, output } = await run_to_end(["check", path]);
      assert.equal(code, 2, output);
      assert.ok(diagnostics(output, path).some(({ text: told }) =>
        told.includes(key) && /not available yet/.test(told)), output);
    });
});

test("a right file", async (t) => {
  const folder = temporary_folder(t);
  writeFileSync(join(folder, "secret"), "from-a-file\n");
  const path = join(folder, "right.toml");
  writeFileSync(path, base({ admin: 'tokens = ["${TOKEN_OF_TEST}", "${file:secret}"]' }) + echo_flow("/echo"));
  const env = { ...process.env, TOKEN_OF_TEST: "from-the-environment" };

  await t.test("check ends with 0", async () => {
    const { code, output } = await run_to_end(["check", path], { env });
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /from-/, "no secret is told");
  });

  await t.test("a missing variable is named with its place", async () => {
    const bare = { ...process.env };
    delete bare.TOKEN_OF_TEST;
    const { code, output } = await run_to_end(["check", path], { env: bare });
    assert.equal(code, 2);
    const line = readFileSync(path, "utf8").split("\n").findIndex((each) => each.startsWith("tokens")) + 1;
    assert.ok(diagnostics(output, path).some((each) => each.line === line && /TOKEN_OF_TEST/.test(each.text)), output);
  });

  await t.test("both replacements count, the file is found beside the configuration", async (t) => {
    const service = await start(t, "", {
      args: ["run", path], env: { TOKEN_OF_TEST: "from-the-environment" }, token: "from-a-file",
    });
    assert.equal((await service.api("/v1/flows", { token: "from-the-environment" })).status, 200);
    assert.equal((await service.api("/v1/flows")).status, 200);
    assert.equal((await service.api("/v1/flows", { token: "${file:secret}" })).status, 401);
  });
});

test("the command line", async (t) => {
  const right = file(t, base() + echo_flow("/echo"));
  const wrong = [
    [], ["frobnicate"], ["check"], ["check", "/no/such/file.toml"], ["run", "/no/such/file.toml"],
    ["run", right, right], ["check", right, "--no-such-option"], ["--no-such-option"],
    ["run", temporary_folder(t)],
  ];
  for (const args of wrong)
    await t.test(`\`${args.join(" ").replace(/\/tmp\/\S+/g, "PATH")}\` is wrong usage`, async () => {
      const { code, output } = await run_to_end(args);
      assert.equal(code, 2, output);
      assert.ok(output.trim().length > 0, "says why");
    });
  await t.test("an unknown subcommand is named", async () => {
    assert.match((await run_to_end(["frobnicate"])).output, /no subcommand frobnicate/);
  });
  await t.test("version", async () => {
    const { code, output } = await run_to_end(["version"]);
    assert.equal(code, 0);
    assert.match(output, /switchboard.*\d+\.\d+\.\d+/i);
  });
  await t.test("help", async () => {
    const { code, output } = await run_to_end(["--help"]);
    assert.equal(code, 0);
    for (const word of ["run", "check", "version"])
      assert.match(output, new RegExp(word));
  });
});

const bound = (port, reconnection) => base().replace(
  "[http_listener.public]\nhost = \"127.0.0.1\"\nport = 0",
  `[http_listener.public]\nhost = "127.0.0.1"\nport = ${port}`)
  + `[websocket.main.reconnection]\n${reconnection}\n` + echo_flow("/echo").replace("path", 'config = "main"\npath');

test("with fails_deployment a busy port ends the start with 3", async (t) => {
  for (const [name, strategy] of Object.entries({
    "at once": 'strategy = "none"',
    "when the strategy is spent": 'strategy = "reconnect"\nfrequency = "50ms"\ncount = 3',
  }))
    await t.test(name, async (t) => {
      const { port } = await hold_port(t);
      const path = file(t, bound(port, `fails_deployment = true\n${strategy}`));
      const { code, output } = await run_to_end(["run", path]);
      assert.equal(code, 3, output);
      assert.match(output, new RegExp(`${port}`));
      assert.match(output, /in use/i);
    });
});

test("fails_deployment passes where the port comes free in time", async (t) => {
  const { port, release } = await hold_port(t);
  const service = await start(t, bound(port, 'fails_deployment = true\nstrategy = "reconnect-forever"\nfrequency = "50ms"'),
                              { ready: false });
  await until("a failed attempt", () => /in use/i.test(service.log), 30000);
  await release();
  await until("readiness", () => service.is_ready(), 30000);
});

test("a listener that cannot bind goes on trying while the rest serves", async (t) => {
  const { port, release } = await hold_port(t);
  const service = await start(t, bound(port, 'strategy = "reconnect-forever"\nfrequency = "50ms"') + `
[http_listener.free]
host = "127.0.0.1"
port = 0

[websocket.free.server]
listener = "free"

[[flow]]
name = "free"
source = "inbound-listener"
config = "free"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]
`, { ready: false });
  await until("the management API", async () => (await service.api("/healthz")).status === 200, 30000);
  const client = await until("the free listener", () => connect(t, service.ws("/echo", "free")), 30000);
  assert.equal(await client.ask("served"), "served");
  const response = await service.api("/readyz");
  assert.equal(response.status, 503);
  assert.match(await response.text(), /public|main/, "says what is missing");
  await release();
  await until("readiness", () => service.is_ready(), 30000);
  const late = await connect(t, `ws://127.0.0.1:${port}/echo`);
  assert.equal(await late.ask("at last"), "at last");
  assert.equal(await client.ask("undisturbed"), "undisturbed");
});

test("a management port that is taken ends the start", async (t) => {
  const { port } = await hold_port(t);
  const path = file(t, base().replace("port = 0", `port = ${port}`) + echo_flow("/echo"));
  const { code, output } = await run_to_end(["run", path]);
  assert.equal(code, 1, output);
  assert.match(output, new RegExp(`${port}`));
});

test("the log can be JSON and go to a file", async (t) => {
  const target = join(temporary_folder(t), "log.json");
  const service = await start(t, base({ log: `format = "json"\nfile = ${JSON.stringify(target)}` }) + echo_flow("/echo"),
                              { ready: false });
  const lines = () => readFileSync(target, "utf8").split("\n").filter(Boolean);
  await until("a log", () => lines().length > 0, 30000);
  await until("the listener's line", () => lines().some((line) => /listening/.test(line)), 30000);
  await service.stop();
  for (const line of lines())
    assert.equal(typeof JSON.parse(line), "object", line);
  await within("the end", service.exited);
});
