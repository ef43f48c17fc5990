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

const { decodeFlame, layoutBoxes, linksOf, matchedValue, ancestors } = await load("flame_model.ts");
const { formatValue, formatPercent } = await load("units.ts");
const { exactPattern, matcher, placeOf, urlOf, withParams } = await load("state.ts");

/** root 10 -> a 7 (self 1) -> a 4, b 2; root -> b 3 */
function encode() {
  const sources = ["root", "a", "b"].map((name) => ({ name, file: "", pkg: name, inlined: false }));
  const head = { total: 10, unit: "count", type: "samples", legend: [], hidden: 0, sources };
  let text = JSON.stringify(head);
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const n = 5;
  const bytes = new ArrayBuffer(16 + text.length + n * 32);
  const view = new DataView(bytes);
  view.setUint32(0, 0x314c4650, true);
  view.setUint32(4, text.length, true);
  view.setUint32(8, n, true);
  new Uint8Array(bytes, 16, text.length).set(new TextEncoder().encode(text));
  let at = 16 + text.length;
  for (const column of [[10, 7, 4, 2, 3], [0, 1, 4, 2, 3], [10, 7, 4, 2, 3]])
    for (const v of column) { view.setFloat64(at, v, true); at += 8; }
  for (const column of [[-1, 0, 1, 1, 0], [0, 1, 1, 2, 2]])
    for (const v of column) { view.setInt32(at, v, true); at += 4; }
  return bytes;
}

test("boxes lie inside their parents, in order, with self time on the left", () => {
  const flame = decodeFlame(encode());
  const boxes = new Map(layoutBoxes(flame, linksOf(flame), 0, 0).map((b) => [b.node, b]));
  assert.equal(boxes.size, 5);
  for (const [node, box] of boxes) {
    if (node === 0) continue;
    const parent = boxes.get(flame.parent[node]);
    assert.equal(box.depth, parent.depth + 1);
    assert.ok(box.x >= parent.x - 1e-9 && box.x + box.w <= parent.x + parent.w + 1e-9);
  }
  assert.ok(Math.abs(boxes.get(2).x - (boxes.get(1).x + 0.1)) < 1e-9);
});

test("zooming keeps the ancestors at full width", () => {
  const flame = decodeFlame(encode());
  const boxes = layoutBoxes(flame, linksOf(flame), 1, 0);
  assert.deepEqual(ancestors(flame, 2), [0, 1]);
  assert.deepEqual(boxes.filter((b) => b.w === 1).map((b) => b.node), [0, 1]);
  assert.ok(!boxes.some((b) => b.node === 4));
});

test("a recursive match counts once", () => {
  const flame = decodeFlame(encode());
  assert.equal(matchedValue(flame, (s) => flame.sources[s].name === "a"), 7);
  assert.equal(matchedValue(flame, (s) => flame.sources[s].name === "b"), 5);
});

test("bytes that are no flame graph are refused", () => {
  assert.throws(() => decodeFlame(new ArrayBuffer(3)), /no flame graph/);
});

test("numbers are printed as the reports print them", () => {
  assert.equal(formatValue(1572864, "bytes"), "1.50MB");
  assert.equal(formatValue(-2048, "bytes"), "-2kB");
  assert.equal(formatValue(1500, "nanoseconds"), "1.50us");
  assert.equal(formatValue(12, "count"), "12");
  assert.equal(formatPercent(1, 3), "33.3%");
  assert.equal(formatPercent(1, 0), "0%");
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
