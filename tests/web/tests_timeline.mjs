// The course of time: a directory of profiles, a running program, ranges, restarts.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, build, report, run, runBeside, serve, start, until, work } from "./harness.mjs";

const MOMENTS = 6;

const apiOf = async (url) => JSON.parse((await ask(url, "/ui/api/timeline")).body);

const totalOf = (profile, ...flags) =>
  Number(/of (\d+)B total/.exec(report("-top", "-unit=B", "-nodecount=1", ...flags, profile))?.[1]);

/** A directory with what a leaking server held after each of some rounds of requests. */
async function series(name, server) {
  const folder = join(work, name);
  mkdirSync(folder);
  for (let i = 1; i <= MOMENTS; i++) {
    run(join(build, "examples/load_client"), `${server}/process`, "400", "2");
    report("-proto", `-output=${join(folder, `heap.${i + 8}.pb.gz`)}`, `${server}/debug/pprof/heap`);
  }
  writeFileSync(join(folder, "notes.txt"), "not a profile");
  return folder;
}

const leaky = () => start(join(build, "examples/leaky_server"), ["0"], "stdout", /listening on (http:\S+)\//);

const ttl = () => start(join(build, "examples/ttl_server"), ["0", "1", "1"], "stdout", /listening on (http:\S+)\//);

/** What is written on the chart, with where: [text, x]. */
function recordTexts() {
  window.drawn = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, ...rest) {
    window.drawn.push([text, x]);
    return fillText.call(this, text, x, ...rest);
  };
}

let made = null;
const once = async () => (made ??= await series("series", (await leaky()).url));

/** The flame graph's root: "base X → new Y │ …" or "self … │ Y (…". */
const figures = (page, pattern) => until(page, (p) => new RegExp(p).test(document.querySelector("#flame-value")?.textContent ?? ""), pattern);

export const timelineTests = {
  async "a directory is a course of time with the totals of its profiles"({ page }) {
    const folder = await once();
    const { url } = await serve(folder);
    const data = await apiOf(url);
    const files = Array.from({ length: MOMENTS }, (_, i) => join(folder, `heap.${i + 9}.pb.gz`));
    assert.deepEqual(data.moments.map((m) => m.total), files.map((f) => totalOf(f)));
    assert.equal(data.live, false);
    await page.goto(`${url}/ui/timeline`);
    await page.waitForSelector(".timeline-chart canvas");
    await page.waitForSelector(".verdict-line b");
    const drawn = await page.evaluate(() => document.querySelector(".timeline-chart").plot.data.map((c) => [...c]));
    assert.ok(drawn.some((curve) => JSON.stringify(curve) === JSON.stringify(data.moments.map((m) => m.total))));
    assert.match(await page.textContent(".sites"), /leaky_handler leaky_server\.c/);
    await page.goto(`${url}/ui/top`); // the other pages show the newest
    const newest = report("-top", files[MOMENTS - 1]).split("\n").find((l) => l.includes("leaky_handler")).trim().split(/\s+/)[0];
    await until(page, (want) => document.querySelector(".top td")?.textContent === want, newest);
  },

  async "a range shows its end and the difference of its ends"({ page }) {
    const folder = await once();
    const { url } = await serve(folder);
    const [first, last] = [9, 8 + MOMENTS].map((i) => join(folder, `heap.${i}.pb.gz`));
    await page.goto(`${url}/ui/timeline`);
    const chart = page.locator(".timeline-keys");
    await page.waitForSelector(".timeline-chart canvas");
    await chart.press("End");
    await page.waitForURL(new RegExp(`to=t${MOMENTS}$`));
    const value = (p) => report("-top", "-unit=auto", "-nodecount=1", p).match(/of ([\d.]+[kMG]?B) total/)[1];
    await figures(page, `│ ${value(last)} \\(100`);
    for (let i = 1; i < MOMENTS; i++) await chart.press("Shift+ArrowLeft");
    await page.waitForURL(/from=t1(&|$)/);
    await figures(page, `^base ${value(first)} → new ${value(last)} `);
    assert.match(await page.textContent("#range"), /: \+/);
    await page.click("text=At its end");
    await figures(page, `│ ${value(last)} \\(100`);
    await chart.press("Escape");
    await until(page, () => !document.querySelector("#range"));
    const over = await page.locator(".u-over").boundingBox();
    await page.mouse.move(over.x + 3, over.y + 40);
    await page.mouse.down();
    await page.mouse.move(over.x + over.width - 3, over.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(new RegExp(`from=t1&to=t${MOMENTS}`));
    await figures(page, `^base ${value(first)} → new ${value(last)} `);
    await page.click("nav >> text=Flame Graph");
    await page.waitForURL(/\/ui\/flamegraph/);
  },

  async "a program that was started anew is marked, and judged from then on"({ browser }) {
    const before = await once();
    await new Promise((done) => setTimeout(done, 3000)); // two starts this close may be one
    const again = { restart: (await leaky()).url, "new build": (await ttl()).url };
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.addInitScript(recordTexts);
    for (const [mark, server] of Object.entries(again)) {
      const folder = join(work, mark);
      mkdirSync(folder);
      for (let i = 1; i <= 3; i++) copyFileSync(join(before, `heap.${i + 8}.pb.gz`), join(folder, `heap.${i}.pb.gz`));
      for (let i = 4; i <= 5; i++) {
        run(join(build, "examples/load_client"), `${server}/process`, "50", "2");
        report("-proto", `-output=${join(folder, `heap.${i}.pb.gz`)}`, `${server}/debug/pprof/heap`);
      }
      const { url } = await serve(folder);
      const data = await apiOf(url);
      assert.equal(data.restarts.length, 1);
      assert.deepEqual(data.deploys, mark === "restart" ? [] : data.restarts);
      assert.deepEqual([data.past.length, data.moments.length], [3, 2]);
      assert.equal(data.restarts[0], data.moments[0].time);
      assert.ok(data.past.every((m) => m.time < data.restarts[0]));
      // The mark is drawn where the new run begins, and nothing else is.
      await page.goto(`${url}/ui/timeline`);
      await until(page, () => window.drawn.some(([text]) => text === "restart" || text === "new build"));
      const [marks, at] = await page.evaluate((ms) => [
        window.drawn.filter(([text]) => text === "restart" || text === "new build"),
        document.querySelector(".timeline-chart").plot.valToPos(ms / 1000, "x", true),
      ], data.restarts[0]);
      assert.ok(marks.every(([text]) => text === mark), JSON.stringify(marks));
      const [, x] = marks[marks.length - 1];
      assert.ok(x >= at && x < at + 12, `${x} is not beside ${at}`);
    }
    await page.close();
  },

  async "a running program is sampled while the page is open, and only then"({ page, live, load }) {
    const { url } = await serve(live);
    assert.deepEqual((await apiOf(url)).moments, []);
    assert.equal((await ask(url, "/ui/sample")).status, 405);
    assert.equal((await ask(url, "/ui/sample", { method: "POST" })).status, 403);
    assert.deepEqual((await apiOf(url)).moments, []);
    await page.goto(`${url}/ui/timeline`);
    await page.waitForSelector(".timeline-chart canvas");
    for (let i = 0; i < 4; i++) {
      load(200);
      await until(page, (n) => document.querySelector(".timeline-chart").plot.data[0].length > n, i + 1);
    }
    await page.waitForSelector(".verdict-line b");
    const { moments, report: verdict } = await apiOf(url);
    assert.ok(moments.length >= 4);
    assert.ok(moments[moments.length - 1].total > moments[0].total);
    assert.ok(moments.every((m) => m.memory > 0), "the server says how much memory it has");
    assert.equal([...verdict.suspects, ...verdict.not_leaks][0].function, "leaky_handler");
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    const { length } = (await apiOf(url)).moments;
    await page.waitForTimeout(2500);
    assert.equal((await apiOf(url)).moments.length, length);
  },

  async "what holds a leak is beside it"({ page }) {
    const { url: server } = await leaky();
    runBeside(join(build, "examples/load_client"), `${server}/process`, "1000000", "1", "400");
    const { url } = await serve(`${server}/debug/pprof/heap`);
    await page.goto(`${url}/ui/timeline`);
    await until(page, () => [...document.querySelectorAll(".suspect .chain summary")].some((s) => /^Held by: \d+ of \d+ samples$/.test(s.textContent)));
    const [held] = await page.locator(".suspect .chain").evaluateAll((chains) =>
      chains.filter((c) => c.textContent.startsWith("Held by")).map((c) => [...c.querySelectorAll("li")].map((li) => li.textContent)));
    assert.match(held[0], /^global cache \(table\.c:\d+\)$/);
    assert.ok(held.length > 1, "and the way from there");
    const [suspect] = (await apiOf(url)).report.suspects;
    assert.equal(suspect.function, "leaky_handler");
    assert.ok(suspect.holder_samples >= 0.9 * suspect.held_samples);
    // It stands still for that: once, for all that was sampled since.
    const self = String((await ask(server, "/debug/pprof/self")).body);
    assert.match(self, /^retain_snapshots 1\t/m);
  },

  async "what is no heap profile has a course of time and no verdict"({ page, wide }) {
    const { url } = await serve(wide, wide);
    await page.goto(`${url}/ui/timeline`);
    await page.waitForSelector(".timeline-chart canvas");
    assert.match(await page.textContent(".verdict-line"), /not a heap profile/);
    assert.equal((await apiOf(url)).report, null);
  },
};
