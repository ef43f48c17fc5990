// The page's pure parts: flame graph geometry, numbers, URLs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildSync } from "esbuild";

async function load(name) {
  const { outputFiles } = buildSync({
    entryPoints: [new URL(`../src/${name}`, import.meta.url).pathname],
    bundle: true, format: "esm", write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

const { decodeFlame, layoutOf, linksOf, marksOf, matched, measureOf, neighbour, nodeAt, shortNames } = await load("flame_model.ts");
const { colorsOf } = await load("flame_color.ts");
const { fitted } = await load("flame_paint.ts");
const { parseDisasm } = await load("disasm_model.ts");
const { asmTokens, highlighter } = await load("highlight.ts");
const timeline = await load("timeline_model.ts");
const { formatValue, formatPercent, parseValue, sumTexts } = await load("units.ts");
const { besideParams, exactPattern, linePattern, matcher, namesOf, placeOf, shortLabels, urlOf, without, withParams } = await load("state.ts");

const value = [10, 7, 4, 2, 3];
const self = [0, 1, 4, 2, 3];

/** root 10 -> a 7 (self 1) -> a 4, b 2; root -> b 3; of a difference with the columns net and self_net. */
function encode(...difference) {
  const sources = ["root", "a", "b"].map((name, i) => [name, "", 0, i, 0]);
  const head = { total: 10, unit: "count", type: "samples", legend: [], hidden: 0, names: ["", "a", "b"], sources };
  let text = JSON.stringify(head);
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const columns = [value, self, ...difference];
  const bytes = new ArrayBuffer(16 + text.length + value.length * 8 * (columns.length + 1));
  const view = new DataView(bytes);
  [0x324c4650, text.length, value.length, difference.length ? 1 : 0].forEach((v, i) => view.setUint32(4 * i, v, true));
  new Uint8Array(bytes, 16, text.length).set(new TextEncoder().encode(text));
  let at = 16 + text.length;
  for (const column of columns) for (const v of column) { view.setFloat64(at, v, true); at += 8; }
  for (const column of [[-1, 0, 1, 1, 0], [0, 1, 1, 2, 2]])
    for (const v of column) { view.setInt32(at, v, true); at += 4; }
  return bytes;
}

test("boxes lie inside their parents, in order, with self time on the left", () => {
  const flame = decodeFlame(encode());
  const { x, w, depth, rows } = layoutOf(flame);
  assert.deepEqual(rows.map((r) => [...r]), [[0], [1, 4], [2, 3]]);
  for (let node = 1; node < value.length; node++) {
    const parent = flame.parent[node];
    assert.equal(depth[node], depth[parent] + 1);
    assert.ok(x[node] >= x[parent] - 1e-9 && x[node] + w[node] <= x[parent] + w[parent] + 1e-9);
  }
  assert.ok(Math.abs(x[2] - (x[1] + 0.1)) < 1e-9);
});

test("the node at a place is found", () => {
  const layout = layoutOf(decodeFlame(encode()));
  assert.equal(nodeAt(layout, 0, 0.99), 0);
  assert.equal(nodeAt(layout, 1, 0.71), 4);
  assert.equal(nodeAt(layout, 2, 0.05), -1, "the parent's own value");
  assert.equal(nodeAt(layout, 2, 0.55), 3);
  assert.equal(nodeAt(layout, 3, 0.5), -1);
  assert.equal(nodeAt(layout, -1, 0.5), -1);
});

test("arrow keys walk along calls", () => {
  const flame = decodeFlame(encode());
  const links = linksOf(flame);
  assert.equal(neighbour(flame, links, 0, "child"), 1);
  assert.equal(neighbour(flame, links, 1, "next"), 4);
  assert.equal(neighbour(flame, links, 4, "previous"), 1);
  assert.equal(neighbour(flame, links, 3, "parent"), 1);
  assert.equal(neighbour(flame, links, 0, "parent"), 0);
  assert.equal(neighbour(flame, links, 2, "child"), 2);
});

test("a stack of names marks its box in any tree", () => {
  const flame = decodeFlame(encode());
  const marks = marksOf(flame);
  assert.equal(new Set(marks).size, marks.length);
  assert.equal(marks[0], 0);
  const only = { ...flame, parent: Int32Array.of(-1, 0, 1), source: Int32Array.of(0, 1, 2) }; // root -> a -> b
  assert.deepEqual([...marksOf(only)], [marks[0], marks[1], marks[3]]);
});

test("what the command line has set is taken away by an empty value", () => {
  const params = new URLSearchParams("f=main&n=5");
  assert.equal(without(params, { param: "f", value: "", default: "" }).toString(), "n=5");
  assert.equal(without(params, { param: "f", value: "leaf", default: "" }).toString(), "n=5&f=");
  assert.equal(without(params, { param: "n", value: "7", default: "-1" }).toString(), "f=main&n=");
});

test("a recursive match counts once", () => {
  const flame = decodeFlame(encode());
  assert.equal(matched(flame, (s) => flame.sources[s].name === "a").value, 7);
  assert.equal(matched(flame, (s) => flame.sources[s].name === "b").value, 5);
});

test("a difference has widths of base, new, or both, and colours of change", () => {
  const flame = decodeFlame(encode([2, 3, 4, -2, -1], [0, 1, 4, -2, -1]));
  assert.ok(flame.difference);
  assert.deepEqual(["both", "new", "base"].map((m) => measureOf(10, 2, m)), [10, 6, 4]);
  const now = layoutOf(flame, "new");
  assert.equal(now.w[3], 0, "gone");
  assert.ok(Math.abs(now.w[1] - 5 / 6) < 1e-9);
  const { index } = colorsOf(flame, "relative", false);
  assert.ok(index[2] > index[0] && index[0] > index[4] && index[4] > index[3] - 1, `${index}`);
  assert.equal(index[3], 0, "all of it is gone: the deepest blue");
});

test("names are shortened before they are cut", () => {
  assert.deepEqual(shortNames("net/http.(*conn).serve"), ["net/http.(*conn).serve", "http.(*conn).serve", "serve"]);
  assert.deepEqual(shortNames("a::b::c(int)"), ["a::b::c(int)", "c"]);
  assert.deepEqual(shortNames("main"), ["main"]);
  const width = (text) => text.length;
  assert.equal(fitted("net/http.(*conn).serve", 6, width), "serve");
  assert.equal(fitted("a_long_function", 8, width), "a_long_…");
  assert.equal(fitted("a_long_function", 2, width), "");
});

test("bytes that are no flame graph are refused", () => {
  assert.throws(() => decodeFlame(new ArrayBuffer(3)), /no flame graph/);
});

test("a disassembly's text becomes rows", () => {
  const [routine] = parseDisasm(
    "Total: 2MB\nROUTINE ======================== main\n    1MB     2MB (flat, cum)   100% of Total\n" +
      "         .          .       18c0: pushq\t%rbp      ;main main.c:22\n" +
      "                                      ;main main.c:23\n" +
      "       1MB        2MB       18c1: movl\t$1008, %esi     # imm = 0x3F0\n",
  );
  assert.deepEqual([routine.name, routine.summary], ["main", "1MB 2MB (flat, cum) 100% of Total"]);
  assert.deepEqual(routine.rows.map((r) => [r.flat, r.address, r.text, r.place]), [
    [".", "18c0", "pushq\t%rbp", "main main.c:22"],
    ["", "", "", "main main.c:23"],
    ["1MB", "18c1", "movl\t$1008, %esi     # imm = 0x3F0", ""],
  ]);
});

test("colouring changes no character and carries comments over lines", () => {
  const color = highlighter("x.c");
  const lines = ['int f(void) { return "a\\"b"[0]; } /* begins', "still", "ends */ return 0x1f;"];
  const tokens = lines.map(color);
  tokens.forEach((t, i) => assert.equal(t.map((x) => x.text).join(""), lines[i]));
  assert.deepEqual(tokens[1], [{ kind: "comment", text: "still" }]);
  assert.deepEqual(tokens[2].map((t) => t.kind), ["comment", "", "keyword", "", "number", ""]);
  assert.deepEqual(asmTokens("call\t0x10 <f>").map((t) => t.kind), ["keyword", "", "number", "", "target"]);
});

test("numbers are printed as the reports print them", () => {
  assert.equal(formatValue(1572864, "bytes"), "1.50MB");
  assert.equal(formatValue(-2048, "bytes"), "-2kB");
  assert.equal(formatValue(1500, "nanoseconds"), "1.50us");
  assert.equal(formatValue(12, "count"), "12");
  assert.equal(formatPercent(1, 3), "33.3%");
  assert.equal(formatPercent(1, 0), "0%");
  assert.equal(parseValue("1.50MB"), 1572864);
  assert.equal(parseValue("."), 0);
  assert.equal(sumTexts(["1MB", "512kB", "0"]), "1.50MB");
});

test("places and URLs are each other's inverse", () => {
  const place = placeOf({ pathname: "/ui/top", search: "?f=a%7Cb&si=x" });
  assert.equal(place.view, "top");
  assert.equal(urlOf(place), "/ui/top?f=a%7Cb&si=x");
  assert.equal(urlOf({ ...place, params: withParams(place.params, { f: "", si: "y" }) }), "/ui/top?si=y");
  assert.equal(placeOf({ pathname: "/ui/", search: "" }).view, "flamegraph");
});

test("exact patterns match just their names", () => {
  const matches = matcher(exactPattern(["operator new[](unsigned long)", "a.b"]));
  assert.ok(matches("operator new[](unsigned long)") && matches("a.b"));
  assert.ok(!matches("axb") && !matches("xa.b"));
  assert.equal(matcher("("), null);
});

test("an exact pattern is shown as the names it came from", () => {
  assert.deepEqual(namesOf(exactPattern(["a|b", "c.d"])), ["a|b", "c.d"]);
  assert.deepEqual(namesOf("a.*b"), ["a.*b"]);
});

test("exact names stay exact where a line stands behind them", () => {
  const pattern = linePattern(exactPattern(["a.b", "op$"]));
  const re = new RegExp(pattern);
  assert.ok(re.test("a.b") && re.test("a.b x.c:7") && re.test("op$ x.c:7"));
  assert.ok(!re.test("aab") && !re.test("a.bc x.c:7") && !re.test("x a.b"));
  assert.equal(linePattern("a|b$"), "a|b$");
  assert.equal(linePattern(""), "");
});

test("the second pane shows the other profile with the same options", () => {
  assert.equal(besideParams(new URLSearchParams("f=a&profile=1&base=2&beside=3")).toString(), "f=a&profile=3");
});

test("profiles are called by the shortest names that differ", () => {
  assert.deepEqual(shortLabels(["a/x.pb", "a/y.pb", "http://h/heap, 1"]), ["x.pb", "y.pb", "http://h/heap, 1"]);
  assert.deepEqual(shortLabels(["a/x.pb", "b/x.pb"]), ["a/x.pb", "b/x.pb"]);
});

const site = (name, curve, more = {}) => ({
  verdict: "LEAK", trust: "strong", function: name, file: "a.c", line: 7, stack: "", holder: "", other_holder: "", rate: { value: 2048, lo: 1024, hi: 4096 },
  least_bytes: 0, most_bytes: Math.max(...curve), period_seconds: null, curve, ...more,
});
const moment = (id, time, total, memory = null) => ({ id, time, total, memory, limit: null });

test("the course of time has a curve for memory, the heap and each site that matters", () => {
  const report = { suspects: [site("leak", [1, 200])], not_leaks: [site("static", [90, 90]), site("dust", [1, 1])] };
  const data = {
    times: true, value: ["inuse_space", "bytes"], past: [moment(0, 1000, 50)], report,
    moments: [moment(4, 2000, 91, 500), moment(9, 3000, 290, 600)],
  };
  const curves = timeline.curvesOf(data);
  assert.deepEqual(curves.x, [1, 2, 3]);
  assert.deepEqual(curves.curves.map((c) => [c.name, c.kind, c.values]), [
    ["process memory", "memory", [null, 500, 600]],
    ["inuse_space", "total", [50, 91, 290]],
    ["leak a.c:7", "suspect", [null, 1, 200]],
    ["static a.c:7", "site", [null, 90, 90]],
  ]);
  assert.deepEqual(timeline.curvesOf({ ...data, times: false }).x, [1, 2]);
  assert.equal(timeline.nearest(curves, 0), 1, "of an earlier run no profile is left");
  assert.deepEqual(timeline.rangeOf(new URLSearchParams("from=t9&to=t4"), curves.ids), { from: 1, to: 2 });
  assert.deepEqual(timeline.rangeOf(new URLSearchParams("to=t4"), curves.ids), { from: null, to: 1 });
  assert.equal(timeline.rangeOf(new URLSearchParams("to=t5"), curves.ids), null);
});

test("sites that are no suspects may be called otherwise", () => {
  const found = [site("f", [1])];
  assert.deepEqual(timeline.withSites({ report: { suspects: [], in_use: found } }).report.not_leaks, found);
  assert.deepEqual(timeline.withSites({ report: { suspects: [], not_leaks: found } }).report.not_leaks, found);
  assert.equal(timeline.withSites({ report: null }).report, null);
});

test("a holder is a root and steps, with its share; a second one is another", () => {
  const path = "global table (table.c:12) .bucket[*] ->next* ->value";
  const steps = ["global table (table.c:12)", ".bucket[*]", "->next*", "->value"];
  assert.deepEqual(timeline.holderSteps(path), steps);
  assert.deepEqual(timeline.holderSteps("no pointer found: lost or hidden"), ["no pointer found: lost or hidden"]);
  assert.deepEqual(timeline.holderSteps("stack of thread 7 [*] * ->+16"), ["stack of thread 7", "[*]", "*", "->+16"]);
  assert.deepEqual(timeline.holders(site("f", [1])), []);
  const held = { holder: path, holder_samples: 80, other_holder: "stack of thread 7", other_holder_samples: 15, held_samples: 100 };
  assert.deepEqual(timeline.holders(site("f", [1], held)), [
    { title: "Held by: 80 of 100 samples", steps },
    { title: "Also held by: 15 of 100 samples", steps: ["stack of thread 7"] },
  ]);
});

test("the projection is a cone, to the limit when asked", () => {
  const report = { memory_slope: { value: 10, lo: 5, hi: 20 }, seconds_to_limit: { value: 1000, lo: 500, hi: null } };
  assert.equal(timeline.horizon(report, "no", 100), 0);
  assert.equal(timeline.horizon(report, "ahead", 100), 50);
  assert.equal(Math.round(timeline.horizon(report, "limit", 100)), 1150);
  assert.equal(timeline.horizon({ ...report, memory_slope: null }, "limit", 100), 0);
  assert.deepEqual(timeline.coneOf(report, 7, 100, 50), { x: [7, 57], lo: [100, 350], mid: [100, 600], hi: [100, 1100] });
  assert.equal(timeline.coneOf(report, 7, null, 50), null);
});

test("survivors by age are a density, durations and verdicts are words", () => {
  const bars = timeline.ageBars(site("f", [1], { survivors: [10, 10, 0, 5], survivors_seconds: [10, 20, 20, 10] }));
  assert.deepEqual(bars.map((b) => b.share), [1, 0.5, 0, 0.5]);
  assert.equal(bars[1].label, "10 s … 30 s");
  assert.deepEqual(timeline.ageBars(site("f", [1])), []);
  assert.deepEqual([0, 0.5, 61, 3600 * 3 + 720, 3600 * 24 * 12].map(timeline.formatDuration), ["0 s", "0.5 s", "1 min 1 s", "3 h 12 min", "12 d"]);
  const leak = { outcome: "leak", why: "", times: true, suspects: [site("f", [1])], not_leaks: [], explained: 0.756, limit: 2 ** 30, seconds_to_limit: { value: 3300, lo: 3000, hi: 3900 } };
  const { word, text } = timeline.headline(leak);
  assert.equal(word, "LEAK (strong)");
  assert.equal(text, "f a.c:7 grows +2kB/s [1kB..4kB] · the suspects explain 76 % of the growth of memory · limit of 1GB in 55 min [50 min..1 h 5 min]");
  const elsewhere = timeline.headline({ ...leak, outcome: "no leak", suspects: [], not_leaks: [], could_hide: 0 });
  assert.equal(elsewhere.word, "NO LEAK");
  assert.match(elsewhere.text, /^in the heap, and memory grows: .* · limit of 1GB in 55 min/);
});
