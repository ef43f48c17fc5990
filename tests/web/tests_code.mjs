// Source, disassembly and peek.
import assert from "node:assert/strict";
import { report, serve, until } from "./harness.mjs";

export const codeTests = {
  async "source shows values by line and opens a line's assembly"({ page, url, profile }) {
    await page.goto(`${url}/ui/source?f=%5Eleaky_handler%24`);
    await page.waitForSelector("tr.line.hot");
    assert.match(await page.textContent("tr.line.hot td.code"), /calloc\(1, sizeof \*entry\)/);
    const listed = report("-list=^leaky_handler$", "-unit=auto", profile).split("\n").find((l) => l.includes("calloc(1"));
    const [flat, cum, number] = listed.trim().split(/\s+/);
    const cells = await page.$$eval("tr.line.hot td", (all) => all.map((c) => c.textContent));
    assert.equal(cells[2], number.replace(":", ""));
    assert.ok(cells[0] && cells[0] === cells[1], `${cells}`);
    assert.equal(flat, cum);
    assert.equal(await page.locator("tr.asm").count(), 0);
    await page.click("tr.line.hot td.no button");
    await page.waitForSelector("tr.asm");
    assert.ok((await page.$$eval("tr.asm", (rows) => rows.map((r) => r.textContent))).some((t) => /call.*calloc/.test(t)));
    assert.equal(await page.getAttribute("tr.line.hot td.no button", "aria-expanded"), "true");
    assert.ok(await page.locator(".t-keyword").count());
  },

  async "without source the lines of the profile are shown"({ page, wide }) {
    const { url } = await serve(wide);
    await page.goto(`${url}/ui/source?f=function_1%24`);
    await page.waitForSelector(".code-section");
    assert.match(await page.textContent(".code-section .warning"), /No source: could not find file nowhere\/nothing\.c/);
    assert.equal(await page.textContent("tr.line.hot td.no"), "1");
  },

  async "disassembly has the rows of the text report"({ page, url, profile }) {
    await page.goto(`${url}/ui/disasm?f=%5Eleaky_handler%24`);
    await page.waitForSelector("tr.asm.hot");
    const wanted = report("-disasm=^leaky_handler$", profile).match(/^.{22} +([0-9a-f]+): /gm).map((l) => l.trim().split(/\s+/)[2].slice(0, -1));
    const shown = await page.$$eval("tr.asm td.no", (cells) => cells.map((c) => c.textContent).filter(Boolean));
    assert.deepEqual(shown, wanted);
    assert.match(await page.textContent("tr.asm.hot"), /call.*calloc/);
    assert.ok(await page.locator("tr.asm.hot td.flat i").count(), "the hot instruction has a bar");
  },

  async "peek equals the text report and links to other functions"({ page, url, profile }) {
    await page.goto(`${url}/ui/peek?f=leaky_handler`);
    await until(page, () => /leaky_handler/.test(document.querySelector(".report")?.textContent ?? ""));
    const shown = await page.textContent(".report");
    assert.equal(shown, report("-peek=leaky_handler", "-lines", "-focus=leaky_handler", profile));
    await page.click(".peek .own a");
    await page.waitForURL(/f=%5Eleaky_handler%24/);
    await until(page, () => /leaky_handler/.test(document.querySelector(".peek .own")?.textContent ?? ""));
    assert.equal(await page.locator("[role=alert]").count(), 0);
  },
};
