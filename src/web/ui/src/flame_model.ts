// The flame graph's data and geometry, without a canvas: tested on its own.
//
// The server sends the merged call tree in pre-order, children by decreasing value (see
// flame_data.c for the bytes). A node's rectangle starts where its earlier siblings end.

export interface FlameSource {
  name: string;
  file: string;
  pkg: string; // what colours are chosen by
  inlined: boolean;
}

export interface Flame {
  total: number;
  unit: string;
  type: string;
  legend: string[];
  hidden: number; // nodes that the server left out because they are too thin to see
  sources: FlameSource[];
  value: Float64Array; // by node: self and callees, |positive| + |negative| in a diff
  self: Float64Array;
  net: Float64Array; // signed sum; equals value unless this is a diff
  parent: Int32Array;
  source: Int32Array;
}

export interface Box {
  node: number;
  depth: number; // row
  x: number; // 0..1
  w: number;
}

const MAGIC = 0x314c4650; // "PFL1", little endian

export function decodeFlame(bytes: ArrayBuffer): Flame {
  const view = new DataView(bytes);
  if (bytes.byteLength < 16 || view.getUint32(0, true) !== MAGIC) throw new Error("the server sent no flame graph");
  const textSize = view.getUint32(4, true);
  const n = view.getUint32(8, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 16, textSize)));
  let at = 16 + textSize;
  const floats = () => {
    const array = new Float64Array(bytes, at, n);
    at += 8 * n;
    return array;
  };
  const value = floats();
  const self = floats();
  const net = floats();
  const parent = new Int32Array(bytes, at, n);
  const source = new Int32Array(bytes, at + 4 * n, n);
  return { ...head, value, self, net, parent, source };
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

export function ancestors(flame: Flame, node: number): number[] {
  const path: number[] = [];
  for (let i = node; i > 0; i = flame.parent[i]) path.push(flame.parent[i]);
  return path.reverse();
}

/**
 * Boxes when `root` fills the width: its ancestors above it at full width, then its subtree.
 * Boxes narrower than minWidth (a share of the width) are left out with all below them.
 */
export function layoutBoxes(flame: Flame, links: Links, root: number, minWidth: number): Box[] {
  const boxes: Box[] = [];
  const path = ancestors(flame, root);
  path.forEach((node, depth) => boxes.push({ node, depth, x: 0, w: 1 }));
  const scale = flame.value[root] > 0 ? 1 / flame.value[root] : 0;
  const stack: Box[] = [{ node: root, depth: path.length, x: 0, w: 1 }];
  while (stack.length) {
    const box = stack.pop()!;
    boxes.push(box);
    let x = box.x + flame.self[box.node] * scale;
    for (let c = links.first[box.node]; c >= 0; c = links.next[c]) {
      const w = flame.value[c] * scale;
      if (w >= minWidth) stack.push({ node: c, depth: box.depth + 1, x, w });
      x += w;
    }
  }
  return boxes;
}

/** Value of all stacks with a matching frame: the outermost match of each stack counts once. */
export function matchedValue(flame: Flame, matches: (source: number) => boolean): number {
  const under = new Uint8Array(flame.parent.length);
  let sum = 0;
  for (let i = 0; i < flame.parent.length; i++) {
    if (i > 0 && under[flame.parent[i]]) {
      under[i] = 1;
    } else if (matches(flame.source[i])) {
      under[i] = 1;
      sum += flame.value[i];
    }
  }
  return sum;
}

/** A stable hue (degrees) for a package name: FNV-1a spread by the golden ratio. */
export function hueOf(pkg: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < pkg.length; i++) h = Math.imul(h ^ pkg.charCodeAt(i), 0x01000193);
  return ((h >>> 0) * 0.6180339887498949 * 360) % 360;
}
