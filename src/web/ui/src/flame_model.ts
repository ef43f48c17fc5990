// The flame graph's data and geometry, without a canvas: tested on its own.
//
// The server sends the merged call tree in pre-order, children by decreasing value (see
// api_flame.c for the bytes). A node's box starts where its earlier siblings end; what is left of
// its first child is its own value.

export interface FlameSource {
  name: string;
  unique: string; // name, or what tells it from another source of that name
  file: string;
  pkg: string;
  inlined: boolean;
}

export interface Flame {
  total: number;
  unit: string;
  type: string;
  legend: string[];
  hidden: number; // nodes that the server left out because they are too thin to see
  difference: boolean;
  sources: FlameSource[];
  value: Float64Array; // by node: self and callees; of a difference base + new
  self: Float64Array;
  net: Float64Array; // new - base; equals value unless this is a difference
  selfNet: Float64Array;
  parent: Int32Array;
  source: Int32Array;
}

const MAGIC = 0x324c4650; // "PFL2", little endian

interface Head {
  total: number;
  unit: string;
  type: string;
  legend: string[];
  hidden: number;
  names: string[];
  sources: [string, string, number, number, number][];
}

export function decodeFlame(bytes: ArrayBuffer): Flame {
  const view = new DataView(bytes);
  if (bytes.byteLength < 16 || view.getUint32(0, true) !== MAGIC) throw new Error("the server sent no flame graph");
  const textSize = view.getUint32(4, true);
  const n = view.getUint32(8, true);
  const difference = (view.getUint32(12, true) & 1) !== 0;
  const head: Head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 16, textSize)));
  let at = 16 + textSize;
  const floats = () => {
    const array = new Float64Array(bytes, at, n);
    at += 8 * n;
    return array;
  };
  const value = floats();
  const self = floats();
  const net = difference ? floats() : value;
  const selfNet = difference ? floats() : self;
  const parent = new Int32Array(bytes, at, n);
  const source = new Int32Array(bytes, at + 4 * n, n);
  const { total, unit, type, legend, hidden, names } = head;
  const sources = head.sources.map(([name, unique, file, pkg, inlined]) => ({
    name,
    unique: unique || name,
    file: names[file],
    pkg: names[pkg],
    inlined: inlined !== 0,
  }));
  return { total, unit, type, legend, hidden, difference, sources, value, self, net, selfNet, parent, source };
}

/** What a box's width stands for in a difference. */
export type Measure = "both" | "new" | "base";

export function measureOf(value: number, net: number, measure: Measure): number {
  return measure === "both" ? value : measure === "new" ? (value + net) / 2 : (value - net) / 2;
}

/** Where every node is: x and width as shares of the root, and the nodes of each row from left to right. */
export interface Layout {
  x: Float64Array;
  w: Float64Array;
  depth: Int32Array;
  rows: Int32Array[];
}

export function layoutOf(flame: Flame, measure: Measure = "both"): Layout {
  const n = flame.parent.length;
  const x = new Float64Array(n);
  const w = new Float64Array(n);
  const next = new Float64Array(n); // where the next child begins
  const depth = new Int32Array(n);
  const counts: number[] = [];
  const whole = n ? measureOf(flame.value[0], flame.net[0], measure) : 0;
  for (let i = 0; i < n; i++) {
    const parent = flame.parent[i];
    w[i] = whole > 0 ? measureOf(flame.value[i], flame.net[i], measure) / whole : 0;
    if (i > 0) {
      x[i] = next[parent];
      next[parent] += w[i];
      depth[i] = depth[parent] + 1;
    }
    next[i] = x[i] + (whole > 0 ? measureOf(flame.self[i], flame.selfNet[i], measure) / whole : 0);
    counts[depth[i]] = (counts[depth[i]] ?? 0) + 1;
  }
  const rows = counts.map((count) => new Int32Array(count));
  const filled = counts.map(() => 0);
  for (let i = 0; i < n; i++) rows[depth[i]][filled[depth[i]]++] = i;
  return { x, w, depth, rows };
}

/** Index in a row of the first box that ends behind `at`. */
export function firstEnding(layout: Layout, row: Int32Array, at: number, from = 0): number {
  let low = from;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (layout.x[row[middle]] + layout.w[row[middle]] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The node at a place of a row, -1 when nothing is there. */
export function nodeAt(layout: Layout, depth: number, at: number): number {
  const row = layout.rows[depth];
  if (!row) return -1;
  const i = firstEnding(layout, row, at);
  return i < row.length && layout.x[row[i]] <= at ? row[i] : -1;
}

/** Children lists as first child / next sibling, in the server's order. */
export interface Links {
  first: Int32Array;
  next: Int32Array;
}

export function linksOf(flame: Flame): Links {
  const n = flame.parent.length;
  const first = new Int32Array(n).fill(-1);
  const next = new Int32Array(n).fill(-1);
  for (let i = n - 1; i > 0; i--) {
    next[i] = first[flame.parent[i]];
    first[flame.parent[i]] = i;
  }
  return { first, next };
}

/** A number for each node that its stack of names decides: it finds the node again in another tree. */
export function marksOf(flame: Flame): Uint32Array {
  const names = Uint32Array.from(flame.sources, ({ unique }) => hashOf(unique));
  const marks = new Uint32Array(flame.parent.length);
  for (let i = 1; i < marks.length; i++) marks[i] = (Math.imul(marks[flame.parent[i]] ^ names[flame.source[i]], 0x9e3779b1) + 1) >>> 0;
  return marks;
}

/** A stable number for a name (FNV-1a). */
export function hashOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}

/** Where an arrow key leads from a node; the node itself when there is nothing. */
export function neighbour(flame: Flame, links: Links, node: number, to: "parent" | "child" | "next" | "previous"): number {
  if (to === "parent") return Math.max(0, flame.parent[node]);
  if (to === "child") return links.first[node] >= 0 ? links.first[node] : node;
  if (node === 0) return 0;
  if (to === "next") return links.next[node] >= 0 ? links.next[node] : node;
  let at = links.first[flame.parent[node]];
  while (at !== node && links.next[at] !== node) at = links.next[at];
  return at;
}

/** All stacks with a matching frame: the outermost match of each stack counts once. */
export function matched(flame: Flame, matches: (source: number) => boolean): { value: number; net: number } {
  const under = new Uint8Array(flame.parent.length);
  const hit = Uint8Array.from(flame.sources, (_, i) => (matches(i) ? 1 : 0));
  let value = 0;
  let net = 0;
  for (let i = 0; i < under.length; i++) {
    if (i > 0 && under[flame.parent[i]]) {
      under[i] = 1;
    } else if (hit[flame.source[i]]) {
      under[i] = 1;
      value += flame.value[i];
      net += flame.net[i];
    }
  }
  return { value, net };
}

/** Shorter and shorter forms of a name: without directories, without namespaces and receivers. */
export function shortNames(name: string): string[] {
  const forms = [name];
  const bare = name.replace(/^[^(<]*\//, "");
  if (bare !== name) forms.push(bare);
  const head = bare.replace(/\([^()]*\)(?: const)?$/, "");
  const last = /(?:::|\.)([~\w$]+(?:<.*>)?)$/.exec(head);
  if (last && last[1] !== bare) forms.push(last[1]);
  return forms;
}
