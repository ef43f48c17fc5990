// What the page costs on large profiles: time from start to the first picture, bytes sent, and the
// frames a second while panning the flame graph, in Chromium without a GPU.
//
//	node bench/web/page.mjs BUILD_FOLDER [PROFILE]
//
// Without a profile: one whose flame graph has 100,000 boxes.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { wideProfile } from "../../tests/web/wide_profile.mjs";

const build = resolve(process.argv[2]);
const { chromium } = createRequire(join(build, "ui/package.json"))("playwright-core");
const work = mkdtempSync(join(tmpdir(), "pprof-bench-"));
const profile = process.argv[3] ?? join(work, "wide.pb.gz");
if (!process.argv[3]) writeFileSync(profile, wideProfile());

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
await page.goto("about:blank"); // a browser that runs, as with people
const session = await page.context().newCDPSession(page);
await session.send("Network.enable");
let sent = 0;
session.on("Network.loadingFinished", (e) => (sent += e.encodedDataLength));

const start = performance.now();
const seconds = () => ((performance.now() - start) / 1000).toFixed(2);
const server = spawn(join(build, "bin/pprof"), ["-symbolize=none", "-http=127.0.0.1:0", "-no_browser", profile], {
  env: { ...process.env, HOME: work },
});
const url = await new Promise((found, failed) => {
  let text = "";
  server.stderr.on("data", (data) => {
    text += data;
    const at = /Serving web UI on (http:\S+)/.exec(text);
    if (at) found(at[1]);
  });
  server.on("exit", () => failed(new Error(text)));
});
// On a machine that others use, too, the clock says little: what the server itself took.
const serverCpu = () => {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / 100).toFixed(2);
};
console.log(`loaded after ${seconds()} s (server: ${serverCpu()} CPU s)`);
await page.goto(`${url}/ui/`);
await page.waitForSelector(".flame canvas");
await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
console.log(`first picture after ${seconds()} s (server: ${serverCpu()} CPU s), ${(sent / 1e6).toFixed(2)} MB sent`);

const measured = await page.evaluate(async () => {
  const { stage } = document.querySelector(".flame-scroll");
  const times = [];
  const drawing = [];
  const draw = stage.draw.bind(stage);
  stage.draw = (now) => {
    const start = performance.now();
    draw(now);
    drawing.push(performance.now() - start);
  };
  stage.show(0.2, 0.9, false);
  for (let i = 0, last = performance.now(); i < 180; i++) {
    stage.pan(i % 60 < 30 ? 8 : -8, 0);
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  times.sort((a, b) => a - b);
  drawing.sort((a, b) => a - b);
  const mean = times.reduce((a, b) => a + b) / times.length;
  return { boxes: stage.scene.layout.x.length, drawn: stage.drawn, mean, p95: times[Math.floor(times.length * 0.95)], draw: drawing[drawing.length >> 1] };
});
console.log(
  `panning ${measured.boxes} boxes (${measured.drawn} drawn): ${(1000 / measured.mean).toFixed(1)} frames/s, ` +
    `95 % of the frames within ${measured.p95.toFixed(1)} ms, drawing takes ${measured.draw.toFixed(1)} ms`,
);
console.log(/VmHWM:.*/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[0]);
await page.screenshot({ path: join(tmpdir(), "pprof-bench-page.png") });
await browser.close();
server.kill();
rmSync(work, { recursive: true });
