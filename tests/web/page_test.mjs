// Drives the page of `pprof -http` in a real Chromium over a live server's heap profile, and
// compares what it shows with the text reports of the same profile.
//
//   node page_test.mjs BUILD_FOLDER [SCREENSHOT_FOLDER]
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const build = resolve(process.argv[2]);
const shots = process.argv[3];
const { chromium } = createRequire(join(build, "ui/package.json"))("playwright-core");
const work = mkdtempSync(join(tmpdir(), "pprof-web-"));
const pprof = join(build, "bin/pprof");
const env = { ...process.env, PPROF_TMPDIR: work, HOME: work, TZ: "UTC", PPROF_HEAP_RATE: "1024" };
const children = [];

/** Starts a program and resolves with the first match of `ready` in its output. */
function start(command, args, stream, ready) {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = "";
    child[stream].on("data", (data) => {
      text += data;
      const found = ready.exec(text);
      if (found) resolve(found[1]);
    });
    child.on("exit", (code) => reject(new Error(`${command} ended with ${code}: ${text}`)));
  });
}

const report = (...args) => execFileSync(pprof, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/** Rows of `pprof -top`: [flat, flat%, sum%, cum, cum%, name]. */
function topRows(profile, ...flags) {
  const lines = report("-top", "-nodecount=100000", ...flags, profile).split("\n");
  const from = lines.findIndex((l) => /^\s+flat\s+flat%/.test(l)) + 1;
  return lines.slice(from).filter(Boolean).map((l) => {
    const f = l.trim().split(/\s+/);
    return [...f.slice(0, 5), f.slice(5).join(" ").replace(/ \((partial-)?inline\)$/, "")];
  });
}

function status(port, headers, method = "GET", path = "/ui/top") {
  return new Promise((resolve, reject) => {
    const r = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    r.on("error", reject);
    r.end();
  });
}

/** Waits until fn holds in the page. (waitForFunction would need eval, which the page's policy forbids.) */
async function until(page, fn, argument) {
  for (let i = 0; i < 300; i++) {
    if (await page.evaluate(fn, argument)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`never true: ${fn}`);
}

const tests = {
  async "flame graph names the handler and zooms"({ page, url }) {
    await page.goto(`${url}/ui/`);
    await page.waitForSelector(".flame canvas");
    assert.match(page.url(), /\/ui\/flamegraph$/);
    assert.equal(await page.textContent("#flame-name"), "root");
    await page.fill("input[type=search]", "leaky_handler");
    await until(page, () => /matched .*\(\d/.test(document.querySelector("#flame-value").textContent));
    const matched = /\(([\d.]+)%\)/.exec(await page.textContent("#flame-value"))[1];
    assert.ok(Number(matched) > 50, `leaky_handler holds ${matched} % of the memory`);
    await page.fill("input[type=search]", "");
    const box = await page.locator(".flame canvas").boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + 30); // second row
    await page.waitForSelector("text=Zoom out");
    const name = await page.textContent("#flame-name");
    assert.notEqual(name, "root");
    await page.mouse.move(2, 2);
    await page.locator(".flame-scroll").press("Escape");
    await until(page, () => document.querySelector("#flame-name").textContent === "root");
    await page.goto(`${url}/ui/flamegraph?p=%5Eleaky_handler%24`);
    await until(page, () => document.querySelector("#flame-name")?.textContent === "leaky_handler");
  },

  async "top shows the rows of the text report"({ page, url, profile }) {
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    const shown = await page.$$eval(".top tbody tr:not(.space)", (rows) =>
      rows.map((r) => [...r.children].slice(0, 6).map((c) => c.textContent)));
    assert.deepEqual(shown, topRows(profile).slice(0, shown.length));
    assert.equal(shown[0][5], "leaky_handler");
    await page.click("text=Name");
    await page.waitForSelector('th[aria-sort="ascending"]');
    const names = await page.$$eval(".top td.name", (cells) => cells.map((c) => c.textContent));
    assert.deepEqual(names, [...names].sort());
  },

  async "sample types and refinements change every view"({ page, url, profile }) {
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    await page.selectOption(".sample select", "alloc_objects");
    const first = topRows(profile, "-sample_index=alloc_objects")[0];
    await until(page, (want) => document.querySelector(".top td")?.textContent === want, first[0]);
    assert.match(page.url(), /si=alloc_objects/);
    await page.click(".top td.name >> nth=0");
    await page.click("text=Refine");
    await page.click("role=menuitem[name=Ignore]");
    const ignored = topRows(profile, "-sample_index=alloc_objects", `-ignore=^${first[5]}$`);
    await until(page, (want) => document.querySelector(".top td.name")?.textContent === want, ignored[0]?.[5]);
    await page.click("nav >> text=Graph >> nth=0");
    await page.waitForURL(/\/ui\/graph\?.*i=/);
    await page.goBack();
    await page.waitForURL(/\/ui\/top/);
  },

  async "graph draws the nodes of the dot report without Graphviz"({ page, url, profile }) {
    await page.goto(`${url}/ui/graph`);
    await page.waitForSelector(".graph svg .node");
    const wanted = (report("-dot", profile).match(/^N\d+ \[/gm) ?? []).length;
    const nodes = await page.$$eval(".graph svg .node > title", (all) => all.map((n) => n.textContent));
    assert.equal(nodes.filter((n) => /^N\d+$/.test(n)).length, wanted);
    const font = await page.$$eval(".graph svg .node", (all) => {
      const size = (n) => Number(n.querySelector("text").getAttribute("font-size"));
      const real = all.filter((n) => /^N\d+$/.test(n.querySelector("title").textContent));
      return real.sort((a, b) => size(b) - size(a))[0].textContent;
    });
    assert.match(font, /leaky_handler/, "the handler is the biggest box");
    const at = await page.$$eval(".graph svg .node", (all) => {
      const box = all.find((n) => /^N\d+$/.test(n.querySelector("title").textContent) && /leaky/.test(n.textContent))
        .getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    });
    await page.mouse.click(at.x, at.y);
    await until(page, () => document.querySelectorAll(".graph .node.selected").length === 1);
    await page.click("nav >> text=Source");
    await page.waitForURL(/\/ui\/source\?f=/);
    await until(page, () => /calloc\(1, sizeof \*entry\)/.test(document.querySelector(".report").textContent));
  },

  async "peek equals the text report; a bad pattern is told"({ page, url, profile }) {
    await page.goto(`${url}/ui/peek?f=leaky_handler`);
    await until(page, () => /leaky_handler/.test(document.querySelector(".report")?.textContent ?? ""));
    const shown = await page.textContent(".report");
    assert.equal(shown, report("-peek=leaky_handler", "-lines", "-focus=leaky_handler", profile));
    await page.goto(`${url}/ui/top?f=(`);
    await page.waitForSelector("[role=alert]");
    assert.match(await page.textContent("[role=alert]"), /missing closing \)/);
  },

  async "a flame graph in a file needs no server"({ page, profile }) {
    const file = join(work, "flame.html");
    report("-flamegraph", `-output=${file}`, profile);
    await page.goto(`file://${file}`);
    await page.waitForSelector(".flame canvas");
    assert.match(await page.title(), /^leaky_server inuse_space$/);
    await page.fill("input[type=search]", "leaky_handler");
    await until(page, () => /matched .*\(\d/.test(document.querySelector("#flame-value").textContent));
    const box = await page.locator(".flame canvas").boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + 30);
    await page.waitForSelector("text=Zoom out");
    if (shots) await page.screenshot({ path: join(shots, "flame-file.png") });
  },

  async "narrow window, dark mode and keyboard work"({ page, url }) {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 360, height: 640 });
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} px wider than the window`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Graph");
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 800 });
  },

  async "only own names are answered and nothing is changed by other methods"({ url }) {
    const port = new URL(url).port;
    assert.equal(await status(port, { Host: `localhost:${port}` }), 200);
    assert.equal(await status(port, { Host: "evil.example" }), 403);
    assert.equal(await status(port, {}, "DELETE"), 405);
    assert.equal(await status(port, {}, "GET", "/ui/nosuch"), 404);
    assert.equal(await status(port, {}, "GET", "/elsewhere"), 307);
  },
};

async function screenshots(page, url) {
  for (const view of ["flamegraph", "graph", "top"]) {
    await page.goto(`${url}/ui/${view}`);
    await page.waitForSelector(view === "flamegraph" ? ".flame canvas" : view === "graph" ? ".graph svg" : ".top td.name");
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(shots, `${view}.png`) });
  }
}

async function main() {
  if (!existsSync("/usr/bin/chromium")) {
    console.log("skipped: no Chromium on this machine");
    return 77;
  }
  const server = await start(join(build, "examples/leaky_server"), ["0"], "stdout", /listening on (http:\S+)\//);
  execFileSync(join(build, "examples/load_client"), [`${server}/process`, "5000", "2"], { env });
  const profile = join(work, "heap.pb.gz");
  report("-proto", `-output=${profile}`, `${server}/debug/pprof/heap`);
  const url = await start(pprof, ["-http=127.0.0.1:0", "-no_browser", profile], "stderr", /Serving web UI on (http:\S+)/);
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const troubles = [];
  page.on("pageerror", (e) => troubles.push(e.message));
  page.on("request", (r) => {
    const to = new URL(r.url());
    if (to.protocol !== "data:" && !r.url().startsWith(`file://${work}/`) && to.host !== new URL(url).host) troubles.push(`request to ${r.url()}`);
  });
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test({ page, url, profile });
      assert.deepEqual(troubles, []);
      console.log(`ok   ${name}`);
    } catch (e) {
      failed++;
      console.log(`FAIL ${name}\n${e.stack}`);
      if (shots) await page.screenshot({ path: join(shots, `failed-${failed}.png`) });
    }
  }
  if (shots) await screenshots(page, url);
  await browser.close();
  return failed ? 1 : 0;
}

let code = 1;
try {
  code = await main();
} catch (e) {
  console.log(e.stack);
} finally {
  for (const child of children) child.kill();
  rmSync(work, { recursive: true, force: true });
}
process.exit(code);
