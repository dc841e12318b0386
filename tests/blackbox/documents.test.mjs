// The documents against the program and its sources: a key, a metric, a
// request or an option that is there and not described, or described and not
// there, is told here.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { base, echo_flow, run_to_end, start, temporary_folder } from "./harness.mjs";

const root = new URL("../..", import.meta.url).pathname;
const text_of = (name) => readFileSync(join(root, name), "utf8");
const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md",
               ...readdirSync(join(root, "doc")).filter((name) => name.endsWith(".md")).map((name) => `doc/${name}`)];

/// All `[{ page, line, kind, text }]` between ``` and ```.
function blocks(kind) {
  return pages.flatMap((page) => {
    const text = text_of(page);
    return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
      .filter(([, found]) => found === kind)
      .map((found) => ({
        page, text: found[2], line: text.slice(0, found.index).split("\n").length,
      }));
  });
}

/// The part of a page below a heading, with what is nested in it.
function section(page, heading) {
  const lines = text_of(page).split("\n");
  const first = lines.indexOf(heading);
  assert.ok(first >= 0, `${page} has no ${heading}`);
  const level = heading.match(/^#+/)[0].length;
  const next = lines.findIndex((line, i) => i > first && (line.match(/^#+(?= )/)?.[0].length ?? 9) <= level);
  return lines.slice(first, next < 0 ? undefined : next).join("\n");
}

/// The tables of a text whose first column is called `name`: arrays of rows,
/// which are arrays of cells.
function tables_of(text, name) {
  return [...text.matchAll(/(?:^\|.*\n?)+/gm)]
    .map(([lines]) => lines.trim().split("\n").map((line) =>
      line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())))
    .filter(([head]) => head[0] === name)
    .map((lines) => lines.slice(2));
}

const rows = (text, name) => tables_of(text, name).flat();

/// What stands between `quotes` in a text.
const quoted = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner);

const sorted = (list) => [...new Set(list)].sort();

const configuration = "doc/configuration.md";

/// Where the arrays of keys in config/ are described: [page, heading, arrays].
const described = [
  [configuration, "# The configuration file", "load.cpp sections, websocket.cpp websocket_keys"],
  [configuration, "## `[http_listener.NAME]`", "http_listener.cpp keys"],
  [configuration, "### `[http_listener.NAME.authentication]`", "authentication.cpp keys"],
  [configuration, "## `[tls.NAME]`", "tls.cpp tls_keys, tls.cpp trust_keys, tls.cpp key_keys"],
  [configuration, "### `revocation_check`", "revocation.cpp standard_keys, revocation.cpp responder_keys"],
  [configuration, "## `[websocket.NAME.server]`", "websocket.cpp server_keys, socket_keys.cpp compression_keys"],
  [configuration, "## `[websocket.NAME.client]`", "client.cpp client_keys, client.cpp authentication_keys, "
   + "name_values.cpp pair_keys, proxy.cpp keys, outbound.cpp keys"],
  [configuration, "## `[websocket.NAME.reconnection]`", "reconnection.cpp reconnection_keys, reconnection.cpp backoff_keys"],
  [configuration, "## `[[flow]]`", "flow.cpp keys, streaming.cpp keys"],
  [configuration, "### redelivery, retry, dead_letter",
   "flow_policy.cpp redelivery_keys, flow_policy.cpp retry_keys, flow_policy.cpp dead_letter_keys"],
  [configuration, "### Steps", "steps.cpp forms, steps.cpp send_keys, steps.cpp broadcast_keys, "
   + "steps.cpp close_socket_keys, steps.cpp bulk_close_sockets_keys, steps.cpp groups_keys, "
   + "steps.cpp set_variable_keys, steps.cpp raise_error_keys, steps.cpp branch_keys, "
   + "steps.cpp for_each_keys, open_step.hpp open_outbound_socket_keys"],
  ["doc/http-backends.md", "## The step", "http_step.cpp keys"],
  [configuration, "## `[object_store.NAME]`", "object_store.cpp keys"],
  [configuration, "## `[admin]`, `[log]`, `[runtime]`, `[limits]`",
   "admin.cpp keys, log.cpp keys, runtime.cpp keys, runtime.cpp drain_keys, limits.cpp keys"],
];

/// { "FILE ARRAY": [keys] } of the parser.
function parser_keys() {
  const result = {};
  const arrays = /const(?:expr)? (?:key_spec|section_spec|step_reader::form_spec) (?:step_reader::)?(\w+)\[\] = \{(.*?)\};/gs;
  for (const file of readdirSync(join(root, "config")).filter((name) => /\.[ch]pp$/.test(name)))
    for (const [, name, body] of text_of(`config/${file}`).matchAll(arrays))
      result[`${file} ${name}`] = [...body.matchAll(/\{\s*"(\w+)"/g)].map(([, key]) => key);
  return result;
}

test("every key that the parser takes is described in its section", () => {
  const found = parser_keys();
  const listed = described.map(([, , arrays]) => arrays.split(", "));
  assert.deepEqual(sorted(listed.flat()), sorted(Object.keys(found)), "the arrays of keys in config/");
  described.forEach(([page, heading], i) => {
    const text = section(page, heading);
    for (const array of listed[i]) {
      assert.ok(found[array].length > 0, array);
      for (const key of found[array])
        assert.match(text, new RegExp(`(?<!\\w)${key}(?!\\w)`), `${page} ${heading} lacks ${key}`);
    }
  });
});

// What stands around the keys of the tables below a heading, one table after
// another.
const tables = [
  [configuration, "## `[http_listener.NAME]`", ["[http_listener.x]\n"]],
  [configuration, "### `[http_listener.NAME.authentication]`", ["[http_listener.x.authentication]\n"]],
  [configuration, "## `[tls.NAME]`", ["[tls.x]\n"]],
  [configuration, "### `revocation_check`", ["[tls.x.revocation_check]\n"]],
  [configuration, "## `[websocket.NAME.server]`", ["[websocket.x.server]\n", "[websocket.x.server.compression]\n"]],
  [configuration, "## `[websocket.NAME.client]`", ["[websocket.x.client]\n"]],
  [configuration, "## `[websocket.NAME.reconnection]`", ["[websocket.x.reconnection]\n"]],
  [configuration, "## `[[flow]]`", ["[[flow]]\n"]],
  [configuration, "### redelivery, retry, dead_letter", ["[[flow]]\n"]],
  ["doc/http-backends.md", "## The step", ["[[flow]]\n[[flow.steps]]\n[flow.steps.http_request]\n"]],
  [configuration, "## `[object_store.NAME]`", ["[object_store.x]\n"]],
  [configuration, "## `[admin]`, `[log]`, `[runtime]`, `[limits]`", [""]],
];

test("every key in a table of the documents is one of the parser's", async (t) => {
  const file = join(temporary_folder(t), "keys.toml");
  const judge = async (text) => {
    writeFileSync(file, text);
    const { code, output } = await run_to_end(["check", file]);
    assert.equal(code, 2, output);
    return [...output.matchAll(/: (\S+): is an unknown key/g)].map(([, key]) => key);
  };
  assert.deepEqual(await judge("[admin]\nhosts = 0\n"), ["admin.hosts"]);
  for (const [page, heading, around] of tables) {
    // What is nested is looked at by itself.
    const [first, ...rest] = section(page, heading).split("\n");
    const found = tables_of([first, ...rest.join("\n").split(/^#/m)[0].split("\n")].join("\n"), "key");
    assert.equal(found.length, around.length, `tables of ${heading}`);
    for (const [i, table] of found.entries()) {
      const keys = table.flatMap(([cell]) => cell.split(", "));
      assert.ok(keys.length > 1, heading);
      assert.deepEqual(await judge(around[i] + keys.map((key) => `${key} = 0\n`).join("")), [], `${page} ${heading}`);
    }
  }
});

test("examples of configurations are right, or parts of a right one", async (t) => {
  // What a part cannot have, and files and variables of who reads it.
  const missing = [
    /: OK, /, /: nothing to do: /, /: http_listener\.public\.(host|port): is missing,/,
    /: flow\[\d\]\.config: is missing,/, /: "\w+" is no (flow|\[websocket\.NAME\]),/,
    /: the file "\w+\.password" cannot be read:/, /: the environment variable \w+ is not set,/,
  ];
  const file = join(temporary_folder(t), "example.toml");
  const examples = blocks("toml");
  assert.ok(examples.length > 10);
  for (const { page, line, text } of examples) {
    // Without a table they are ways to write a key of a flow.
    const one = '[[flow]]\nname = "x"\nsource = "inbound-listener"\n';
    const all = /^\[/m.test(text) ? [text] : text.trim().split("\n").map((key) => one + key);
    for (const each of all) {
      writeFileSync(file, each);
      const { output } = await run_to_end(["check", file]);
      for (const told of output.trim().split("\n"))
        assert.ok(missing.some((right) => right.test(told)), `${page}:${line}: ${told}`);
    }
  }
});

test("mistakes are told as the page shows them", async (t) => {
  const folder = temporary_folder(t);
  const [{ text }] = blocks("toml").filter(({ page }) => page === configuration);
  writeFileSync(join(folder, "chat.toml"), text.replace(/8080/, "70000").replace("listener =", "listner ="));
  const { code, output } = await run_to_end(["check", "chat.toml"], { cwd: folder });
  assert.equal(code, 2);
  const [shown] = blocks("").filter(({ page }) => page === configuration);
  assert.deepEqual(output.trim().split("\n"), shown.text.trim().split("\n").slice(1));
});

test("metrics, and the limits that they count, are described, and there is no other", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  const text = await (await service.api("/metrics")).text();
  const names = [...text.matchAll(/^# TYPE (switchboard_\w+)/gm)].map(([, name]) => name);
  const page = section("doc/operations.md", "## Metrics");
  const described = rows(page, "metric").flatMap(([cell]) => quoted(cell)).map((name) => name.replace(/\{.*/, ""));
  assert.deepEqual(sorted(described.filter((name) => name !== "process_*")), sorted(names));
  const limits = [...text.matchAll(/^switchboard_limit_reached_total\{limit="(\w+)"/gm)].map(([, name]) => name);
  const told = rows(section("doc/operations.md", "## Limits"), "key").flatMap((cells) => quoted(cells.at(-1)));
  assert.deepEqual(sorted(told), sorted(limits));
});

test("requests and their parameters are described, and there is no other", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  const { paths } = await service.json("/openapi.json");
  const offered = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods)
    .filter(([method]) => /^(get|put|post|delete|patch)$/.test(method))
    .map(([method, { parameters = [] }]) => `${method.toUpperCase()} ${path.replace("{socket_id}", "{id}")} `
      + sorted(parameters.filter((one) => one.in === "query").map(({ name }) => name))));
  const told = rows(section("doc/management-api.md", "## Requests"), "request").flatMap(([cell]) => {
    const calls = quoted(cell).map((call) => call.split(" "));
    // `PUT`, `DELETE /path`: both of them.
    return calls.map(([method, target = calls.at(-1)[1]]) => {
      const [path, ...query] = target.split(/[?&]/);
      return `${method} ${path} ${sorted(query)}`;
    });
  });
  assert.deepEqual(sorted(told), sorted(offered));
});

test("requests to the registry are described", () => {
  const text = text_of("include/switchboard/interfaces.hpp").match(/using registry_actor =.*?>;/s)[0];
  const requests = [...text.matchAll(/replies_to<(\w+)>/g)].map(([, name]) => name);
  assert.ok(requests.length > 10);
  for (const name of requests)
    assert.ok(text_of("doc/embedding.md").includes(`\`${name}\``), `embedding.md lacks ${name}`);
});

test("options of the subcommands are described, and those that are shown are there", async () => {
  const flags = new Map();
  const flags_of = async (command) => {
    if (!flags.has(command)) {
      const { code, output } = await run_to_end([command, "--help"]);
      assert.equal(code, 0, command);
      // { all ways to write one }
      flags.set(command, [...output.matchAll(/^ {2}(--\S+)/gm)].map(([, names]) => names.split(",")));
    }
    return flags.get(command);
  };
  const shown = pages.flatMap((page) => [...text_of(page).matchAll(/(?:^|[`/]|\| )switchboard ([a-z]+)([^\n`|#]*)/gm)]
    .map(([, command, rest]) => ({ page, command, rest })))
    .filter(({ page }) => page !== "CHANGELOG.md");
  assert.ok(shown.length > 20);
  for (const { page, command, rest } of shown)
    for (const [flag] of rest.matchAll(/--[a-z-]+/g))
      assert.ok((await flags_of(command)).flat().includes(flag), `${page}: switchboard ${command} has no ${flag}`);
  const { output } = await run_to_end(["--help"]);
  const commands = [...output.split("Subcommands:")[1].matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  assert.ok(commands.length > 10);
  const page = text_of("doc/operations.md");
  for (const command of commands.filter((name) => name !== "version")) {
    assert.ok(shown.some((one) => one.command === command), `no page shows switchboard ${command}`);
    for (const names of await flags_of(command))
      assert.ok(names.some((name) => new RegExp(`${name}(?![a-z-])`).test(page)), `operations.md lacks ${command} ${names}`);
  }
});

test("links lead to files and headings", () => {
  const anchors = (page) => [...text_of(page).replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm)]
    .map(([, title]) => title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-"));
  const adrs = readdirSync(join(root, "doc/adr")).map((name) => `doc/adr/${name}`);
  for (const page of [...pages, ...adrs])
    for (const [, target] of text_of(page).replace(/`[^`\n]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target))
        continue;
      const [path, anchor] = target.split("#");
      const file = path ? join(dirname(page), path) : page;
      assert.ok(existsSync(join(root, file)), `${page}: ${target}`);
      if (anchor)
        assert.ok(anchors(file).includes(anchor), `${page}: ${target}`);
    }
});
