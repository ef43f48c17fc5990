// Colours of the boxes: few enough to be drawn one after the other, and told apart by people with
// any kind of colour vision. Kinds (packages, files) take a scheme of nine light colours that stay
// distinct for colour-blind eyes (after Paul Tol), each in three shades, and dark text on them;
// differences go from blue (less) over grey to orange (more).

import { type Flame, hashOf, measureOf } from "./flame_model";

export type ColorMode = "package" | "file" | "function" | "change" | "relative";

export const colorModes: { mode: ColorMode; title: string; difference: boolean }[] = [
  { mode: "package", title: "package", difference: false },
  { mode: "file", title: "file", difference: false },
  { mode: "function", title: "function", difference: false },
  { mode: "change", title: "change", difference: true },
  { mode: "relative", title: "relative change", difference: true },
];

type Rgb = [number, number, number];

const kinds: Rgb[] = [
  [119, 170, 221],
  [153, 221, 255],
  [68, 187, 153],
  [198, 210, 96],
  [190, 186, 84],
  [238, 221, 136],
  [238, 136, 102],
  [255, 170, 187],
  [190, 170, 220],
];
const SHADES = 3;
const STEPS = 10; // of a difference, to each side

const mix = (a: Rgb, b: Rgb, share: number): Rgb => [0, 1, 2].map((i) => a[i] + (b[i] - a[i]) * share) as Rgb;
/** As a canvas keeps a pixel in memory, on the little-endian machines that browsers run on. */
const pixel = (c: Rgb) => (0xff000000 | (Math.round(c[2]) << 16) | (Math.round(c[1]) << 8) | Math.round(c[0])) >>> 0;

export interface Colors {
  fill: Uint32Array; // pixels by colour index; the last one is for the root, before it that for dimmed boxes
  hover: Uint32Array; // the same under the pointer
  index: Uint8Array; // by node
  dimmed: number;
  text: string;
  quietText: string;
  page: number; // pixel
}

/** As --page in style.css. */
const pageColor = (dark: boolean): Rgb => (dark ? [22, 24, 29] : [255, 255, 255]);

function kindFills(dark: boolean): Rgb[] {
  const page = pageColor(dark);
  return kinds.flatMap((c) =>
    [0, 1, 2].map((shade) => (dark ? mix(c, page, 0.46 + 0.07 * shade) : mix(c, page, 0.2 + 0.13 * shade))),
  );
}

function changeFills(dark: boolean): Rgb[] {
  const none: Rgb = dark ? [58, 63, 71] : [226, 228, 232];
  const less: Rgb = dark ? [40, 120, 190] : [80, 155, 225];
  const more: Rgb = dark ? [205, 105, 20] : [245, 140, 40];
  const fills: Rgb[] = [];
  for (let i = -STEPS; i <= STEPS; i++) fills.push(mix(none, i < 0 ? less : more, Math.abs(i) / STEPS));
  return fills;
}

/** -1 … 1: how much a node changed, of the largest change or of its own base. */
function changeOf(flame: Flame, node: number, relative: boolean, most: number): number {
  const net = flame.net[node];
  if (!relative) return most > 0 ? net / most : 0;
  const base = measureOf(flame.value[node], net, "base");
  return net < 0 ? net / base : net / Math.max(base, flame.value[node] - base);
}

function largestChange(flame: Flame): number {
  let most = 0;
  for (let i = 1; i < flame.net.length; i++) most = Math.max(most, Math.abs(flame.net[i]));
  return most;
}

/** Steps grow with the root of a change: small ones, which are most, stay visible. */
function stepOf(change: number): number {
  const size = Math.ceil(Math.sqrt(Math.min(1, Math.abs(change))) * STEPS - 0.05);
  return STEPS + Math.sign(change) * size;
}

export function colorsOf(flame: Flame, mode: ColorMode, dark: boolean): Colors {
  const changes = mode === "change" || mode === "relative";
  const fills = changes ? changeFills(dark) : kindFills(dark);
  const index = new Uint8Array(flame.parent.length);
  if (changes) {
    const most = largestChange(flame);
    for (let i = 0; i < index.length; i++) index[i] = stepOf(changeOf(flame, i, mode === "relative", most));
  } else {
    const bySource = flame.sources.map(({ name, file, pkg }) => {
      const kind = mode === "function" ? name : mode === "file" ? file || name : pkg || file || name;
      return (hashOf(kind) % kinds.length) * SHADES + (hashOf(name) % SHADES);
    });
    for (let i = 0; i < index.length; i++) index[i] = bySource[flame.source[i]];
  }
  const dimmed: Rgb = dark ? [44, 48, 55] : [236, 238, 241];
  const root: Rgb = dark ? [70, 76, 86] : [208, 212, 218];
  fills.push(dimmed, root);
  if (index.length && !changes) index[0] = fills.length - 1;
  return {
    fill: Uint32Array.from(fills, pixel),
    hover: Uint32Array.from(fills, (c) => pixel(mix(c, dark ? [255, 255, 255] : [0, 0, 0], 0.22))),
    index,
    dimmed: fills.length - 2,
    text: dark ? "#f2f4f7" : "#14171c",
    quietText: dark ? "#8c95a1" : "#8a919b",
    page: pixel(pageColor(dark)),
  };
}
