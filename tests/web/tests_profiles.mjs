// Several profiles: fetched again, compared, beside each other, alone of several sources.
import assert from "node:assert/strict";
import { ask, serve, topRows, until } from "./harness.mjs";

const flatOf = (page) => page.textContent(".top td >> nth=0");

export const profileTests = {
  async "a live profile is fetched again and compared with before"({ page, live, load }) {
    const { url } = await serve(live);
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    const before = await flatOf(page);
    load(1000);
    await page.keyboard.press("r");
    await until(page, (old) => document.querySelector(".top td")?.textContent !== old, before);
    const after = await flatOf(page);
    await page.click("button:has-text('Profiles')");
    await page.click("text=Compare with before");
    await page.waitForURL(/base=1/);
    await until(page, (now) => ![now].includes(document.querySelector(".top td")?.textContent), after);
    await page.click("nav >> text=Flame Graph");
    await until(page, () => /^base .* → new /.test(document.querySelector("#flame-value")?.textContent ?? ""));
    await page.goto(`${url}/ui/top?beside=1`);
    await until(page, () => document.querySelectorAll("main > section .top td.name").length > 1);
    const panes = await page.$$eval("main > section", (all) => all.map((s) => s.querySelector(".top td")?.textContent));
    assert.deepEqual(panes, [after, before]);
  },

  async "each of several sources can be shown alone or as the base"({ page, profile, before }) {
    const { url } = await serve(before, profile);
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    await page.click("button:has-text('Profiles')");
    await page.selectOption("label:has-text('Show') select", "3");
    await page.waitForURL(/profile=3/);
    await until(page, (want) => document.querySelector(".top td")?.textContent === want, topRows(profile)[0][0]);
    await page.goto(`${url}/ui/top?profile=3&base=2`);
    await until(page, (want) => document.querySelector(".top td")?.textContent === want,
      topRows(profile, `-diff_base=${before}`)[0][0]);
    assert.equal((await ask(url, "/ui/api/top?profile=99")).status, 400);
  },

  async "sampling and duration are shown"({ page, url, profile }) {
    await page.goto(`${url}/ui/top`);
    await page.click(".about summary");
    const text = await page.textContent(".about-box");
    assert.match(text, /File: leaky_server/);
    assert.match(text, /One sample in 1kB of space/);
    assert.ok(profile);
  },
};
