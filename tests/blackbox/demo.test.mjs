// The built-in demonstration in Chromium: two pages chat in one room and not
// across rooms.

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { browser_of } from "./browser.mjs";
import { output_folder, patience, start, until } from "./harness.mjs";

const address = "http://127.0.0.1:8080/";

test("the demonstration", async (t) => {
  const service = await start(t, "", { args: ["run"], ready: false });
  await until("the demonstration's page", async () => {
    if (service.exit)
      throw new Error(`ended early: ${JSON.stringify(service.exit)}`);
    const response = await fetch(address);
    await response.arrayBuffer();
    return response.status === 200;
  }, 30000);

  // It tells where to look and what to try.
  await until("three commands to try", () => service.log.match(/curl /g)?.length >= 3);
  assert.ok(service.log.includes("http://127.0.0.1:8080/"));

  const browser = await browser_of(t);

  const complaints = [];
  async function visitor(name, room, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(patience(30000));
    page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error")
        complaints.push(`${name}: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (new URL(request.url()).hostname !== "127.0.0.1" && !request.url().startsWith("data:"))
        complaints.push(`${name}: asked for ${request.url()}`);
    });
    await page.goto(address);
    const part = (id) => page.getByTestId(id);
    await part("name").fill(name);
    await part("room").fill(room);
    await part("join").click();
    await part("message").waitFor({ state: "visible" });
    return {
      page, part,
      say: async (text) => {
        await part("message").fill(text);
        await part("send").click();
      },
      messages: () => part("messages").innerText(),
      // Not innerText: a narrow page folds the list away.
      members: () => part("members").textContent(),
      picture: (file) => page.screenshot({ path: join(output_folder, `${file}.png`) }),
    };
  }
  const shows = (what, read, text) => until(what, async () => (await read()).includes(text), 30000);

  const entrance = await (await browser.newContext()).newPage();
  await entrance.goto(address);
  await entrance.getByTestId("join").waitFor({ state: "visible" });
  await entrance.screenshot({ path: join(output_folder, "demo-entrance.png") });

  const ada = await visitor("Ada", "Engines");
  const grace = await visitor("Grace", "Engines", { colorScheme: "dark" });
  const alan = await visitor("Alan", "Machines", { viewport: { width: 400, height: 800 } });

  await t.test("everyone sees who is in the room", async () => {
    for (const one of [ada, grace]) {
      await shows("Ada among the members", one.members, "Ada");
      await shows("Grace among the members", one.members, "Grace");
    }
    await shows("Alan among the members", alan.members, "Alan");
    assert.doesNotMatch(await alan.members(), /Ada|Grace/);
    assert.doesNotMatch(await ada.members(), /Alan/);
  });

  await t.test("messages reach the room and no other", async () => {
    await ada.say("The engine might compose music.");
    await shows("Ada's words at Grace's", grace.messages, "The engine might compose music.");
    await shows("Ada's words at her own", ada.messages, "The engine might compose music.");
    await grace.say("Nanoseconds, please! ä€😀");
    await shows("Grace's words at Ada's", ada.messages, "Nanoseconds, please! ä€😀");
    await alan.say("Can machines think?");
    await shows("Alan's words at his own", alan.messages, "Can machines think?");
    // All three have heard something after what they must not have heard.
    await ada.say("Last word.");
    await shows("the last word", grace.messages, "Last word.");
    for (const one of [ada, grace])
      assert.doesNotMatch(await one.messages(), /machines think/);
    assert.doesNotMatch(await alan.messages(), /engine might|Nanoseconds/);
  });

  await t.test("what is said is shown, not run", async () => {
    const markup = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>";
    await ada.say(markup);
    await shows("the markup as text", grace.messages, "<b>bold</b>");
    for (const one of [ada, grace]) {
      assert.notEqual(await one.page.title(), "owned");
      assert.equal(await one.part("messages").locator("img").count(), 0);
    }
    const quoting = "quotes \" ' \\ ]] #[payload] ${HOME} and a { brace";
    await ada.say(quoting);
    await shows("the quoting", grace.messages, quoting);
  });

  await t.test("pictures", async () => {
    await ada.picture("demo-ada");
    await grace.picture("demo-grace-dark");
    await alan.picture("demo-alan-narrow");
  });

  await t.test("the management API reaches the room from outside", async () => {
    const groups = await fetch("http://127.0.0.1:9080/v1/groups");
    assert.equal(groups.status, 200);
    assert.match(await groups.text(), /Engines/i);
  });

  await t.test("who leaves is gone from the list, by button or by closing the page", async () => {
    const edsger = await visitor("Edsger", "Engines");
    await shows("Edsger among the members", ada.members, "Edsger");
    await edsger.page.close();
    await until("Edsger is gone", async () => !(await ada.members()).includes("Edsger"), 30000);
    await grace.part("leave").click();
    await until("Grace is gone", async () => !(await ada.members()).includes("Grace"), 30000);
    await grace.part("join").waitFor({ state: "visible" });
    await grace.part("name").fill("Grace");
    await grace.part("room").fill("Machines");
    await grace.part("join").click();
    await shows("Grace in the other room", alan.members, "Grace");
    await grace.say("Moved.");
    await shows("her words there", alan.messages, "Moved.");
    await ada.say("Anyone?");
    await shows("Ada's words at her own", ada.messages, "Anyone?");
    assert.doesNotMatch(await ada.messages(), /Moved\./);
  });

  await t.test("no page complained or asked another host for anything", () => {
    assert.deepEqual(complaints, []);
  });

  await browser.close();
  await service.stop();
});
