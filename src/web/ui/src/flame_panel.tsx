// Around one or two charts: what is under the pointer in figures, the sum of what a search finds, and
// how to colour and turn. Used by the page and by a flame graph in a file.

import { useEffect, useMemo, useState } from "preact/hooks";
import { FlameChart } from "./flame_chart";
import { type ColorMode, colorModes, colorsOf } from "./flame_color";
import { type Flame, layoutOf, marksOf, matched, type Measure, measureOf } from "./flame_model";
import { matcher } from "./state";
import { useDark } from "./theme";
import { formatPercent, formatValue } from "./units";

export interface FlameLook {
  color: ColorMode | "";
  up: boolean;
  measure: Measure;
}

interface PanelProps {
  flame: Flame; // whole, or the callees of a function
  callers: Flame | null; // of the function
  title: string; // of the root
  look: FlameLook;
  setLook: (look: FlameLook) => void;
  zoom: string; // mark of the box that fills the width, with "x" in front when it is one of the callers; "": all
  setZoom: (zoom: string) => void;
  search: string;
  found?: Found | null; // what the search finds in all stacks, when the tree has not all of them
  select: (names: string[]) => void; // what menus and links of other views are about
  pivot: ((name: string) => void) | null;
  menu: ((name: string, x: number, y: number) => void) | null;
  children?: preact.ComponentChildren;
}

function marks(flame: Flame, search: string): Uint8Array | null {
  const matches = matcher(search);
  return matches && Uint8Array.from(flame.sources, ({ name, unique }) => (matches(name) || matches(unique) ? 1 : 0));
}

function signed(value: number, unit: string): string {
  return (value > 0 ? "+" : "") + formatValue(value, unit);
}

/** "self 1MB │ 3MB (30%)", of a difference "base 2MB → new 3MB │ +1MB (+50%)". */
function figures(flame: Flame, node: number): string {
  const { unit, total } = flame;
  if (!flame.difference) {
    const self = formatValue(flame.self[node], unit);
    return `self ${self} │ ${formatValue(flame.value[node], unit)} (${formatPercent(flame.value[node], total)})`;
  }
  const base = measureOf(flame.value[node], flame.net[node], "base");
  const change = base > 0 ? `${flame.net[node] >= 0 ? "+" : "−"}${formatPercent(flame.net[node], base)}` : "new";
  const now = measureOf(flame.value[node], flame.net[node], "new");
  return `base ${formatValue(base, unit)} → new ${formatValue(now, unit)} │ ${signed(flame.net[node], unit)} (${change}) │ self ${signed(flame.selfNet[node], unit)}`;
}

export interface Found {
  value: number;
  net: number;
}

function Details({ flame, node, title, marked, exact }: { flame: Flame; node: number; title: string; marked: Uint8Array | null; exact: Found | null }) {
  const seen = useMemo(() => (marked ? matched(flame, (source) => marked[source] === 1) : null), [flame, marked]);
  const found = seen && (exact ?? seen);
  const source = node > 0 ? flame.sources[flame.source[node]] : null;
  const sum = found && (flame.difference ? signed(found.net, flame.unit) : formatValue(found.value, flame.unit));
  return (
    <div class="flame-details" aria-live="polite">
      <span class="name" id="flame-name" title={source?.unique}>
        {source ? source.name : title}
      </span>
      <span class="file">{source && [source.file, source.inlined ? "inlined" : ""].filter(Boolean).join(" · ")}</span>
      {found && (
        <span class="matched" id="flame-matched">
          matched {sum} ({formatPercent(found.value, flame.difference ? flame.value[0] : flame.total)})
        </span>
      )}
      <span class="figures" id="flame-value">{figures(flame, Math.max(0, node))}</span>
    </div>
  );
}

function Select<T extends string>(props: { label: string; value: T; set: (value: T) => void; choices: [T, string][] }) {
  return (
    <label class="choice">
      <span>{props.label}</span>
      <select value={props.value} onChange={(e) => props.set(e.currentTarget.value as T)}>
        {props.choices.map(([value, title]) => (
          <option value={value}>{title}</option>
        ))}
      </select>
    </label>
  );
}

function LookBar({ flame, mode, look, setLook }: { flame: Flame; mode: ColorMode } & Pick<PanelProps, "look" | "setLook">) {
  return (
    <>
      <Select
        label="Colour"
        value={mode}
        set={(color) => setLook({ ...look, color })}
        choices={colorModes.filter((m) => flame.difference || !m.difference).map((m) => [m.mode, m.title])}
      />
      {flame.difference && (
        <Select
          label="Width"
          value={look.measure}
          set={(measure) => setLook({ ...look, measure })}
          choices={[
            ["both", "base + new"],
            ["new", "new"],
            ["base", "base"],
          ]}
        />
      )}
      {flame.difference && (mode === "change" || mode === "relative") && (
        <span class="scale" aria-label="Blue is less, orange is more">
          less <i class="less" /> <i class="same" /> <i class="more" /> more
        </span>
      )}
    </>
  );
}

/** The node that a zoom is at, 0 when it is elsewhere or gone. */
function useZoomed(flame: Flame | null, zoom: string, prefix: string) {
  const all = useMemo(() => (flame ? marksOf(flame) : null), [flame]);
  const text = zoom.startsWith("x") === (prefix === "x") ? zoom.slice(prefix.length) : "";
  const node = all && text ? Math.max(0, all.indexOf(parseInt(text, 16))) : 0;
  return { node, zoomOf: (at: number) => (all && at > 0 ? prefix + all[at].toString(16).padStart(8, "0") : "") };
}

export function FlamePanel(props: PanelProps) {
  const { flame, callers, look, setLook, setZoom, search, select } = props;
  const dark = useDark();
  const [hover, setHover] = useState<{ flame: Flame; node: number } | null>(null);
  const zooms = [useZoomed(flame, props.zoom, ""), useZoomed(callers, props.zoom, "x")];
  const mode = look.color || (flame.difference ? "change" : "package");
  const marked = useMemo(() => marks(flame, search), [flame, search]);
  const markedCallers = useMemo(() => callers && marks(callers, search), [callers, search]);

  useEffect(() => setHover(null), [flame, callers]);
  const zoomed = (of: Flame) => zooms[of === flame ? 0 : 1].node;
  const nameOf = (of: Flame, node: number) => (node > 0 ? of.sources[of.source[node]].name : "");
  const shown = hover && (hover.flame === flame || hover.flame === callers) ? hover : { flame, node: zoomed(flame) };
  const hoverName = hover && hover.node > 0 ? nameOf(hover.flame, hover.node) : "";
  const chart = (of: Flame, up: boolean, label: string, found: Uint8Array | null) => (
    <Chart
      flame={of}
      measure={look.measure}
      mode={mode}
      dark={dark}
      up={up}
      first={callers ? 1 : 0}
      label={label}
      marked={found}
      hover={hoverName ? of.sources.findIndex((s) => s.name === hoverName) : -1}
      onHover={(node) => setHover(node >= 0 ? { flame: of, node } : null)}
      onZoom={(node) => {
        setZoom(zooms[of === flame ? 0 : 1].zoomOf(node));
        select(node > 0 ? [nameOf(of, node)] : []);
      }}
      onPivot={(node) => node > 0 && props.pivot?.(nameOf(of, node))}
      onMenu={(node, x, y) => node > 0 && props.menu?.(nameOf(of, node), x, y)}
      zoomTo={zoomed(of)}
    />
  );
  return (
    <div class="flame">
      <div class="bar">
        {props.children}
        <LookBar flame={flame} mode={mode} look={look} setLook={setLook} />
        {!callers && (
          <button type="button" aria-pressed={look.up} title="Turn upside down" onClick={() => setLook({ ...look, up: !look.up })}>
            {look.up ? "Callers below" : "Callers on top"}
          </button>
        )}
        {zooms.some(({ node }) => node > 0) && (
          <button type="button" onClick={() => setZoom("")}>
            Zoom out
          </button>
        )}
      </div>
      <Details flame={shown.flame} node={shown.node} title={props.title} marked={shown.flame === flame ? marked : markedCallers} exact={shown.flame === flame ? (props.found ?? null) : null} />
      {callers && chart(callers, true, "Callers", markedCallers)}
      {callers && (
        <div class="pivot">
          <span>▲ callers</span> <b>{props.title}</b> <span>callees ▼</span>
        </div>
      )}
      {chart(flame, look.up && !callers, callers ? "Callees" : "Flame graph", marked)}
      {flame.hidden > 0 && <p class="note">{flame.hidden === 1 ? "One box too thin to see was" : `${flame.hidden} boxes too thin to see were`} left out.</p>}
    </div>
  );
}

type ChartOf = Omit<Parameters<typeof FlameChart>[0], "layout" | "colors"> & { measure: Measure; mode: ColorMode; dark: boolean };

function Chart({ measure, mode, dark, ...rest }: ChartOf) {
  const layout = useMemo(() => layoutOf(rest.flame, measure), [rest.flame, measure]);
  const colors = useMemo(() => colorsOf(rest.flame, mode, dark), [rest.flame, mode, dark]);
  return <FlameChart {...rest} layout={layout} colors={colors} />;
}
