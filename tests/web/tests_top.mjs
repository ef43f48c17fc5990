// The top table: equal to the text report, sorted, filtered, walked by keys, large.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve, topRows, until, work } from "./harness.mjs";
import { wideName, wideProfile } from "./wide_profile.mjs";

const shownRows = (page) =>
  page.$$eval(".top tbody tr:not(.space)", (rows) =>
    rows.map((r) => [...r.children].slice(0, 6).map((c) => c.textContent)));

export const topTests = {
  async "top shows the rows of the text report"({ page, url, profile }) {
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    const shown = await shownRows(page);
    assert.deepEqual(shown, topRows(profile).slice(0, shown.length));
    assert.equal(shown[0][5], "leaky_handler");
    await page.click(".top th >> text=Name");
    await page.waitForSelector('th[aria-sort="ascending"]');
    const names = await page.$$eval(".top td.name", (cells) => cells.map((c) => c.textContent));
    assert.deepEqual(names, [...names].sort());
    await page.click(".top th >> text=Cum >> nth=0");
    const cum = topRows(profile, "-cum").map((r) => r[3]);
    await until(page, (want) => document.querySelectorAll(".top tbody tr:not(.space) td")[3].textContent === want, cum[0]);
    await page.waitForURL(/order=cum/);
    await page.reload();
    await page.waitForSelector('th[aria-sort="descending"] >> text=Cum');
    assert.equal((await shownRows(page))[0][3], cum[0]);
  },

  async "a search filters the table and sums what is left"({ page, url, profile }) {
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    await page.fill("#search", "^leaky_");
    await until(page, () => document.querySelectorAll(".top td.name").length === 1);
    assert.equal(await page.textContent(".top td.name"), "leaky_handler");
    const count = topRows(profile).length;
    assert.match(await page.textContent(".bar"), new RegExp(`^1 of ${count} functions match`));
    await page.press("#search", "Enter");
    await page.waitForURL(/f=%5Eleaky_/);
  },

  async "keys walk the table and open its menu"({ page, url }) {
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    await page.keyboard.press("v");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".menu-items.at");
    assert.equal(await page.textContent(".menu-items.at .menu-title"), "leaky_handler");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter"); // Ignore
    await page.waitForURL(/i=%5Eleaky_handler%24/);
    await until(page, () => document.querySelector(".top td.name")?.textContent !== "leaky_handler");
  },

  async "a table of many rows draws only those in sight"({ page, wide }) {
    const { url } = await serve(wide);
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    assert.equal(await page.getAttribute(".top table", "aria-rowcount"), "501");
    const drawn = () => page.locator(".top tbody tr:not(.space)").count();
    assert.ok((await drawn()) < 100);
    await page.locator(".top").press("End");
    await until(page, (last) => [...document.querySelectorAll(".top td.name")].pop().textContent === last,
      topRows(wide).pop()[5]);
    assert.ok((await drawn()) < 100);
  },

  async "a hundred thousand rows can be sorted and searched"({ page }) {
    const file = join(work, "rows.pb.gz");
    writeFileSync(file, wideProfile({ stacks: 100000, depth: 1, names: 100000, shared: 0 }));
    const { url } = await serve(file);
    await page.goto(`${url}/ui/top?trim=f`);
    await page.waitForSelector(".top td.name");
    assert.equal(await page.getAttribute(".top table", "aria-rowcount"), "100001");
    await page.click(".top th >> text=Name");
    const first = Array.from({ length: 100000 }, (_, i) => wideName(i + 1)).sort()[0];
    await until(page, (want) => document.querySelector(".top td.name").textContent === want, first);
    assert.ok((await page.locator(".top tbody tr:not(.space)").count()) < 100);
    await page.fill("#search", "function_77777$");
    await until(page, () => document.querySelectorAll(".top td.name").length === 1);
  },
};
