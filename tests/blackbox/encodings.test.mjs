// What `output_mime_type` and `output_encoding` do to binary messages.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { join } from "node:path";
import { backend } from "./backend.mjs";
import { base, connect, run_to_end, start, temporary_folder } from "./harness.mjs";

const flow = (path, more, steps) => `
[[flow]]
name = "${path.slice(1)}"
source = "inbound-listener"
path = "${path}"
${more}
steps = [ ${steps} ]
on_error = [ { send = { content = "#[error.type]|#[error.message]" } } ]
`;

test("expressions read binary messages in the flow's encoding", async (t) => {
  const service = await start(t, base()
    + flow("/latin", 'output_encoding = "ISO-8859-1"', '{ send = { content = "<#[payload]>" } }')
    + flow("/utf16", 'output_encoding = "UTF-16LE"', '{ send = { content = "#[payload:len()] #[payload]" } }')
    + flow("/json", 'output_encoding = "windows-1252"\noutput_mime_type = "application/json"', '{ send = { content = "#[payload.price]" } }')
    + flow("/same", 'output_encoding = "ISO-8859-1"', '{ send = { content = "#[payload]" } }')
    + flow("/text", 'output_encoding = "ISO-8859-1"', '{ send = { content = "#[payload]", binary = false } }'));
  const at = (path) => connect(t, service.ws(path));
  const latin = await at("/latin");
  assert.equal(await latin.ask(Buffer.from("caf\xe9", "latin1")), "<café>");
  assert.equal(await latin.ask("text is UTF-8: é"), "<text is UTF-8: é>");
  assert.equal(await (await at("/utf16")).ask(Buffer.from("😀é", "utf16le")), "6 😀é");
  assert.equal(await (await at("/json")).ask(Buffer.from('{"price":"5 \x80"}', "latin1")), "5 €");
  assert.equal(await (await at("/text")).ask(Buffer.from("caf\xe9", "latin1")), "café");
  // What is only passed on stays as it came.
  const same = await at("/same");
  const back = await same.ask(Buffer.from("caf\xe9", "latin1"));
  assert.deepEqual(Buffer.from(back), Buffer.from("caf\xe9", "latin1"));
});

test("bytes that do not fit the encoding fail the message with their offset", async (t) => {
  const service = await start(t, base()
    + flow("/ascii", 'output_encoding = "US-ASCII"', '{ send = { content = "<#[payload]>" } }'));
  const client = await connect(t, service.ws("/ascii"));
  assert.match(await client.ask(Buffer.from("abc\xe9d", "latin1")),
               /^SWITCHBOARD:EXPRESSION\|.*byte 0xE9 at offset 3 does not fit the encoding US-ASCII/);
  assert.equal(await client.ask(Buffer.from("abcd")), "<abcd>", "the socket stays open");
});

test("a request carries type and encoding of what it passes on", async (t) => {
  const { asked, url } = await backend(t);
  const step = `{ http_request = { url = "${url}/" } }, { send = { content = "done" } }`;
  const service = await start(t, base()
    + flow("/tagged", 'output_encoding = "ISO-8859-1"\noutput_mime_type = "text/csv"', step)
    + flow("/untagged", "", step));
  assert.equal(await (await connect(t, service.ws("/tagged"))).ask(Buffer.from("a;b")), "done");
  assert.equal(await (await connect(t, service.ws("/untagged"))).ask(Buffer.from("a;b")), "done");
  assert.deepEqual(asked.map((one) => one.headers["content-type"]),
                   ["text/csv; charset=ISO-8859-1", "application/octet-stream"]);
});

test("an unknown encoding is an error of the file", async (t) => {
  const file = join(temporary_folder(t), "wrong.toml");
  writeFileSync(file, base() + flow("/x", 'output_encoding = "klingon"', ""));
  const { code, output } = await run_to_end(["check", file]);
  assert.equal(code, 2, output);
  assert.match(output, /wrong\.toml:\d+:19: flow\[0\]\.output_encoding: "klingon" is no known encoding, expected one such as "UTF-8" or "ISO-8859-1"/);
});
