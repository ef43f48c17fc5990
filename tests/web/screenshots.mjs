// Pictures of every page, for the documentation and to be looked at.
import { join } from "node:path";
import { report, serve, shots } from "./harness.mjs";

const ready = { flamegraph: ".flame canvas", graph: ".callgraph svg", top: ".top td.name", source: "tr.hot", disasm: "tr.asm" };

async function shoot(page, url, name, path, act = async () => {}) {
  await page.goto(url + path);
  await page.waitForSelector(ready[/\/ui\/(\w+)/.exec(path)[1]]);
  await act();
  await page.mouse.move(2, 2);
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

export async function screenshots({ page, url, profile, before, rich }) {
  await page.setViewportSize({ width: 1280, height: 800 });
  await shoot(page, url, "graph", "/ui/graph");
  await shoot(page, url, "top", "/ui/top");
  await shoot(page, url, "source", "/ui/source?f=%5Eleaky_handler%24", () => page.click("tr.line.hot td.no button"));
  await shoot(page, url, "disassembly", "/ui/disasm?f=%5Eleaky_handler%24");
  const compared = await serve(`-diff_base=${before}`, profile);
  await shoot(page, compared.url, "diff", "/ui/flamegraph");
  const many = rich ? await serve(rich) : { url };
  const path = rich ? "/ui/flamegraph?si=alloc_space" : "/ui/flamegraph";
  await shoot(page, many.url, "flamegraph", path);
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot(page, many.url, "dark", path);
  await page.emulateMedia({ colorScheme: "light" });
  const heavy = rich
    ? report("-top", "-cum", "-sample_index=alloc_space", "-nodecount=40", rich).split("\n").map((l) => l.trim().split(/\s+/)[5]).find((n) => /^profile_|^graph_|^report_/.test(n ?? ""))
    : "leaky_handler";
  await shoot(page, many.url, "sandwich", `${path}${path.includes("?") ? "&" : "?"}p=%5E${heavy}%24`);
}
