// The flame graph on a canvas: callers on top. Click zooms, Escape goes back out.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getFlame } from "./api";
import type { ViewProps } from "./app_view";
import { type Box, type Flame, hueOf, layoutBoxes, linksOf, matchedValue } from "./flame_model";
import { useLoaded } from "./load";
import { matcher } from "./state";
import { formatPercent, formatValue } from "./units";

const ROW = 20; // CSS pixels
const MIN_BOX = 1;
const MIN_TEXT = 24;

interface Shown {
  flame: Flame;
  boxes: Box[];
  width: number;
}

interface Paint {
  hover: number; // source under the pointer, -1 none
  marked: ((source: number) => boolean) | null;
}

function colorOf(flame: Flame, node: number, dark: boolean): string {
  const net = flame.net[node];
  const value = flame.value[node];
  if (Math.abs(net) < value) {
    const share = value ? net / value : 0;
    return share > 0 ? `hsl(2 60% ${dark ? 45 : 75}%)` : `hsl(210 50% ${dark ? 45 : 75}%)`;
  }
  if (node === 0) return dark ? "#444" : "#ddd";
  const { pkg, file, name } = flame.sources[flame.source[node]];
  return `hsl(${hueOf(pkg || file || name)} 55% ${dark ? 38 : 78}%)`;
}

function drawBox(g: CanvasRenderingContext2D, { flame, width }: Shown, box: Box, paint: Paint, dark: boolean) {
  const x = box.x * width;
  const y = box.depth * ROW;
  const w = Math.max(box.w * width - 0.5, 0.5);
  const source = flame.source[box.node];
  const marked = paint.marked?.(source) ?? false;
  g.globalAlpha = paint.marked && !marked ? 0.45 : 1;
  g.fillStyle = marked ? (dark ? "#b08900" : "#ffd24a") : colorOf(flame, box.node, dark);
  g.fillRect(x, y, w, ROW - 1);
  if (source === paint.hover) {
    g.fillStyle = dark ? "rgba(255,255,255,.25)" : "rgba(0,0,0,.15)";
    g.fillRect(x, y, w, ROW - 1);
  }
  if (box.node > 0 && !flame.sources[source].inlined) {
    g.fillStyle = dark ? "#ddd" : "#333";
    g.fillRect(x, y, w, 1);
  }
  if (w >= MIN_TEXT) {
    g.fillStyle = dark ? "#fff" : "#111";
    g.save();
    g.beginPath();
    g.rect(x + 2, y, w - 4, ROW);
    g.clip();
    g.fillText(flame.sources[source].name, x + 3, y + ROW / 2 + 1);
    g.restore();
  }
}

function draw(canvas: HTMLCanvasElement, shown: Shown, paint: Paint) {
  const ratio = devicePixelRatio || 1;
  const depth = shown.boxes.reduce((most, b) => Math.max(most, b.depth), 0) + 1;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  canvas.width = Math.round(shown.width * ratio);
  canvas.height = Math.round(depth * ROW * ratio);
  canvas.style.height = `${depth * ROW}px`;
  const g = canvas.getContext("2d")!;
  g.scale(ratio, ratio);
  g.font = "12px system-ui, sans-serif";
  g.textBaseline = "middle";
  for (const box of shown.boxes) drawBox(g, shown, box, paint, dark);
}

function boxAt(shown: Shown, x: number, y: number): Box | null {
  const depth = Math.floor(y / ROW);
  const share = x / shown.width;
  return shown.boxes.find((b) => b.depth === depth && share >= b.x && share < b.x + b.w) ?? null;
}

/** The node that the URL's pivot names: the heaviest one with that name. */
function pivotNode(flame: Flame, pivot: string | null): number {
  const matches = pivot ? matcher(pivot) : null;
  let best = 0;
  if (!matches) return 0;
  for (let i = 1; i < flame.parent.length; i++)
    if (matches(flame.sources[flame.source[i]].name) && (best === 0 || flame.value[i] > flame.value[best])) best = i;
  return best;
}

function describe(flame: Flame, node: number): { name: string; text: string } {
  const source = flame.sources[flame.source[node]];
  const self = formatValue(flame.self[node], flame.unit);
  const value = formatValue(flame.net[node], flame.unit);
  const percent = formatPercent(flame.net[node], flame.total);
  return { name: node === 0 ? "root" : source.name, text: `self ${self} │ ${value} (${percent})` };
}

export function FlameView({ place, search, selected, select }: ViewProps) {
  const query = place.params.toString();
  const { data: flame, error } = useLoaded((signal) => getFlame(place.params, signal), [query]);

  if (error) return <div class="error" role="alert">{error}</div>;
  if (!flame) return <p class="wait">Loading …</p>;
  return <FlameChart flame={flame} pivot={place.params.get("p")} search={search} selected={selected} select={select} />;
}

export interface ChartProps {
  flame: Flame;
  pivot: string | null; // pattern of the function to start at
  search: string;
  selected: string[];
  select: (names: string[]) => void;
}

/** The chart of data that is there: also the whole of a stand-alone file. */
export function FlameChart({ flame, pivot, search, selected, select }: ChartProps) {
  const [width, setWidth] = useState(0);
  const [root, setRoot] = useState(0);
  const [hover, setHover] = useState<Box | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const links = useMemo(() => linksOf(flame), [flame]);

  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(frame.current?.clientWidth ?? 0));
    if (frame.current) watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => setRoot(pivotNode(flame, pivot)), [flame]);

  const shown = useMemo<Shown | null>(
    () => (width ? { flame, width, boxes: layoutBoxes(flame, links, root, MIN_BOX / width) } : null),
    [flame, links, width, root],
  );
  const matches = matcher(search);
  const marked = matches || selected.length
    ? (source: number) => {
        const name = flame.sources[source].name;
        return selected.includes(name) || (matches?.(name) ?? false);
      }
    : null;
  useEffect(() => {
    if (canvas.current && shown)
      draw(canvas.current, shown, { hover: hover ? shown.flame.source[hover.node] : -1, marked });
  });

  const at = describe(flame, hover ? hover.node : root);
  return (
    <div class="flame">
      <div class="flame-details" aria-live="polite">
        <span class="name" id="flame-name">{at.name}</span>
        <span id="flame-value">
          {marked && `matched ${formatValue(matchedValue(flame, marked), flame.unit)} (${formatPercent(matchedValue(flame, marked), flame.total)}) │ `}
          {at.text}
        </span>
        {root !== 0 && (
          <button type="button" onClick={() => setRoot(0)}>
            Zoom out
          </button>
        )}
      </div>
      <div class="flame-scroll" ref={frame} tabIndex={0} onKeyDown={(e) => e.key === "Escape" && setRoot(0)}>
        <canvas
          ref={canvas}
          aria-label={`Flame graph of ${flame.type}, ${formatValue(flame.total, flame.unit)} in total`}
          role="img"
          onMouseMove={(e) => shown && setHover(boxAt(shown, e.offsetX, e.offsetY))}
          onMouseLeave={() => setHover(null)}
          onClick={(e) => {
            const box = shown && boxAt(shown, e.offsetX, e.offsetY);
            if (!box) return;
            setRoot(box.node);
            select(box.node === 0 ? [] : [flame.sources[flame.source[box.node]].name]);
          }}
        />
      </div>
      {flame.hidden > 0 && <p class="note">{flame.hidden} boxes too thin to see were left out.</p>}
    </div>
  );
}
