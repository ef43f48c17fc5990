// Real profiles: a Go server's (data/go_server.go), the leaking server's, and one of many samples
// (PAGE_SAMPLES, 20,000 unless told). Names and numbers in the page are those of the text reports.
import assert from "node:assert/strict";
import { join } from "node:path";
import { ask, build, report, run, serve, topRows, until, work } from "./harness.mjs";

const SEARCHED = 5; // functions whose share is looked up in the flame graph

const exact = (name) => `^${name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;

async function topIsTheReport(page, url, profile) {
  const wanted = topRows(profile);
  const { rows } = JSON.parse((await ask(url, "/ui/api/top")).body);
  assert.deepEqual(rows.map(([name, , , , flat, cum, flatPercent, sumPercent, cumPercent]) =>
    [flat, flatPercent, sumPercent, cum, cumPercent, name]), wanted);
  await page.goto(`${url}/ui/top`);
  await page.waitForSelector(".top td.name");
  const shown = await page.$$eval(".top tbody tr:not(.space)", (all) => all.map((r) => [...r.children].slice(0, 6).map((c) => c.textContent)));
  assert.deepEqual(shown, wanted.slice(0, shown.length));
  return wanted;
}

/** A search in the flame graph sums what the table says of the function. */
async function flameSumsTheReport(page, url, rows) {
  const busiest = [...rows].sort((a, b) => parseFloat(b[4]) - parseFloat(a[4])).slice(0, SEARCHED);
  for (const [, , , , percent, name] of busiest) {
    await page.goto(`${url}/ui/flamegraph?q=${encodeURIComponent(exact(name))}`);
    await until(page, (want) => { // the last digit is rounded on both sides
      const share = /\(([\d.]+)%\)/.exec(document.querySelector("#flame-matched")?.textContent ?? "");
      return share && Math.abs(Number(share[1]) - want) <= 0.06;
    }, parseFloat(percent));
  }
}

async function graphHasTheReportsNodes(page, url, profile) {
  const wanted = report("-dot", profile).match(/^N\d+ \[.*?tooltip="(.*?) \(/gm).map((l) => /tooltip="(.*) \($/.exec(l)[1]);
  await page.goto(`${url}/ui/graph`);
  await page.waitForSelector(".callgraph svg .node");
  const shown = await page.$$eval(".callgraph svg .node", (all) => all
    .filter((n) => /^N\d+$/.test(n.querySelector("title").textContent))
    .map((n) => n.querySelector("a").getAttribute("xlink:title").replace(/ \([^()]*\)$/, "")));
  assert.deepEqual(shown.sort(), wanted.sort());
}

async function peekIsTheReport(page, url, profile, name) {
  await page.goto(`${url}/ui/peek?f=${encodeURIComponent(exact(name))}`);
  await until(page, () => document.querySelector(".report")?.textContent);
  const line = exact(name).replace(/\$$/, "( |$)"); // file and line stand behind the name
  assert.equal(await page.textContent(".report"), report(`-peek=${line}`, "-lines", `-focus=${line}`, profile));
}

async function allPages(page, profile) {
  const { url } = await serve(profile);
  const rows = await topIsTheReport(page, url, profile);
  await flameSumsTheReport(page, url, rows);
  await graphHasTheReportsNodes(page, url, profile);
  await peekIsTheReport(page, url, profile, rows[0][5]);
}

const data = (name) => new URL(`data/${name}`, import.meta.url).pathname;

export const realTests = {
  "a Go server's CPU profile is the same in the page as in the reports": ({ page }) => allPages(page, data("go_cpu.pb.gz")),
  "a Go server's heap profile is the same in the page as in the reports": ({ page }) => allPages(page, data("go_heap.pb.gz")),
  "the leaking server's profile is the same in the page as in the reports": ({ page, profile }) => allPages(page, profile),

  async "a profile of many samples is the same in the page as in the reports"({ page }) {
    const file = join(work, "many.pb.gz");
    run(join(build, "tests/gen_profile"), process.env.PAGE_SAMPLES ?? "20000", "plain", "1", file);
    const { url } = await serve(file);
    const rows = await topIsTheReport(page, url, file);
    await flameSumsTheReport(page, url, rows);
    const { size } = await ask(url, "/ui/api/flame", { headers: { "Accept-Encoding": "gzip" } });
    assert.ok(size < 2e6, `${size} bytes`);
  },
};
