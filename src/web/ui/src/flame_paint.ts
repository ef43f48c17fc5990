// Draws what is in sight of a flame graph. What a frame costs depends on the boxes that are seen,
// not on those that there are: each row is entered by binary search, and of boxes thinner than a
// pixel one in each pixel is drawn. Boxes of one colour are drawn together.

import type { Colors } from "./flame_color";
import { type Flame, firstEnding, type Layout, shortNames } from "./flame_model";

export interface Scene {
  flame: Flame;
  layout: Layout;
  colors: Colors;
  width: number; // CSS pixels
  height: number;
  row: number; // height of one
  up: boolean; // callers below, as flames
  from: number; // what part of the root's width is in sight
  to: number;
  top: number; // scrolled away above, CSS pixels
  marked: Uint8Array | null; // per source; null: nothing is searched
  hover: number; // source under the pointer, -1 none
  cursor: number; // node with the keyboard's mark, -1 none
}

const MIN_TEXT = 26;
const THIN = 1; // pixels

/** Where a row begins on the canvas. */
export function rowTop(scene: Scene, depth: number): number {
  const rows = scene.layout.rows.length;
  const fromTop = scene.up ? (rows - 1 - depth) * scene.row : depth * scene.row;
  const spare = scene.up ? Math.max(0, scene.height - rows * scene.row) : 0;
  return fromTop - scene.top + spare;
}

/** The row under a height of the canvas; it may be none of the layout's. */
export function rowAt(scene: Scene, y: number): number {
  const rows = scene.layout.rows.length;
  const spare = scene.up ? Math.max(0, scene.height - rows * scene.row) : 0;
  const index = Math.floor((y + scene.top - spare) / scene.row);
  return scene.up ? rows - 1 - index : index;
}

interface Pass {
  g: CanvasRenderingContext2D;
  scene: Scene;
  buckets: number[][]; // x, y, w, h by colour
  names: number[]; // node, x, y, w
  hovered: number[]; // x, y, w, h
}

function drawRow(pass: Pass, depth: number) {
  const { scene } = pass;
  const { flame, layout, colors, marked } = scene;
  const row = layout.rows[depth];
  const y = rowTop(scene, depth);
  const scale = scene.width / (scene.to - scene.from);
  for (let i = firstEnding(layout, row, scene.from); i < row.length; i++) {
    const node = row[i];
    const start = (layout.x[node] - scene.from) * scale;
    if (start >= scene.width) break;
    const x = Math.max(start, -1);
    const end = Math.min(start + layout.w[node] * scale, scene.width + 1);
    const w = end - x;
    const source = flame.source[node];
    const index = marked && !marked[source] ? colors.dimmed : colors.index[node];
    const gap = w > 3 ? 1 : 0;
    const join = node > 0 && flame.sources[source].inlined ? 1 : 0; // inlined: one piece with its caller
    pass.buckets[index].push(x, scene.up ? y : y - join, Math.max(w - gap, 0.6), scene.row - 1 + join);
    if (source === scene.hover) pass.hovered.push(x, y, Math.max(w - gap, 1), scene.row - 1);
    if (w >= MIN_TEXT) pass.names.push(node, x, y, w);
    if (w < THIN) i = firstEnding(layout, row, scene.from + (start + THIN) / scale, i + 1) - 1;
  }
}

const widths = new Map<string, number>();

function widthOf(g: CanvasRenderingContext2D, text: string): number {
  let width = widths.get(text);
  if (width === undefined) {
    if (widths.size > 50000) widths.clear();
    width = g.measureText(text).width;
    widths.set(text, width);
  }
  return width;
}

/** The longest form of the name that fits, at worst its beginning. */
export function fitted(name: string, room: number, width: (text: string) => number): string {
  const forms = shortNames(name);
  for (const form of forms) if (width(form) <= room) return form;
  const last = forms[forms.length - 1];
  const keep = Math.floor((last.length * room) / width(last)) - 1;
  return keep < 2 ? "" : `${last.slice(0, keep)}…`;
}

function drawNames(pass: Pass) {
  const { g, scene, names } = pass;
  const measure = (text: string) => widthOf(g, text);
  g.textBaseline = "middle";
  g.fillStyle = scene.colors.text;
  let quiet = false;
  for (let i = 0; i < names.length; i += 4) {
    const node = names[i];
    const source = scene.flame.source[node];
    const x = Math.max(names[i + 1], 0);
    const room = names[i + 3] - (x - names[i + 1]) - 8;
    const name = node === 0 ? "root" : scene.flame.sources[source].name;
    const text = fitted(name, room, measure);
    const wantQuiet = scene.marked !== null && !scene.marked[source];
    if (wantQuiet !== quiet) g.fillStyle = wantQuiet ? scene.colors.quietText : scene.colors.text;
    quiet = wantQuiet;
    if (text) g.fillText(text, x + 4, names[i + 2] + scene.row / 2);
  }
}

function drawCursor(pass: Pass) {
  const { g, scene } = pass;
  const { layout, cursor } = scene;
  const scale = scene.width / (scene.to - scene.from);
  const x = Math.max((layout.x[cursor] - scene.from) * scale, 0);
  const end = Math.min((layout.x[cursor] + layout.w[cursor] - scene.from) * scale, scene.width);
  g.strokeStyle = scene.colors.text;
  g.lineWidth = 2;
  g.strokeRect(x + 1, rowTop(scene, layout.depth[cursor]) + 1, Math.max(end - x - 2, 1), scene.row - 3);
}

function fillAll(g: CanvasRenderingContext2D, boxes: number[]) {
  for (let i = 0; i < boxes.length; i += 4) g.fillRect(boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]);
}

/** Draws the scene; the context's scale is the device's. Returns how many boxes were drawn. */
export function paint(g: CanvasRenderingContext2D, scene: Scene, font: string): number {
  const { colors, layout } = scene;
  const pass: Pass = { g, scene, buckets: colors.fill.map(() => []), names: [], hovered: [] };
  g.clearRect(0, 0, scene.width, scene.height);
  for (let depth = 0; depth < layout.rows.length; depth++) {
    const y = rowTop(scene, depth);
    if (y + scene.row > 0 && y < scene.height) drawRow(pass, depth);
  }
  let drawn = 0;
  pass.buckets.forEach((boxes, i) => {
    if (!boxes.length) return;
    drawn += boxes.length / 4;
    g.fillStyle = colors.fill[i];
    fillAll(g, boxes);
  });
  g.fillStyle = "rgb(128 128 128 / 0.35)";
  fillAll(g, pass.hovered);
  if (g.font !== font) {
    g.font = font;
    widths.clear();
  }
  drawNames(pass);
  if (scene.cursor >= 0) drawCursor(pass);
  return drawn;
}
