// The call graph: nodes of the DOT report, sliders, picking, focus.
import assert from "node:assert/strict";
import { report, serve, until } from "./harness.mjs";

const nodesOf = (profile, ...flags) => (report("-dot", ...flags, profile).match(/^N\d+ \[/gm) ?? []).length;

const realNodes = (page) =>
  page.$$eval(".callgraph svg .node > title", (all) => all.filter((n) => /^N\d+$/.test(n.textContent)).length);

/** The middle of a node on the screen. */
const nodeAt = (page, pattern) =>
  page.$$eval(".callgraph svg .node", (all, text) => {
    const found = all.find((n) => /^N\d+$/.test(n.querySelector("title").textContent) && n.textContent.includes(text));
    const box = found.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }, pattern);

export const graphTests = {
  async "graph draws the nodes of the dot report without Graphviz"({ page, url, profile }) {
    await page.goto(`${url}/ui/graph`);
    await page.waitForSelector(".callgraph svg .node");
    assert.equal(await realNodes(page), nodesOf(profile));
    const biggest = await page.$$eval(".callgraph svg .node", (all) => {
      const size = (n) => Number(n.querySelector("text").getAttribute("font-size"));
      const real = all.filter((n) => /^N\d+$/.test(n.querySelector("title").textContent));
      return real.sort((a, b) => size(b) - size(a))[0].textContent;
    });
    assert.match(biggest, /leaky_handler/, "the handler is the biggest box");
    const letters = () => page.$$eval(".callgraph svg .node text", (all) => Math.max(...all.map((t) => t.getBoundingClientRect().height)));
    await page.setViewportSize({ width: 360, height: 400 });
    await page.reload();
    await page.waitForSelector(".callgraph svg .node");
    await until(page, () => document.querySelector(".graph-svg").style.transform.includes("scale(0.75)"));
    assert.ok((await letters()) > 8, "what does not fit is begun in letters that can be read");
    await page.click("text=Fit");
    await until(page, () => !document.querySelector(".graph-svg").style.transform.includes("scale(0.75)"));
    await page.setViewportSize({ width: 1280, height: 800 });
  },

  async "a click picks a function, links and focus follow"({ page, url, profile }) {
    await page.goto(`${url}/ui/graph`);
    await page.waitForSelector(".callgraph svg .node");
    const at = await nodeAt(page, "leaky");
    await page.mouse.click(at.x, at.y);
    await until(page, () => document.querySelectorAll(".callgraph .node.selected").length === 1);
    assert.match(await page.getAttribute("nav >> text=Source", "href"), /f=%5Eleaky_handler%24/);
    await page.click(".bar >> text=Focus");
    await page.waitForURL(/f=%5Eleaky_handler%24/);
    await until(page, (n) => [...document.querySelectorAll(".callgraph svg .node > title")]
      .filter((t) => /^N\d+$/.test(t.textContent)).length === n, nodesOf(profile, "-focus=^leaky_handler$"));
  },

  async "sliders set the number of nodes while they move"({ page, wide }) {
    const { url } = await serve(wide);
    await page.goto(`${url}/ui/graph?n=20`);
    await page.waitForSelector(".callgraph svg .node");
    await page.locator(".slider:has-text('Nodes') input").fill("1"); // the second step: 10
    await page.waitForURL(/n=10/);
    await until(page, (n) => [...document.querySelectorAll(".callgraph svg .node > title")]
      .filter((t) => /^N\d+$/.test(t.textContent)).length === n, nodesOf(wide, "-nodecount=10"));
  },
};
