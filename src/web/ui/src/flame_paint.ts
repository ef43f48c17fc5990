// Draws what is in sight of a flame graph. What a frame costs depends on the boxes that are seen,
// not on those that there are: each row is entered by binary search, and of boxes thinner than a
// pixel one in each pixel is drawn. All boxes of a row have the same height, so one line of pixels is
// made for a row and copied; filling rectangles one by one was ten times as slow.

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
  first: number; // the outermost row that is shown
  from: number; // what part of the root's width is in sight
  to: number;
  top: number; // scrolled away above, CSS pixels
  marked: Uint8Array | null; // per source; null: nothing is searched
  hover: number; // source under the pointer, -1 none
  cursor: number; // node with the keyboard's mark, -1 none
}

const MIN_TEXT = 30;

/** Rows that are there to be seen. */
export function rowCount(scene: Scene): number {
  return Math.max(1, scene.layout.rows.length - scene.first);
}

/** Above which height nothing is drawn: flames stand on the ground. */
function spareHeight(scene: Scene): number {
  return scene.up ? Math.max(0, scene.height - rowCount(scene) * scene.row) : 0;
}

/** Rows count from the top of what is shown; turns one count into the other. */
function turned(scene: Scene, index: number): number {
  return scene.up ? rowCount(scene) - 1 - index : index;
}

/** Where a row begins on the canvas. */
export function rowTop(scene: Scene, depth: number): number {
  return turned(scene, depth - scene.first) * scene.row - scene.top + spareHeight(scene);
}

/** The row under a height of the canvas; it may be none of the layout's. */
export function rowAt(scene: Scene, y: number): number {
  const index = turned(scene, Math.floor((y + scene.top - spareHeight(scene)) / scene.row));
  return index < 0 ? -1 : index + scene.first;
}

/** The pixels of the canvas, kept from frame to frame. */
class Raster {
  readonly image: ImageData;
  readonly pixels: Uint32Array;
  readonly body: Uint32Array; // one line of a row
  readonly seam: Uint32Array; // the line between a row and its callers' row

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.body = new Uint32Array(width);
    this.seam = new Uint32Array(width);
  }

  /** Puts a line at y and below it, `lines` times, as far as the canvas goes. */
  put(line: Uint32Array, y: number, lines: number) {
    const end = Math.min(y + lines, this.height);
    for (let at = Math.max(y, 0); at < end; at++) this.pixels.set(line, at * this.width);
  }
}

interface Pass {
  g: CanvasRenderingContext2D;
  scene: Scene;
  raster: Raster;
  ratio: number; // device pixels in one of CSS
  names: number[]; // node, x, y, w in CSS pixels
  drawn: number;
}

function drawRow(pass: Pass, depth: number) {
  const { scene, raster, ratio } = pass;
  const { flame, layout, colors, marked } = scene;
  const { body, seam, width } = raster;
  const row = layout.rows[depth];
  const y = rowTop(scene, depth);
  const scale = width / (scene.to - scene.from); // in device pixels
  body.fill(colors.page);
  seam.fill(colors.page);
  for (let i = firstEnding(layout, row, scene.from); i < row.length; i++) {
    const node = row[i];
    const start = (layout.x[node] - scene.from) * scale;
    if (start >= width) break;
    const end = start + layout.w[node] * scale;
    const source = flame.source[node];
    const index = marked && !marked[source] ? colors.dimmed : colors.index[node];
    const color = source === scene.hover ? colors.hover[index] : colors.fill[index];
    const x = Math.max(0, Math.round(start));
    let stop = Math.min(width, Math.round(end));
    if (stop - x > 3 * ratio && stop < width) stop -= Math.round(ratio);
    pass.drawn++;
    if (stop <= x + 1) {
      body[x] = color;
    } else {
      body.fill(color, x, stop);
      if (node > 0 && flame.sources[source].inlined) seam.fill(color, x, stop); // one piece with its caller
    }
    const w = (Math.min(end, width) - Math.max(start, 0)) / ratio;
    if (w >= MIN_TEXT) pass.names.push(node, x / ratio, y, w);
    if (end - start < 1) i = nextAfter(layout, row, scene.from + (x + 1) / scale, i) - 1;
  }
  const top = Math.round(y * ratio);
  const line = Math.round(ratio);
  const lines = Math.round((y + scene.row) * ratio) - top;
  raster.put(body, scene.up ? top : top + line, lines - line);
  raster.put(seam, scene.up ? top + lines - line : top, line);
}

/** The first box behind i that ends after `at`: mostly a near one. */
function nextAfter(layout: Layout, row: Int32Array, at: number, i: number): number {
  for (let k = i + 1, near = Math.min(row.length, i + 5); k < near; k++)
    if (layout.x[row[k]] + layout.w[row[k]] > at) return k;
  return firstEnding(layout, row, at, i + 1);
}

const widths = new Map<string, number>(); // of texts in
let measuredFont = "";

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
  let keep = Math.floor((last.length * room) / width(last));
  while (keep > 2 && width(`${last.slice(0, keep)}…`) > room) keep--;
  return keep < 3 ? "" : `${last.slice(0, keep)}…`;
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
    if (text) g.fillText(text, x + 4, names[i + 2] + scene.row / 2 + 1);
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

let raster: Raster | null = null;

/** Pixels of this size, the last ones if they fit: charts are drawn one after the other. */
function rasterOf(width: number, height: number): Raster {
  if (raster?.width !== width || raster.height !== height) raster = new Raster(width, height);
  return raster;
}

/** Draws the scene on a canvas of its size times the ratio. Returns how many boxes were drawn. */
export function paint(canvas: HTMLCanvasElement, scene: Scene, ratio: number, font: string): number {
  const { colors, layout } = scene;
  const g = canvas.getContext("2d")!;
  if (!canvas.width || !canvas.height) return 0;
  const pass: Pass = { g, scene, ratio, raster: rasterOf(canvas.width, canvas.height), names: [], drawn: 0 };
  pass.raster.pixels.fill(colors.page);
  for (let depth = scene.first; depth < layout.rows.length; depth++) {
    const y = rowTop(scene, depth);
    if (y + scene.row > 0 && y < scene.height) drawRow(pass, depth);
  }
  g.putImageData(pass.raster.image, 0, 0);
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (g.font !== font) {
    g.font = font;
    if (font !== measuredFont) widths.clear();
    measuredFont = font;
  }
  drawNames(pass);
  if (scene.cursor >= 0) drawCursor(pass);
  return pass.drawn;
}
