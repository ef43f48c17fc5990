// Options, refinements, saved configurations, keys, colours, sizes of window.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve, settings, topRows, until, work } from "./harness.mjs";
import { wideProfile } from "./wide_profile.mjs";

const firstRow = (page, want) =>
  until(page, (name) => document.querySelector(".top td.name")?.textContent === name, want);

export const controlTests = {
  async "sample types and refinements change every view"({ page, url, profile }) {
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    await page.selectOption(".sample select", "alloc_objects");
    const first = topRows(profile, "-sample_index=alloc_objects")[0];
    await until(page, (want) => document.querySelector(".top td")?.textContent === want, first[0]);
    assert.match(page.url(), /si=alloc_objects/);
    await page.click(".top td.name >> nth=0");
    await page.click("text=Refine");
    await page.click("role=menuitem[name=/^Ignore/]");
    const ignored = topRows(profile, "-sample_index=alloc_objects", `-ignore=^${first[5]}$`);
    await firstRow(page, ignored[0]?.[5]);
    await page.click("nav >> text=Graph >> nth=1");
    await page.waitForURL(/\/ui\/graph\?.*i=/);
    await page.goBack();
    await page.waitForURL(/\/ui\/top/);
    await page.click(".chips button[aria-label='Remove ignore']");
    await page.waitForURL((to) => !to.searchParams.has("i"));
    await firstRow(page, first[5]);
  },

  async "every option is in the panel and in the URL"({ page, url, profile }) {
    await page.goto(`${url}/ui/top`);
    await page.waitForSelector(".top td.name");
    await page.keyboard.press("o");
    await page.waitForSelector(".options .field");
    const names = await page.$$eval(".options .field label", (all) => all.map((l) => l.textContent));
    for (const name of ["focus", "tagfocus", "tagignore", "tagroot", "unit", "nodecount", "granularity", "noinlines", "divide by"])
      assert.ok(names.includes(name), name);
    await page.selectOption("#option-granularity", "files");
    await page.waitForURL(/g=files/);
    await firstRow(page, topRows(profile, "-files")[0][5]);
    await page.fill("#option-nodecount", "3");
    await page.press("#option-nodecount", "Enter");
    await page.waitForURL(/n=3/);
    await until(page, () => document.querySelectorAll(".top td.name").length === 3);
    await page.check("#option-noinlines");
    await page.waitForURL(/noinlines=t/);
    await page.fill("#option-unit", "B");
    await page.press("#option-unit", "Enter");
    const bytes = topRows(profile, "-files", "-noinlines", "-unit=B")[0][0];
    await until(page, (want) => document.querySelector(".top td")?.textContent === want, bytes);
    await page.click(".options >> text=Reset all");
    await page.waitForURL((to) => to.search === "");
  },

  async "what the command line filters is shown, and can be taken away"({ page }) {
    const profile = new URL("data/go_cpu.pb.gz", import.meta.url).pathname;
    const filters = ["-focus=^main.handle$", "-hide=runtime"];
    const { url } = await serve(...filters, profile);
    const [all, focused] = [topRows(profile, filters[1]), topRows(profile, ...filters)];
    const rows = (n) => until(page, (want) => document.querySelector(".top table")?.ariaRowCount === String(want + 1), n);
    assert.notEqual(all.length, focused.length);
    await page.goto(`${url}/ui/top`);
    await rows(focused.length);
    assert.deepEqual(await page.locator(".chips b").allTextContents(), ["focus", "hide"]);
    await page.click(".chips button[aria-label='Remove focus']");
    await page.waitForURL((to) => to.searchParams.get("f") === "");
    await rows(all.length);
    await page.keyboard.press("o");
    await page.waitForSelector("#option-focus");
    assert.equal(await page.inputValue("#option-focus"), "");
    await page.fill("#option-hide", "");
    await page.press("#option-hide", "Enter");
    await rows(topRows(profile).length);
    await page.click(".options >> text=Reset all");
    await rows(focused.length);
  },

  async "a bad pattern is told, and so is one that matches nothing"({ page, url }) {
    await page.goto(`${url}/ui/top?f=(`);
    await page.waitForSelector("[role=alert]");
    assert.match(await page.textContent("[role=alert]"), /missing closing \)/);
    await page.goto(`${url}/ui/top?f=nosuchfunction`);
    await until(page, () => /matched no samples/.test(document.querySelector(".warning")?.textContent ?? ""));
  },

  async "configurations are saved in google/pprof's file, used and deleted"({ page, url }) {
    await page.goto(`${url}/ui/top?n=7&f=leaky`);
    await page.waitForSelector(".top td.name");
    await page.click("button:has-text('Config')");
    await page.fill("[aria-label='Name to save the options under']", "mine");
    await page.click("text=Save >> nth=-1");
    await page.waitForSelector(".config >> text=mine");
    const [saved] = JSON.parse(readFileSync(settings, "utf8")).configs;
    assert.deepEqual([saved.name, saved.nodecount, saved.focus], ["mine", 7, "leaky"]);
    await page.goto(`${url}/ui/top?h=start_thread`);
    await page.click("button:has-text('Config')");
    await page.click(".config >> text=mine");
    await page.waitForURL((to) => to.searchParams.get("n") === "7" && to.searchParams.get("f") === "leaky" && !to.searchParams.has("h"));
    await page.click("button:has-text('Config')");
    await page.click("[aria-label='Delete mine']");
    await until(page, () => !document.querySelector(".config"));
    assert.deepEqual(JSON.parse(readFileSync(settings, "utf8")).configs, []);
  },

  async "keys change views and open the help"({ page, url }) {
    await page.goto(`${url}/ui/flamegraph?h=start_thread`);
    await page.waitForSelector(".flame canvas");
    for (const [key, view] of [["2", "graph"], ["3", "top"], ["4", "peek"], ["5", "source"], ["6", "disasm"], ["7", "timeline"], ["1", "flamegraph"]]) {
      await page.keyboard.press(key);
      await page.waitForURL((to) => to.pathname === `/ui/${view}` && to.searchParams.get("h") === "start_thread");
    }
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    await until(page, () => !document.querySelector("dialog[open]"));
  },

  async "light and dark follow the system or the person"({ page, url }) {
    const brightness = () => page.evaluate(() => {
      const canvas = document.querySelector(".flame canvas");
      const [r, g, b] = canvas.getContext("2d").getImageData(canvas.width - 3, canvas.height - 3, 1, 1).data;
      const ground = getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g).map(Number);
      return { canvas: r + g + b, page: ground[0] + ground[1] + ground[2] };
    });
    const expect = (dark) => until(page, (d) => {
      const canvas = document.querySelector(".flame canvas");
      const [r, g, b, a] = canvas.getContext("2d").getImageData(canvas.width - 3, canvas.height - 3, 1, 1).data;
      return a > 0 && (r + g + b < 200) === d;
    }, dark);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(`${url}/ui/flamegraph`);
    await page.waitForSelector(".flame canvas");
    await expect(true);
    const { canvas, page: ground } = await brightness();
    assert.equal(canvas, ground, "the canvas stands on the page's own colour");
    await page.emulateMedia({ colorScheme: "light" });
    await expect(false);
    await page.click("[aria-label^='Colours: auto']");
    await expect(true);
    await page.reload();
    await page.waitForSelector(".flame canvas");
    await expect(true);
    await page.click("[aria-label^='Colours: dark']");
    await page.click("[aria-label^='Colours: light']");
    await expect(false);
  },

  async "views fit windows from 360 px to 4K"({ page, url }) {
    const ready = { flamegraph: ".flame canvas", graph: ".callgraph svg", top: ".top td.name", peek: ".peek", source: "tr.hot", disasm: "tr.asm", timeline: ".timeline .note" };
    for (const [width, height] of [[360, 640], [3840, 2160]]) {
      await page.setViewportSize({ width, height });
      for (const [view, selector] of Object.entries(ready)) {
        await page.goto(`${url}/ui/${view}?f=leaky_handler`);
        await page.waitForSelector(selector);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${view} is ${over} px wider than the window of ${width}`);
        const shown = await page.evaluate(() => {
          const [row, link] = ["nav", "nav [aria-current]"].map((s) => document.querySelector(s).getBoundingClientRect());
          return link.left >= row.left - 1 && link.right <= row.right + 1;
        });
        assert.ok(shown, `${view} is not in sight among the views`);
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  },

  async "a view that has nothing to show says why"({ page, wide, url }) {
    const { url: nothing } = await serve(wide);
    await page.goto(`${nothing}/ui/disasm`);
    await page.waitForSelector("[role=alert]");
    assert.match(await page.textContent(".note"), /PPROF_BINARY_PATH/);
    await page.goto(`${url}/ui/timeline`);
    await page.waitForSelector(".note");
    assert.match(await page.textContent(".note"), /no course of time/);
    assert.equal(await page.locator(".timeline-chart").count(), 0);
    const empty = join(work, "empty.pb.gz");
    writeFileSync(empty, wideProfile({ stacks: 0 }));
    const { url: none } = await serve(empty);
    for (const view of ["flamegraph", "top", "peek", "source"]) {
      await page.goto(`${none}/ui/${view}`);
      await page.waitForSelector(".empty");
      assert.match(await page.textContent(".empty"), /^The profile has no samples/);
    }
    await page.goto(`${url}/ui/flamegraph?f=nosuchfunction`);
    await page.waitForSelector(".empty");
    assert.match(await page.textContent(".empty"), /^The filters leave no samples/);
    for (const view of ["flamegraph", "graph", "top", "peek"]) {
      await page.goto(`${url}/ui/${view}?f=nosuchfunction`);
      const told = view === "peek" ? "[role=alert]" : ".warning";
      await until(page, (s) => /matched no samples|no matches found/.test(document.querySelector(s)?.textContent ?? ""), told);
    }
  },

  async "controls have names for screen readers"({ page, url }) {
    for (const view of ["flamegraph", "graph", "top", "timeline"]) {
      await page.goto(`${url}/ui/${view}`);
      await page.waitForSelector("nav");
      await page.keyboard.press("o");
      await page.waitForSelector(".options .field");
      const nameless = await page.$$eval("button, select, input, a[href], [tabindex='0']", (all) =>
        all.filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80)));
      assert.deepEqual(nameless, []);
    }
  },
};
