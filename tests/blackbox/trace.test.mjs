// The trace of a handshake goes on in the calls of its socket's flows.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { base, connect, start, until } from "./harness.mjs";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = `00-${trace}-00f067aa0ba902b7-01`;

test("http_request carries traceparent and tracestate", async (t) => {
  const seen = [];
  const backend = createServer((request, response) => {
    seen.push(request.headers);
    response.end("{}");
  });
  await new Promise((resolve) => backend.listen(0, "127.0.0.1", resolve));
  t.after(() => { backend.closeAllConnections(); backend.close(); });
  const url = `http://127.0.0.1:${backend.address().port}/`;
  const call = (headers) => `{ http_request = { url = "${url}"${headers} } }`;
  const service = await start(t, base() + `
[[flow]]
name = "plain"
source = "inbound-listener"
path = "/plain"
steps = [ ${call("")}, ${call("")}, { send = { content = "done" } } ]
[[flow]]
name = "own"
source = "inbound-listener"
path = "/own"
steps = [ ${call(', headers = { traceparent = "mine" }')}, { send = { content = "done" } } ]
`);
  const talk = async (path, headers) => {
    seen.length = 0;
    const client = await connect(t, service.ws(path), [], { headers });
    assert.equal(await client.ask("x"), "done");
    await client.close();
    return seen.map((x) => [x.traceparent, x.tracestate]);
  };
  const [[one, state], [two]] = await talk("/plain", { traceparent: parent, tracestate: "a=1,b=2" });
  assert.equal(state, "a=1,b=2");
  const pattern = new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`);
  for (const each of [one, two]) {
    assert.match(each, pattern);
    assert.notEqual(each, parent);
  }
  assert.notEqual(one, two);
  await until("the line of its end", () =>
    new RegExp(`info.*socket closed.*traceparent=${parent}`).test(service.log));

  const nothing = [[undefined, undefined], [undefined, undefined]];
  for (const wrong of ["00-0-0-01", parent.toUpperCase(), parent.replace(trace, "0".repeat(32)), `${parent}-x`])
    assert.deepEqual(await talk("/plain", { traceparent: wrong, tracestate: "a=1" }), nothing);
  assert.deepEqual(await talk("/plain", { traceparent: [parent, parent] }), nothing);
  assert.deepEqual(await talk("/plain", { tracestate: "a=1" }), nothing);
  assert.deepEqual(await talk("/own", { traceparent: parent, tracestate: "a=1" }), [["mine", undefined]]);
  await until("the line of the last end", () => service.log.match(/traceparent=/g)?.length >= 2);
  await service.stop();
  assert.equal(service.log.match(/traceparent=/g).length, 2);
});
