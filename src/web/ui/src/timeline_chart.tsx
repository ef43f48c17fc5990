// The chart of the course of time: uPlot for axes, lines, cursor and selection; marks and the cone of
// the projection are drawn behind and on top of the lines.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Cone, type Curve, type Curves, ticks } from "./timeline_model";
import { formatValue } from "./units";

export interface ChartProps {
  curves: Curves;
  times: boolean;
  unit: string;
  until: number; // right end of the axis
  cone: Cone | null;
  limit: number | null; // drawn when it is in sight or asked for
  showLimit: boolean;
  restarts: number[]; // on the axis
  deploys: number[]; // those of them that brought another build
  range: { from: number | null; to: number } | null; // indices
  onRange: (fromX: number, toX: number) => void;
  dark: boolean;
  tall: boolean; // nothing stands below it
}

const DAY = "{YYYY}-{MM}-{DD}";
const CLOCK = "{HH}:{mm}";
/** uPlot's table of how times are written: the distance of ticks in seconds, then what changed. */
const dates = [
  [86400, DAY, null, null, null, null, null, null, 1],
  [3600, CLOCK, `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [60, CLOCK, `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [1, ":{ss}", `\n${DAY} ${CLOCK}`, null, `\n${DAY} ${CLOCK}`, null, `\n${CLOCK}`, null, 1],
  [0.001, ":{ss}.{fff}", `\n${DAY} ${CLOCK}`, null, `\n${DAY} ${CLOCK}`, null, `\n${CLOCK}`, null, 1],
];

const suspects = ["#d9544d", "#b0559e", "#b8860b", "#a05a2c"];
const sites = ["#2a9d6f", "#3aa7c2", "#7a8f2b", "#8a78c8"];

interface Ink {
  text: string;
  quiet: string;
  line: string;
  accent: string;
  bad: string;
}

function inkOf(element: HTMLElement): Ink {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return { text: read("--text"), quiet: read("--quiet"), line: read("--line"), accent: read("--link"), bad: read("--bad") };
}

export function curveColor(curves: Curve[], i: number, ink: Ink): string {
  const { kind } = curves[i];
  const nth = curves.slice(0, i).filter((c) => c.kind === kind).length;
  if (kind === "memory") return ink.quiet;
  if (kind === "total") return ink.accent;
  return (kind === "suspect" ? suspects : sites)[nth % suspects.length];
}

function styleOf(curves: Curve[], i: number, ink: Ink): uPlot.Series {
  const color = curveColor(curves, i, ink);
  const filled = curves[i].kind === "suspect" || curves[i].kind === "site";
  return {
    label: curves[i].name,
    stroke: color,
    width: curves[i].kind === "memory" ? 2 : 1.75,
    dash: curves[i].kind === "memory" ? [6, 3] : undefined,
    fill: filled ? `${color}2e` : undefined,
    points: { show: curves[i].values.length < 40, size: 5 },
    spanGaps: false,
  };
}

/** Marks of restarts, the limit and the cone. */
function annotate(u: uPlot, { cone, limit, restarts, deploys, showLimit }: ChartProps, ink: Ink) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  const px = (x: number) => u.valToPos(x, "x", true);
  const py = (y: number) => u.valToPos(y, "y", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  if (cone) {
    ctx.fillStyle = ink.quiet;
    ctx.globalAlpha = 0.16;
    ctx.beginPath();
    ctx.moveTo(px(cone.x[0]), py(cone.lo[0]));
    ctx.lineTo(px(cone.x[1]), py(cone.lo[1]));
    ctx.lineTo(px(cone.x[1]), py(cone.hi[1]));
    ctx.fill();
    ctx.globalAlpha = 1;
    stroke(ctx, ink.quiet, [2 * ratio, 4 * ratio], px(cone.x[0]), py(cone.mid[0]), px(cone.x[1]), py(cone.mid[1]));
  }
  if (limit !== null && showLimit) {
    stroke(ctx, ink.bad, [8 * ratio, 4 * ratio], bbox.left, py(limit), bbox.left + bbox.width, py(limit));
    ctx.fillStyle = ink.bad;
    ctx.fillText(`limit ${formatValue(limit, "bytes")}`, bbox.left + 6 * ratio, py(limit) + 14 * ratio);
  }
  for (const at of restarts) {
    stroke(ctx, ink.text, [3 * ratio, 3 * ratio], px(at), bbox.top, px(at), bbox.top + bbox.height);
    ctx.fillStyle = ink.text;
    ctx.fillText(deploys.includes(at) ? "new build" : "restart", px(at) + 4 * ratio, bbox.top + 12 * ratio);
  }
  ctx.restore();
}

function stroke(ctx: CanvasRenderingContext2D, color: string, dash: number[], x0: number, y0: number, x1: number, y1: number) {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.5 * (devicePixelRatio || 1);
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** The largest value that is to be in sight. */
function highest({ curves, cone, limit, showLimit }: ChartProps): number {
  const values = curves.curves.flatMap((c) => c.values).filter((v): v is number => v !== null);
  const most = Math.max(1, ...values, ...(cone ? [cone.mid[1], Math.min(cone.hi[1], 2 * cone.mid[1])] : []));
  return showLimit && limit !== null ? Math.max(most, limit) * 1.04 : most * 1.08;
}

function axes({ times, unit }: ChartProps, ink: Ink): uPlot.Axis[] {
  const look = { stroke: ink.quiet, grid: { stroke: ink.line, width: 1 }, ticks: { stroke: ink.line, width: 1 }, font: "12px system-ui, sans-serif" };
  return [
    { ...look, values: times ? (dates as unknown as uPlot.Axis.Values) : (_, at) => at.map((t) => (Number.isInteger(t) ? `#${t}` : "")) },
    { ...look, size: 72, values: (_, at) => at.map((t) => formatValue(t, unit)), incrs: ticks(unit) ?? undefined },
  ];
}

function optionsOf(props: ChartProps, ink: Ink, width: number, height: number, latest: { current: ChartProps }): uPlot.Options {
  const { curves, times, unit } = props;
  return {
    width,
    height,
    scales: {
      x: { time: times, range: () => [latest.current.curves.x[0], latest.current.until] },
      y: { range: () => [0, highest(latest.current)] },
    },
    axes: axes(props, ink),
    series: [
      times ? { label: "Time", value: `${DAY} ${CLOCK}:{ss}` } : { label: "profile", value: (_, v) => (v === null ? "–" : `#${v}`) },
      ...curves.curves.map((_, i) => ({
        ...styleOf(curves.curves, i, ink),
        value: (_: uPlot, v: number | null) => (v === null ? "–" : formatValue(v, unit)),
      })),
    ],
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    legend: { live: true },
    hooks: {
      ready: [tellNewest],
      setCursor: [tellNewest],
      setData: [tellNewest],
      draw: [(u) => annotate(u, latest.current, ink)],
      setSelect: [
        (u) => {
          const { left, width: wide } = u.select;
          if (wide > 2) latest.current.onRange(u.posToVal(left, "x"), u.posToVal(left + wide, "x"));
        },
      ],
    },
  };
}

/** The legend tells of the newest moment while nobody points at another. */
function tellNewest(u: uPlot) {
  if ((u.cursor.left ?? -1) < 0) u.setLegend({ idx: u.data[0].length - 1 });
}

/** Shows the chosen range; does not tell of it. */
function mark(u: uPlot, { curves, range }: ChartProps) {
  if (!range) return u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  const at = (i: number) => u.valToPos(curves.x[i], "x");
  const left = range.from === null ? at(range.to) - 1.5 : at(range.from);
  u.setSelect({ left, top: 0, width: Math.max(3, at(range.to) - left), height: u.bbox.height / (devicePixelRatio || 1) }, false);
}

/** What a chart must be made anew for. */
const shapeOf = ({ curves, times, unit, dark }: ChartProps) =>
  [times, unit, dark, ...curves.curves.map((c) => c.kind + c.name), curves.x.length < 40].join("\n");

export function TimelineChart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = box.current!;
    const size = () => ({ width: element.clientWidth, height: Math.max(160, Math.min(innerHeight * (latest.current.tall ? 0.58 : 0.38), element.clientWidth * 0.7)) });
    const { width, height } = size();
    const data = [props.curves.x, ...props.curves.curves.map((c) => c.values)] as uPlot.AlignedData;
    const made = new uPlot(optionsOf(props, inkOf(element), width, height, latest), data, element);
    plot.current = made;
    (element as unknown as { plot: uPlot }).plot = made; // for tests
    made.over.addEventListener("click", (e) => {
      if (made.select.width <= 3) latest.current.onRange(made.posToVal(e.offsetX, "x"), made.posToVal(e.offsetX, "x"));
    });
    mark(made, latest.current);
    const watch = new ResizeObserver(() => {
      made.setSize(size());
      mark(made, latest.current);
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [shapeOf(props), props.tall]);
  useEffect(() => {
    const u = plot.current!;
    u.setData([props.curves.x, ...props.curves.curves.map((c) => c.values)] as uPlot.AlignedData);
    mark(u, props);
  }, [props.curves, props.until, props.range?.from, props.range?.to, props.showLimit]);

  return <div class="timeline-chart" ref={box} />;
}
