// The example feed in Chromium: the ticker is killed, started again, stopped and
// continued while two pages watch, and neither is reloaded.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { browser_of } from "./browser.mjs";
import { output_folder, patience, start, until } from "./harness.mjs";

const example = (name) => new URL(`../../examples/${name}`, import.meta.url);

async function ticker(t) {
  const child = spawn(process.execPath, [example("feed/ticker.mjs").pathname],
                      { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  child.stdout.on("data", (chunk) => said += chunk);
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  t.after(kill);
  await until("the ticker", () => said.includes("ticking on"), 30000);
  return { kill, pid: child.pid, signal: (name) => child.kill(name) };
}

test("the feed goes stale with its ticker and comes back with it", async (t) => {
  // The service comes first and goes on trying.
  const service = await start(t, "", { args: ["run", example("feed.toml").pathname] });
  const browser = await browser_of(t);
  const complaints = [];
  async function watcher(options) {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(patience(30000));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error")
        complaints.push(message.text());
    });
    let loads = 0;
    page.on("load", () => ++loads);
    await page.goto(example("feed/page.html").href);
    return {
      page,
      loads: () => loads,
      is: (state) => until(`the page is ${state}`, async () =>
        await page.locator("main").getAttribute("data-state") === state, 30000),
      note: () => page.locator("#note").innerText(),
      price: () => page.locator("#price").innerText(),
      picture: (name) =>
        page.screenshot({ path: join(output_folder, `feed-${name}.png`) }),
    };
  }
  const light = await watcher({ viewport: { width: 900, height: 600 } });
  const dark = await watcher({ viewport: { width: 400, height: 700 }, colorScheme: "dark" });
  const both = [light, dark];
  const hears = (page, one) => until(`ticker ${one.pid} on the page`, async () =>
    (await page.note()).includes(`ticker ${one.pid}`), 30000);

  for (const page of both) {
    await page.is("stale");
    assert.equal(await page.note(), "No tick yet.");
  }
  const first = await ticker(t);
  for (const page of both) {
    await hears(page, first);
    await page.is("live");
    assert.match(await page.price(), /^\d+\.\d\d$/);
  }
  await until("twenty ticks", async () => /Tick [2-9]\d/.test(await light.note()), 60000);
  await light.picture("live");
  await dark.picture("live-dark");

  await first.kill();
  for (const page of both) {
    await page.is("stale");
    assert.match(await page.note(), new RegExp(`of ticker ${first.pid}, \\d+ s ago$`));
  }
  await light.picture("stale");
  await dark.picture("stale-dark");
  const away = await (await service.api("/v1/sockets/ticker")).json();
  assert.equal(away.state, "reconnecting");

  const second = await ticker(t);
  for (const page of both) {
    await hears(page, second);
    await page.is("live");
  }
  const back = await (await service.api("/v1/sockets/ticker")).json();
  assert.equal(back.state, "open");
  assert.ok(back.generation > away.generation || back.generation === 2, JSON.stringify(back));

  // One that hangs is found by its missing pong.
  second.signal("SIGSTOP");
  for (const page of both)
    await page.is("stale");
  await until("the loss", () => service.log.split("socket lost").length >= 3, 30000);
  second.signal("SIGCONT");
  for (const page of both)
    await page.is("live");

  for (const page of both)
    assert.equal(page.loads(), 1, "no page was loaded again");
  assert.deepEqual(complaints, []);
  const { sockets } = await service.json("/v1/sockets?group=feed");
  assert.equal(sockets.length, 2);
});
