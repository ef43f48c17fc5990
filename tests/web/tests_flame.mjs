// The flame graph: figures, search, zoom, callers and callees, differences, and the one in a file.
import assert from "node:assert/strict";
import { join } from "node:path";
import { ask, report, serve, topRows, until, work } from "./harness.mjs";

const nameIs = (page, name) => until(page, (n) => document.querySelector("#flame-name")?.textContent === n, name);

const cumOf = (profile, name, ...flags) => topRows(profile, ...flags).find((row) => row[5] === name)[3];

/** Where a function's first box is, in pixels of the canvas. */
const boxOf = (page, name) =>
  page.evaluate((wanted) => {
    const { stage } = document.querySelector(".flame-scroll");
    const { flame, layout, from, to, width, row, top, first } = stage.scene;
    const node = [...flame.source].findIndex((s, i) => i > 0 && flame.sources[s].name === wanted);
    const { x, y } = document.querySelector(".flame canvas").getBoundingClientRect();
    const middle = layout.x[node] + layout.w[node] / 2;
    return { x: x + ((middle - from) / (to - from)) * width, y: y + (layout.depth[node] - first + 0.5) * row - top };
  }, name);

const settled = (page) => page.waitForTimeout(250); // a zoom's motion

export const flameTests = {
  async "flame graph names the handler, sums a search, and zooms"({ page, url, profile }) {
    await page.goto(`${url}/ui/`);
    await page.waitForSelector(".flame canvas");
    assert.match(page.url(), /\/ui\/flamegraph$/);
    await nameIs(page, "root");
    await page.fill("#search", "leaky_handler");
    await page.waitForSelector("#flame-matched");
    const share = /\(([\d.]+)%\)/.exec(await page.textContent("#flame-matched"))[1];
    const wanted = topRows(profile).find((row) => row[5] === "leaky_handler")[4];
    // Both are rounded, to one and to two places.
    assert.ok(Math.abs(Number(share) - Number.parseFloat(wanted)) < 0.056, `${share} and ${wanted}`);
    assert.match(page.url(), /q=leaky_handler/);
    await page.fill("#search", "");
    await until(page, () => !document.querySelector("#flame-matched"));
    const at = await boxOf(page, "leaky_handler");
    await page.mouse.move(at.x, at.y);
    await nameIs(page, "leaky_handler");
    assert.match(await page.textContent("#flame-value"), /^self [\d.]+[kM]B │ [\d.]+[kM]B \(\d/);
    await page.mouse.click(at.x, at.y);
    await page.waitForSelector("text=Zoom out");
    await settled(page);
    const span = await page.evaluate(() => document.querySelector(".flame-scroll").stage.scene);
    assert.ok(span.to - span.from < 1);
    await page.waitForURL(/[?&]z=[0-9a-f]{8}/);
    await page.reload(); // the link shows the same boxes
    await until(page, (to) => Math.abs((document.querySelector(".flame-scroll")?.stage?.scene.to ?? 0) - to) < 1e-9, span.to);
    await page.locator(".flame-scroll").press("Escape");
    await until(page, () => document.querySelector(".flame-scroll").stage.scene.to === 1);
    await page.waitForURL((to) => !to.searchParams.has("z"));
  },

  async "keys walk through the flame graph, drags pan it"({ page, url }) {
    await page.goto(`${url}/ui/flamegraph`);
    const chart = page.locator(".flame-scroll");
    await chart.press("ArrowDown");
    await chart.press("ArrowDown");
    const first = await page.textContent("#flame-name");
    assert.notEqual(first, "root");
    await chart.press("ArrowUp");
    await chart.press("ArrowUp");
    await nameIs(page, "root");
    await chart.press("+");
    await chart.press("+");
    const before = await page.evaluate(() => document.querySelector(".flame-scroll").stage.scene.from);
    const { x, y } = await chart.boundingBox();
    await page.mouse.move(x + 400, y + 30);
    await page.mouse.down();
    await page.mouse.move(x + 300, y + 30, { steps: 4 });
    await page.mouse.up();
    const after = await page.evaluate(() => document.querySelector(".flame-scroll").stage.scene.from);
    assert.ok(after > before, `${before} -> ${after}`);
  },

  async "a pivot shows callers and callees with the report's total"({ page, url, profile }) {
    await page.goto(`${url}/ui/flamegraph`);
    await page.waitForSelector(".flame canvas");
    const at = await boxOf(page, "leaky_handler");
    await page.mouse.dblclick(at.x, at.y);
    await page.waitForURL(/[?&]p=/);
    await page.waitForSelector(".pivot");
    assert.equal(await page.locator(".flame canvas").count(), 2);
    await page.mouse.move(2, 2);
    await nameIs(page, "leaky_handler");
    assert.ok((await page.textContent("#flame-value")).includes(`│ ${cumOf(profile, "leaky_handler", "-unit=auto")} `));
    await page.goto(`${url}/ui/flamegraph?p=%5Eleaky_handler%24`);
    await page.waitForSelector(".pivot");
    const callers = page.locator(".flame-scroll").first();
    await callers.press("ArrowUp"); // they stand on their heads
    await callers.press("ArrowUp");
    await callers.press("Enter");
    await page.waitForURL(/[?&]z=x[0-9a-f]{8}/);
    await page.reload();
    await page.waitForSelector("text=Zoom out");
    await page.click("text=← All stacks");
    await until(page, () => document.querySelectorAll(".flame canvas").length === 1);
  },

  async "the menu of a box leads to other views and filters"({ page, url }) {
    await page.goto(`${url}/ui/flamegraph`);
    await page.waitForSelector(".flame canvas");
    const at = await boxOf(page, "leaky_handler");
    await page.mouse.click(at.x, at.y, { button: "right" });
    await page.click("role=menuitem[name=/^Source/]");
    await page.waitForURL(/\/ui\/source\?f=%5Eleaky_handler%24/);
  },

  async "look and colours are in the URL"({ page, url }) {
    await page.goto(`${url}/ui/flamegraph`);
    await page.click("text=Callers on top");
    await page.waitForURL(/up=t/);
    await page.selectOption(".choice:has-text('Colour') select", "file");
    await page.waitForURL(/color=file/);
    await page.reload();
    await until(page, () => document.querySelector(".flame-scroll")?.stage?.scene.up === true);
  },

  async "a difference keeps base and new apart"({ page, profile, before }) {
    const { url } = await serve(`-diff_base=${before}`, profile);
    await page.goto(`${url}/ui/flamegraph`);
    await page.waitForSelector(".flame canvas");
    const at = await boxOf(page, "leaky_handler");
    await page.mouse.move(at.x, at.y);
    await nameIs(page, "leaky_handler");
    const [old, now] = [before, profile].map((p) => cumOf(p, "leaky_handler", "-unit=auto"));
    const text = await page.textContent("#flame-value");
    assert.ok(text.startsWith(`base ${old} → new ${now} │ +`), text);
    for (const [color, width] of [["relative", "new"], ["change", "base"]]) {
      await page.selectOption(".choice:has-text('Colour') select", color);
      await page.selectOption(".choice:has-text('Width') select", width);
      await page.waitForURL(new RegExp(`color=${color}.*width=${width}`));
    }
    assert.equal(await page.locator(".scale").count(), 1);
  },

  async "the trees of a wide profile are small and whole"({ wide, page }) {
    const { url } = await serve(wide);
    const { size } = await ask(url, "/ui/api/flame", { headers: { "Accept-Encoding": "gzip" } });
    assert.ok(size < 2e6, `${size} bytes for 100,000 boxes`);
    await page.goto(`${url}/ui/flamegraph`);
    await page.waitForSelector(".flame canvas");
    const shown = await page.evaluate(() => {
      const { flame } = document.querySelector(".flame-scroll").stage.scene;
      return { total: flame.value[0], boxes: flame.value.length };
    });
    const total = report("-folded", wide).trim().split("\n").reduce((sum, line) => sum + Number(line.split(" ").pop()), 0);
    assert.equal(shown.total, total);
    assert.equal(shown.boxes, 100000);
  },

  async "a flame graph in a file needs no server"({ page, profile }) {
    const file = join(work, "flame.html");
    report("-flamegraph", `-output=${file}`, profile);
    await page.goto(`file://${file}`);
    await page.waitForSelector(".flame canvas");
    assert.match(await page.title(), /^leaky_server inuse_space$/);
    await page.fill("#search", "leaky_handler");
    await page.waitForSelector("#flame-matched");
    const box = await page.locator(".flame canvas").boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + 30);
    await page.waitForSelector("text=Zoom out");
  },
};
