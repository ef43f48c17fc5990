// Pictures of every page, for the documentation and to be looked at.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, pprof, run, runBeside, serve, shots, start, work } from "./harness.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const ready = { flamegraph: ".flame canvas", graph: ".callgraph svg", top: ".top td.name", source: "tr.hot", disasm: "tr.asm", timeline: ".verdict-line b" };

/** Shows paths as they are in the repository, wherever it lies; files in the work folder by name. */
function shortenPaths(folders) {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode())
    for (const folder of folders) walk.currentNode.data = walk.currentNode.data.replaceAll(`${folder}/`, "");
}

async function shoot(page, url, name, path, act = async () => {}) {
  await page.goto(url + path);
  await page.waitForSelector(ready[/\/ui\/(\w+)/.exec(path)[1]]);
  await act();
  await page.mouse.move(2, 2);
  await page.waitForTimeout(400);
  await page.evaluate(shortenPaths, [root, work]);
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

/** Something richer than one leak: this program's own memory while it makes a report. */
function ownProfile(name, ...report) {
  const own = join(work, name);
  run("/usr/bin/env", "PPROF_HEAP_RATE=512", pprof, "run", "-o", own, "--", pprof, `-output=${own}.txt`, ...report);
  return own;
}

/** The profiles of an example server under a steady load, one a second. */
async function watched(name, ...args) {
  const folder = join(work, name);
  const { url } = await start(join(build, "examples", name), ["0", ...args], "stdout", /listening on (http:\S+)\//);
  const load = runBeside(join(build, "examples/load_client"), `${url}/process`, "18000", "2", "400");
  await runBeside(pprof, "leaks", "-for", "40s", "-every", "1", "-save", folder, url);
  await load;
  return folder;
}

async function timelines(page) {
  const folders = await Promise.all([watched("leaky_server"), watched("ttl_server", "5", "10")]);
  const [leaking, bounded] = await Promise.all(folders.map((folder) => serve(folder)));
  await page.setViewportSize({ width: 1280, height: 860 });
  await shoot(page, leaking.url, "timeline-leak", "/ui/timeline?from=t10&to=t34", () => page.waitForSelector(".flame canvas"));
  await shoot(page, bounded.url, "timeline-bounded", "/ui/timeline");
}

export async function screenshots({ page, url, profile, before }) {
  await page.setViewportSize({ width: 1280, height: 720 });
  await shoot(page, url, "graph", "/ui/graph");
  await page.setViewportSize({ width: 1280, height: 330 });
  await shoot(page, url, "flamegraph-leak", "/ui/flamegraph?q=leaky");
  await page.setViewportSize({ width: 1280, height: 720 });
  await shoot(page, url, "source", "/ui/source?f=%5Eleaky_handler%24", () => page.click("tr.line.hot td.no button"));
  await shoot(page, url, "disassembly", "/ui/disasm?f=%5Eleaky_handler%24");
  const annotating = ownProfile("annotating.pb.gz", "-weblist=.", profile);
  const listing = ownProfile("listing.pb.gz", "-disasm=handler", before);
  const path = "/ui/flamegraph?si=alloc_space";
  const compared = await serve(`-diff_base=${listing}`, annotating);
  await shoot(page, compared.url, "diff", path);
  const rich = await serve(annotating);
  await shoot(page, rich.url, "flamegraph", path);
  await shoot(page, rich.url, "top", "/ui/top?si=alloc_space");
  await shoot(page, rich.url, "sandwich", `${path}&p=%5Earena_alloc_raw%24`);
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot(page, rich.url, "dark", path);
  await page.emulateMedia({ colorScheme: "light" });
  await timelines(page);
}
