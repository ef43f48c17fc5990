// Drives the page of `pprof -http` in a real Chromium over a live server's heap profile, and
// compares what it shows with the text reports of the same profile.
//
//   [PAGE_TEST=part of a test's name] node page_test.mjs BUILD_FOLDER [SCREENSHOT_FOLDER]
//
// PAGE_TEST=none only makes the pictures.
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, cleanUp, launch, report, run, serve, shots, start, work } from "./harness.mjs";
import { screenshots } from "./screenshots.mjs";
import { codeTests } from "./tests_code.mjs";
import { controlTests } from "./tests_controls.mjs";
import { flameTests } from "./tests_flame.mjs";
import { graphTests } from "./tests_graph.mjs";
import { profileTests } from "./tests_profiles.mjs";
import { realTests } from "./tests_real.mjs";
import { serverTests } from "./tests_server.mjs";
import { timelineTests } from "./tests_timeline.mjs";
import { topTests } from "./tests_top.mjs";
import { wideProfile } from "./wide_profile.mjs";

const HOSTILE = (i) => `<img src=x onerror="window.hacked=1"> ${i} "');alert(1)//\u001b]0;x\u0007\u009b %s\\N</script>&lt;`;

/** A leaking server under load, profiles of it before and after, and pages for all that. */
async function prepare() {
  const server = await start(join(build, "examples/leaky_server"), ["0"], "stdout", /listening on (http:\S+)\//);
  const live = `${server.url}/debug/pprof/heap`;
  const load = (n) => run(join(build, "examples/load_client"), `${server.url}/process`, String(n), "2");
  const profile = join(work, "heap.pb.gz");
  const before = join(work, "before.pb.gz");
  const wide = join(work, "wide.pb.gz");
  const hostile = join(work, "hostile.pb.gz");
  load(2000);
  report("-proto", `-output=${before}`, live);
  load(3000);
  report("-proto", `-output=${profile}`, live);
  writeFileSync(wide, wideProfile());
  writeFileSync(hostile, wideProfile({ stacks: 8, depth: 5, names: 30, nameOf: HOSTILE }));
  return { live, load, profile, before, wide, hostile, hostileName: HOSTILE, ...(await serve(profile)) };
}

/** A page that tells of errors in it and of requests that leave its server. */
async function openPage(browser, allowed) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const troubles = [];
  page.on("pageerror", (e) => troubles.push(e.message));
  page.on("console", (m) => m.type() === "error" && /Content Security Policy/.test(m.text()) && troubles.push(m.text()));
  page.on("dialog", (d) => troubles.push(`dialog ${d.message()}`) && d.dismiss());
  page.on("request", (r) => {
    const to = new URL(r.url());
    const own = to.hostname === "127.0.0.1" || to.protocol === "data:" || r.url().startsWith(`file://${allowed}/`);
    if (!own) troubles.push(`request to ${r.url()}`);
  });
  return { page, troubles };
}

async function main() {
  if (!existsSync("/usr/bin/chromium")) {
    console.log("skipped: no Chromium on this machine");
    return 77;
  }
  const prepared = await prepare();
  const browser = await launch();
  const { page, troubles } = await openPage(browser, work);
  const context = { ...prepared, page, browser };
  const tests = {
    ...flameTests, ...topTests, ...graphTests, ...codeTests, ...controlTests, ...profileTests, ...serverTests, ...timelineTests, ...realTests,
  };
  const only = process.env.PAGE_TEST;
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (only && !name.includes(only)) continue;
    try {
      await test(context);
      assert.deepEqual(troubles, []);
      console.log(`ok   ${name}`);
    } catch (e) {
      failed++;
      console.log(`FAIL ${name}\n${e.stack}`);
      if (shots) await page.screenshot({ path: join(shots, `failed-${failed}.png`) });
      troubles.length = 0;
    }
  }
  if (shots && (!only || only === "none")) await screenshots(context);
  await browser.close();
  return failed ? 1 : 0;
}

let code = 1;
try {
  code = await main();
} catch (e) {
  console.log(e.stack);
} finally {
  cleanUp();
}
process.exit(code);
