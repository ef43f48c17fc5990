// One flame graph on a canvas the size of what is in sight, with zoom, pan, hover and keys. It draws
// outside of the component's render: moving must not wait for anything else.

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Colors } from "./flame_color";
import { type Flame, type Layout, linksOf, neighbour, nodeAt } from "./flame_model";
import { paint, rowAt, rowCount, rowTop, type Scene } from "./flame_paint";
import { formatValue } from "./units";

const MOTION_MS = 160;
const MIN_SPAN = 1e-9;
const CLICK_MOVES = 3; // pixels a click may move

export interface ChartProps {
  flame: Flame;
  layout: Layout;
  colors: Colors;
  up: boolean;
  first: number; // the outermost row that is shown
  label: string;
  marked: Uint8Array | null;
  hover: number; // source under the pointer, of whatever chart
  onHover: (node: number) => void; // -1: none
  onZoom: (node: number) => void; // 0: all of it is shown
  onPivot: (node: number) => void;
  onMenu: (node: number, x: number, y: number) => void;
  zoomTo: number; // node; a change of it zooms
}

/** The height of a row: that of a line of text, which grows on large screens. */
export function rowHeight(): number {
  return Math.round(parseFloat(getComputedStyle(document.documentElement).fontSize) * 1.43);
}

function chartFont(): string {
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.86;
  return `${size}px ${getComputedStyle(document.body).fontFamily}`;
}

interface Motion {
  from: [number, number];
  to: [number, number];
  start: number;
}

/** What draws and moves the picture; one per mounted chart. */
class Stage {
  scene: Scene;
  drawn = 0; // boxes in the last frame
  private pending = 0;
  private motion: Motion | null = null;
  private font = "";

  constructor(
    private canvas: HTMLCanvasElement,
    private frame: HTMLElement,
    props: ChartProps,
  ) {
    this.scene = { ...this.fromProps(props), width: 0, height: 0, row: 20, from: 0, to: 1, top: 0, cursor: -1 };
  }

  private fromProps({ flame, layout, colors, up, first, marked, hover }: ChartProps) {
    return { flame, layout, colors, up, first, marked, hover };
  }

  update(props: ChartProps) {
    const turned = props.up !== this.scene.up;
    if (props.flame !== this.scene.flame) this.scene.cursor = -1;
    Object.assign(this.scene, this.fromProps(props));
    this.resize();
    if (turned) this.frame.scrollTop = props.up ? this.frame.scrollHeight : 0;
    this.schedule();
  }

  resize() {
    const { scene, canvas, frame } = this;
    scene.row = rowHeight();
    this.font = chartFont();
    scene.width = frame.clientWidth;
    scene.height = frame.clientHeight;
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(scene.width * ratio), Math.round(scene.height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    canvas.style.height = `${scene.height}px`;
    canvas.parentElement!.style.height = `${Math.max(rowCount(scene) * scene.row, scene.height)}px`;
    this.schedule();
  }

  schedule() {
    if (!this.pending) this.pending = requestAnimationFrame((now) => this.draw(now));
  }

  stop() {
    cancelAnimationFrame(this.pending);
  }

  private draw(now: number) {
    this.pending = 0;
    const { scene, motion } = this;
    if (motion) {
      const t = Math.min(1, (now - motion.start) / MOTION_MS);
      const ease = 1 - (1 - t) ** 3;
      scene.from = motion.from[0] + (motion.to[0] - motion.from[0]) * ease;
      scene.to = motion.from[1] + (motion.to[1] - motion.from[1]) * ease;
      if (t < 1) this.schedule();
      else this.motion = null;
    }
    scene.top = this.frame.scrollTop;
    this.drawn = paint(this.canvas, scene, devicePixelRatio || 1, this.font);
  }

  /** Shows a part of the width, at most all of it. */
  show(from: number, to: number, move: boolean) {
    const span = Math.min(1, Math.max(MIN_SPAN, to - from));
    const start = Math.min(Math.max(0, from), 1 - span);
    if (move && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.motion = { from: [this.scene.from, this.scene.to], to: [start, start + span], start: performance.now() };
    } else {
      this.motion = null;
      this.scene.from = start;
      this.scene.to = start + span;
    }
    this.schedule();
  }

  zoomTo(node: number) {
    const { layout } = this.scene;
    this.show(layout.x[node], layout.x[node] + layout.w[node], true);
    this.reveal(node);
  }

  zoomAt(x: number, factor: number) {
    const { from, to, width } = this.scene;
    const at = from + (x / width) * (to - from);
    this.show(at - (at - from) * factor, at + (to - at) * factor, false);
  }

  pan(dx: number, dy: number) {
    const { from, to, width } = this.scene;
    const share = (dx / width) * (to - from);
    this.show(from - share, to - share, false);
    if (dy) this.frame.scrollTop -= dy;
  }

  private reveal(node: number) {
    const { layout, row, height, first } = this.scene;
    const y = rowTop(this.scene, Math.max(layout.depth[node], first));
    if (y < 0 || y + row > height) this.frame.scrollTop += y - height / 3;
  }

  setCursor(node: number) {
    const { layout, from, to } = this.scene;
    this.scene.cursor = node;
    const [x, w] = [layout.x[node], layout.w[node]];
    if (x + w <= from || x >= to) this.show(x + w / 2 - (to - from) / 2, x + w / 2 + (to - from) / 2, true);
    this.reveal(node);
    this.schedule();
  }

  nodeAt(x: number, y: number): number {
    const { from, to, width, layout } = this.scene;
    return nodeAt(layout, rowAt(this.scene, y), from + (x / width) * (to - from));
  }
}

const arrows: Record<string, ["parent" | "child" | "next" | "previous", "parent" | "child" | "next" | "previous"]> = {
  ArrowDown: ["child", "parent"], // callers on top, callers below
  ArrowUp: ["parent", "child"],
  ArrowLeft: ["previous", "previous"],
  ArrowRight: ["next", "next"],
};

export function FlameChart(props: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const latest = useRef(props);
  const links = useMemo(() => linksOf(props.flame), [props.flame]);
  latest.current = props;

  useEffect(() => {
    const made = new Stage(canvas.current!, frame.current!, latest.current);
    stage.current = made;
    (frame.current as unknown as { stage: Stage }).stage = made; // for measurements
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(frame.current!);
    return () => {
      watch.disconnect();
      made.stop();
    };
  }, []);
  useEffect(() => stage.current!.update(props));
  useEffect(() => {
    if (props.up) frame.current!.scrollTop = frame.current!.scrollHeight;
  }, [props.flame]);
  useEffect(() => stage.current!.zoomTo(props.zoomTo), [props.zoomTo, props.flame, props.layout]);

  const drag = useDrag(stage, canvas);
  const at = (e: MouseEvent) => stage.current!.nodeAt(e.offsetX, e.offsetY);
  const onKey = (e: KeyboardEvent) => {
    const { scene } = stage.current!;
    const cursor = Math.max(0, scene.cursor);
    const arrow = arrows[e.key];
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (arrow) {
      const next = scene.cursor < 0 ? props.zoomTo : neighbour(props.flame, links, cursor, arrow[props.up ? 1 : 0]);
      stage.current!.setCursor(next);
      props.onHover(next);
    } else if (e.key === "Enter") props.onZoom(cursor);
    else if (e.key === "Escape" || e.key === "0") {
      props.onZoom(0);
      stage.current!.show(0, 1, true);
    } else if (e.key === "+" || e.key === "=") stage.current!.zoomAt(scene.width / 2, 0.8);
    else if (e.key === "-") stage.current!.zoomAt(scene.width / 2, 1.25);
    else if (e.key === "p") props.onPivot(cursor);
    else if (e.key === "m" || e.key === "ContextMenu") {
      const box = frame.current!.getBoundingClientRect();
      props.onMenu(cursor, box.x + 40, box.y + 40);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const total = `${formatValue(props.flame.total, props.flame.unit)} in total`;
  return (
    <div
      class="flame-scroll"
      ref={frame}
      tabIndex={0}
      role="application"
      aria-label={`${props.label} of ${props.flame.type}, ${total}. Arrow keys walk, Enter zooms, p shows callers and callees, m opens a menu.`}
      onKeyDown={onKey}
      onScroll={() => stage.current?.schedule()}
    >
      <div class="flame-room">
        <canvas
          ref={canvas}
          {...drag.handlers}
          onMouseMove={(e) => props.onHover(at(e))}
          onMouseLeave={() => props.onHover(-1)}
          onClick={(e) => {
            const node = at(e);
            if (!drag.moved() && node >= 0) props.onZoom(node);
          }}
          onDblClick={(e) => {
            const node = at(e);
            if (node > 0) props.onPivot(node);
          }}
          onContextMenu={(e) => {
            const node = at(e);
            if (node <= 0) return;
            e.preventDefault();
            props.onMenu(node, e.clientX, e.clientY);
          }}
        />
      </div>
    </div>
  );
}

/** Dragging pans; the wheel with Ctrl or Shift zooms or pans, without it scrolls. */
function useDrag(stage: { current: Stage | null }, canvas: { current: HTMLCanvasElement | null }) {
  const state = useRef<{ x: number; y: number; moved: number } | null>(null);
  const wasMoved = useRef(0);
  useEffect(() => {
    const onWheel = (e: WheelEvent) => {
      if (e.ctrlKey || e.metaKey) stage.current!.zoomAt(e.offsetX, e.deltaY > 0 ? 1.2 : 1 / 1.2);
      else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) stage.current!.pan(-(e.deltaX || e.deltaY), 0);
      else return;
      e.preventDefault();
    };
    const element = canvas.current!;
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);
  return {
    moved: () => wasMoved.current > CLICK_MOVES,
    handlers: {
      onPointerDown: (e: PointerEvent) => {
        wasMoved.current = 0;
        if (e.button === 0 && e.pointerType !== "touch") state.current = { x: e.clientX, y: e.clientY, moved: 0 };
      },
      onPointerMove: (e: PointerEvent) => {
        const from = state.current;
        if (!from || !(e.buttons & 1)) return;
        const [dx, dy] = [e.clientX - from.x, e.clientY - from.y];
        wasMoved.current += Math.abs(dx) + Math.abs(dy);
        if (wasMoved.current > CLICK_MOVES) {
          canvas.current!.setPointerCapture(e.pointerId);
          stage.current!.pan(dx, dy);
        }
        state.current = { ...from, x: e.clientX, y: e.clientY };
      },
      onPointerUp: () => {
        state.current = null;
      },
    },
  };
}
