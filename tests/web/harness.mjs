// What the page's tests share: programs that are started and ended, text reports to compare with, and
// ways to ask the server without a browser.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const build = resolve(process.argv[2]);
export const shots = process.argv[3];
export const work = mkdtempSync(join(tmpdir(), "pprof-web-"));
export const pprof = join(build, "bin/pprof");
export const settings = join(work, ".config/pprof/settings.json");
const env = { ...process.env, PPROF_TMPDIR: work, HOME: work, TZ: "UTC", PPROF_HEAP_RATE: "1024" };
delete env.XDG_CONFIG_HOME;
const children = [];

/** Starts a program and resolves with the first match of `ready` in its output. */
export function start(command, args, stream, ready) {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return new Promise((found, failed) => {
    let text = "";
    child[stream].on("data", (data) => {
      text += data;
      const match = ready.exec(text);
      if (match) found({ url: match[1], pid: child.pid });
    });
    child.on("exit", (code) => failed(new Error(`${command} ended with ${code}: ${text}`)));
  });
}

export const serve = (...args) =>
  start(pprof, ["-http=127.0.0.1:0", "-no_browser", ...args], "stderr", /Serving web UI on (http:\S+)/);

export const run = (command, ...args) => execFileSync(command, args, { env });

/** Runs a program while others run; how it ends does not matter. */
export const runBeside = (command, ...args) =>
  new Promise((done) => {
    const child = spawn(command, args, { env, stdio: "ignore" });
    children.push(child);
    child.on("exit", done);
  });

export const report = (...args) =>
  execFileSync(pprof, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 28 });

/** Rows of `pprof -top`: [flat, flat%, sum%, cum, cum%, name]. */
export function topRows(profile, ...flags) {
  const lines = report("-top", "-nodecount=100000", ...flags, profile).split("\n");
  const from = lines.findIndex((l) => /^\s+flat\s+flat%/.test(l)) + 1;
  return lines.slice(from).filter(Boolean).map((l) => {
    const f = l.trim().split(/\s+/);
    return [...f.slice(0, 5), f.slice(5).join(" ").replace(/ \((partial-)?inline\)$/, "")];
  });
}

/** {status, size, body, headers} of one request. */
export function ask(url, path, { method = "GET", headers = {}, abort = 0 } = {}) {
  const { port } = new URL(url);
  return new Promise((found, failed) => {
    const r = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
      const parts = [];
      answer.on("data", (data) => parts.push(data));
      answer.on("end", () => {
        const body = Buffer.concat(parts);
        found({ status: answer.statusCode, size: body.length, body, headers: answer.headers });
      });
    });
    r.on("error", failed);
    r.end();
    if (abort) setTimeout(() => r.destroy(new Error("aborted")), abort);
  });
}

/** Waits until fn holds in the page. (waitForFunction would need eval, which the page's policy forbids.) */
export async function until(page, fn, argument) {
  for (let i = 0; i < 1200; i++) {
    if (await page.evaluate(fn, argument)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`never true: ${fn} ${JSON.stringify(argument ?? "")}`);
}

export const launch = () =>
  createRequire(join(build, "ui/package.json"))("playwright-core").chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });

export function cleanUp() {
  for (const child of children) child.kill();
  rmSync(work, { recursive: true, force: true });
}
