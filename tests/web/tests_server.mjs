// The server's rules: who may ask, what is refused, how much is sent, many pages at once.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { ask, serve, settings, topRows, until } from "./harness.mjs";

const peakMemory = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);

export const serverTests = {
  async "only own names are answered, only own pages change something"({ url }) {
    const { host, port } = new URL(url);
    const status = async (path, options) => (await ask(url, path, options)).status;
    assert.equal(await status("/ui/top", { headers: { Host: `localhost:${port}` } }), 200);
    assert.equal(await status("/ui/top", { headers: { Host: "evil.example" } }), 403);
    assert.equal(await status("/ui/top", { method: "DELETE" }), 405);
    assert.equal(await status("/ui/nosuch"), 404);
    assert.equal(await status("/elsewhere"), 307);
    const save = "/ui/saveconfig?config=evil&n=1";
    assert.equal(await status(save), 405);
    assert.equal(await status(save, { method: "POST" }), 403);
    assert.equal(await status(save, { method: "POST", headers: { Origin: "http://evil.example" } }), 403);
    assert.equal(await status(save, { method: "POST", headers: { Origin: `https://${host}` } }), 403);
    assert.equal(await status("/ui/fetch"), 405);
    assert.ok(!existsSync(settings) || !readFileSync(settings, "utf8").includes("evil"));
    assert.equal(await status(save, { method: "POST", headers: { Origin: `http://${host}` } }), 200);
    assert.equal(await status("/ui/deleteconfig?config=evil", { method: "DELETE", headers: { Origin: `http://${host}` } }), 200);
    assert.equal(await status("/ui/deleteconfig?config=evil", { method: "POST", headers: { Origin: `http://${host}` } }), 400);
  },

  async "the page's policy allows nothing inline and nothing from elsewhere"({ url }) {
    const policy = (await ask(url, "/ui/flamegraph")).headers["content-security-policy"];
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /style-src 'self';/);
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*|https?:/);
  },

  async "a view's status tells what is wrong, to scripts and to browsers"({ url }) {
    const get = async (path, accept) => {
      const { status, body, headers } = await ask(url, path, { headers: accept ? { Accept: accept } : {} });
      return [status, headers["content-type"].split(";")[0], String(body)];
    };
    for (const [path, message] of [
      ["top?f=(", "parsing focus regexp: error parsing regexp: missing closing ): `(`"],
      ["peek?f=(", "parsing argument regexp (: error parsing regexp: missing closing ): `(`"],
      ["top?n=abc", 'error setting config field nodecount: strconv.Atoi: parsing "abc": invalid syntax'],
      ["graph?g=bogus", 'error setting config field granularity: invalid "granularity" value "bogus"'],
      ["flamegraph?si=99", "sample_index 99 is outside the range [0..3]"],
    ]) {
      assert.deepEqual(await get(`/ui/${path}`), [400, "text/plain", `${message}\n`]);
      const [status, type] = await get(`/ui/${path}`, "text/html,*/*");
      assert.deepEqual([status, type], [400, "text/html"]);
    }
    assert.equal((await get("/ui/top?f=nosuch&unknown=("))[0], 200);
    // The first of several counts; nothing is the option's own default.
    const rows = async (query) => JSON.parse((await get(`/ui/api/top?${query}`))[2]).rows.length;
    assert.equal(await rows("n=1&n=2"), 1);
    assert.equal(await rows("n=2&n=1"), 2);
    assert.ok((await rows("n=")) > 2);
  },

  async "the page is small before the graph engine is loaded"({ url }) {
    let total = 0;
    for (const path of ["/ui/flamegraph", "/ui/app.js", "/ui/app.css"])
      total += (await ask(url, path, { headers: { "Accept-Encoding": "gzip" } })).size;
    assert.ok(total <= 120 * 1024, `${total} bytes`);
  },

  async "hostile names are text"({ page, hostile, hostileName }) {
    const { url } = await serve(hostile);
    const ready = { flamegraph: ".flame canvas", graph: ".callgraph svg .node", top: ".top td.name", peek: ".peek", source: ".code-section h2" };
    for (const [view, selector] of Object.entries(ready)) {
      await page.goto(`${url}/ui/${view}`);
      await page.waitForSelector(selector);
      assert.equal(await page.evaluate(() => window.hacked), undefined, view);
      assert.equal(await page.locator("img").count(), 0, view);
    }
    await page.goto(`${url}/ui/top`);
    await until(page, (want) => [...document.querySelectorAll(".top td.name")].some((c) => c.textContent === want), hostileName(1));
    const pattern = `^${hostileName(1).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;
    await page.goto(`${url}/ui/flamegraph?p=${encodeURIComponent(pattern)}`);
    await page.waitForSelector(".pivot");
    assert.equal(await page.textContent(".pivot b"), hostileName(1));
  },

  async "many pages at once take little more memory than two"({ wide }) {
    const { url, pid } = await serve(wide);
    const views = (n) => Promise.all(Array.from({ length: n }, (_, i) =>
      ask(url, `/ui/api/${i % 2 ? "flame" : "top"}?n=${i + 10}`, { headers: { "Accept-Encoding": "gzip" } })));
    await views(4);
    const few = peakMemory(pid);
    const answers = await views(20);
    assert.deepEqual([...new Set(answers.map((a) => a.status))], [200]);
    const many = peakMemory(pid);
    console.log(`     peak of 4 views ${few} kB, of 20 ${many} kB`);
    assert.ok(many < 2 * few, `${few} kB, then ${many} kB`);
  },

  async "a view that nobody waits for any more is dropped"({ wide }) {
    const { url } = await serve(wide);
    const asked = Array.from({ length: 12 }, (_, i) => ask(url, `/ui/api/flame?n=${i + 10}`, { abort: 5 }).catch((e) => e.message));
    await Promise.all(asked);
    const { status, body } = await ask(url, "/ui/api/top?n=1");
    assert.equal(status, 200);
    assert.equal(JSON.parse(body).rows.length, 1);
  },

  async "google/pprof's addresses lead where they did"({ page, url, profile }) {
    for (const path of ["/", "/ui", "/ui/", "/ui/flamegraph2", "/ui/flamegraphold"]) {
      await page.goto(`${url}${path}`);
      await page.waitForURL(/\/ui\/flamegraph$/);
    }
    const params = "f=leaky&h=start_thread&n=5&nf=0.01&ef=0.01&g=lines&sort=cum&trim=t&noinlines=t&rel=t&unit=kB&si=alloc_space";
    await page.goto(`${url}/ui/top?${params}`);
    const rows = topRows(profile, "-focus=leaky", "-hide=start_thread", "-nodefraction=0.01", "-edgefraction=0.01", "-lines", "-cum",
      "-noinlines", "-relative_percentages", "-unit=kB", "-sample_index=alloc_space");
    await until(page, (want) => document.querySelector(".top td.name")?.textContent === want, rows[0][5]);
  },
};
