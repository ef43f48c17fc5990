// The call graph: the server's DOT, laid out here by the graph engine, with pan and zoom, and sliders
// for how much of it is shown.

import { useEffect, useRef, useState } from "preact/hooks";
import { getText } from "./api";
import type { ViewProps } from "./app_view";
import { type Drawing, drawGraph, fitTexts, markGraph } from "./graph_svg";
import { useLoaded, Waiting } from "./load";
import { exactPattern, matcher, type Place, withParams } from "./state";

const ZOOM_STEP = 1.1;
const ZOOM_MIN = 0.05;
const ZOOM_MAX = 10;
const ZOOM_READABLE = 0.75; // what a graph that is too large for the window is shown at first
const PAN_STEP = 60;
const SLIDE_WAIT_MS = 120;

interface Camera {
  x: number;
  y: number;
  zoom: number;
}

/** Fits the drawing to the window, at most somewhat above its natural size. */
function fit(svg: SVGSVGElement, frame: HTMLElement): Camera {
  const { width, height } = svg.viewBox.baseVal;
  const room = 12;
  const zoom = Math.min(1.5, (frame.clientWidth - room) / width, (frame.clientHeight - room) / height);
  return { zoom, x: (frame.clientWidth - width * zoom) / 2, y: Math.max(room / 2, (frame.clientHeight - height * zoom) / 2) };
}

/** Where the topmost function is, from the left, in units of the drawing. */
function topmost({ svg, nodes }: Drawing): number {
  const all = svg.getBoundingClientRect();
  const boxes = [...nodes.values()].map(({ element }) => element.getBoundingClientRect());
  const top = boxes.reduce((best, box) => (box.top < best.top ? box : best), boxes[0] ?? all);
  return ((top.left + top.width / 2 - all.left) / all.width) * svg.viewBox.baseVal.width;
}

/** What does not fit in letters that can be read is begun at its top, and the rest is panned to. */
function begin(drawing: Drawing, frame: HTMLElement): Camera {
  const whole = fit(drawing.svg, frame);
  const zoom = ZOOM_READABLE;
  if (whole.zoom >= zoom) return whole;
  const [room, width, edge] = [frame.clientWidth, drawing.svg.viewBox.baseVal.width * zoom, 6];
  if (width + 2 * edge <= room) return { zoom, x: (room - width) / 2, y: edge };
  const x = room / 2 - topmost(drawing) * zoom;
  return { zoom, x: Math.min(edge, Math.max(room - width - edge, x)), y: edge };
}

interface SliderProps {
  title: string;
  param: string;
  initial: number; // what the server takes when the URL says nothing
  steps: number[];
  format: (value: number) => string;
  place: Place;
  go: (place: Place, quietly: boolean) => void;
}

/** Shows its value while it moves; the graph follows a moment later. */
function Slider({ title, param, initial, steps, format, place, go }: SliderProps) {
  const said = Number(place.params.get(param) || initial);
  const [value, setValue] = useState(said);
  const latest = useRef(place);
  latest.current = place;
  useEffect(() => setValue(said), [said]);
  useEffect(() => {
    if (value === said) return;
    const timer = setTimeout(() => {
      const text = value === initial ? "" : String(value);
      go({ ...latest.current, params: withParams(latest.current.params, { [param]: text }) }, true);
    }, SLIDE_WAIT_MS);
    return () => clearTimeout(timer);
  }, [value]);
  const nearest = steps.reduce((best, s, i) => (Math.abs(s - value) < Math.abs(steps[best] - value) ? i : best), 0);
  return (
    <label class="slider">
      <span>{title}</span>
      <input
        type="range"
        min={0}
        max={steps.length - 1}
        value={nearest}
        aria-valuetext={format(value)}
        onInput={(e) => setValue(steps[Number(e.currentTarget.value)])}
      />
      <output>{format(value)}</output>
    </label>
  );
}

const counts = [5, 10, 15, 20, 30, 40, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500];
const fractions = [0, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const percent = (share: number) => `${+(share * 100).toFixed(3)}%`;

function Sliders(props: { place: Place; go: (place: Place, quietly: boolean) => void }) {
  return (
    <>
      <Slider {...props} title="Nodes" param="n" initial={80} steps={counts} format={String} />
      <Slider {...props} title="Node ≥" param="nf" initial={0.005} steps={fractions} format={percent} />
      <Slider {...props} title="Edge ≥" param="ef" initial={0.001} steps={fractions} format={percent} />
    </>
  );
}

export function GraphView({ place, search, selected, select, go, menu, version }: ViewProps) {
  const query = withParams(place.params, { q: "" }).toString();
  const loaded = useLoaded((signal) => getText("graph", new URLSearchParams(query), signal), [query, version]);
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [broken, setBroken] = useState("");
  const [camera, setCamera] = useState<Camera>({ x: 0, y: 0, zoom: 1 });
  const frame = useRef<HTMLDivElement>(null);
  const holder = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let wanted = true;
    if (loaded.data === null) return;
    drawGraph(loaded.data).then(
      (drawn) => wanted && setDrawing(drawn),
      (e: Error) => wanted && setBroken(e.message),
    );
    return () => {
      wanted = false;
    };
  }, [loaded.data]);
  useEffect(() => {
    if (!drawing) return;
    holder.current!.replaceChildren(drawing.svg);
    fitTexts(drawing.svg);
    setCamera(begin(drawing, frame.current!));
  }, [drawing]);
  useEffect(() => {
    if (drawing) markGraph(drawing, new Set(selected), matcher(search));
  }, [drawing, search, selected]);

  const zoomAt = (px: number, py: number, factor: number) =>
    setCamera((c) => {
      const zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, c.zoom * factor));
      const ratio = zoom / c.zoom;
      return { zoom, x: px - (px - c.x) * ratio, y: py - (py - c.y) * ratio };
    });
  const zoomCenter = (factor: number) => zoomAt(frame.current!.clientWidth / 2, frame.current!.clientHeight / 2, factor);
  const pan = (dx: number, dy: number) => setCamera((c) => ({ ...c, x: c.x + dx, y: c.y + dy }));
  const nameAt = (target: EventTarget | null) => {
    const title = (target as Element | null)?.closest?.(".node")?.querySelector("title")?.textContent ?? "";
    return drawing?.nodes.get(title)?.name ?? "";
  };
  const focus = (names: string[]) =>
    names.length && go({ ...place, params: withParams(place.params, { f: exactPattern(names) }) });
  const pointers = usePointers(pan, zoomAt, frame, (target, many) => {
    const name = nameAt(target);
    if (!name) select([]);
    else if (many) select(selected.includes(name) ? selected.filter((n) => n !== name) : [...selected, name]);
    else select(selected.length === 1 && selected[0] === name ? [] : [name]);
  });
  const onKey = (e: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => pan(PAN_STEP, 0),
      ArrowRight: () => pan(-PAN_STEP, 0),
      ArrowUp: () => pan(0, PAN_STEP),
      ArrowDown: () => pan(0, -PAN_STEP),
      "+": () => zoomCenter(1.25),
      "=": () => zoomCenter(1.25),
      "-": () => zoomCenter(0.8),
      "0": () => drawing && setCamera(fit(drawing.svg, frame.current!)),
      f: () => focus(selected),
      m: () => selected.length && menu(selected, innerWidth / 2, 120),
      Escape: () => select([]),
    };
    if (e.ctrlKey || e.metaKey || e.altKey || !moves[e.key]) return;
    moves[e.key]();
    e.preventDefault();
    e.stopPropagation();
  };

  return (
    <>
      <Waiting {...loaded} data={drawing ?? loaded.data} error={loaded.error || broken} />
      <div class="bar">
        <Sliders place={place} go={go} />
        <span class="spring" />
        {selected.length > 0 && (
          <>
            <button type="button" class="primary" onClick={() => focus(selected)}>
              Focus
            </button>
            <button type="button" onClick={(e) => menu(selected, e.clientX, e.clientY)}>
              Actions …
            </button>
          </>
        )}
        <span class="group">
          <button type="button" class="icon" aria-label="Smaller" onClick={() => zoomCenter(0.8)}>
            −
          </button>
          <button type="button" onClick={() => drawing && setCamera(fit(drawing.svg, frame.current!))}>
            Fit
          </button>
          <button type="button" class="icon" aria-label="Larger" onClick={() => zoomCenter(1.25)}>
            +
          </button>
        </span>
      </div>
      <div
        class="callgraph"
        ref={frame}
        tabIndex={0}
        aria-label="Call graph; arrows pan, plus and minus zoom, click picks a function, f focuses on it"
        onKeyDown={onKey}
        onDblClick={(e) => nameAt(e.target) && focus([nameAt(e.target)])}
        onContextMenu={(e) => {
          const name = nameAt(e.target);
          if (!name) return;
          e.preventDefault();
          menu(selected.includes(name) ? selected : [name], e.clientX, e.clientY);
        }}
        {...pointers}
      >
        <div
          class="graph-svg"
          ref={holder}
          style={{ transform: `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})` }}
        />
      </div>
    </>
  );
}

/** Dragging pans, two fingers and the wheel zoom, a click without a move picks. */
function usePointers(
  pan: (dx: number, dy: number) => void,
  zoomAt: (px: number, py: number, factor: number) => void,
  frame: { current: HTMLElement | null },
  click: (target: EventTarget | null, many: boolean) => void,
) {
  const down = useRef(new Map<number, { x: number; y: number }>());
  const moved = useRef(0);
  const place = (x: number, y: number) => {
    const box = frame.current!.getBoundingClientRect();
    return [x - box.left, y - box.top] as const;
  };
  return {
    onWheel: (e: WheelEvent) => {
      e.preventDefault();
      zoomAt(...place(e.clientX, e.clientY), e.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
    },
    onPointerDown: (e: PointerEvent) => {
      if (down.current.size === 0) moved.current = 0;
      down.current.set(e.pointerId, { x: e.clientX, y: e.clientY });
    },
    onPointerMove: (e: PointerEvent) => {
      const from = down.current.get(e.pointerId);
      if (!from) return;
      const other = [...down.current].find(([id]) => id !== e.pointerId)?.[1];
      const [dx, dy] = [e.clientX - from.x, e.clientY - from.y];
      moved.current += Math.abs(dx) + Math.abs(dy);
      if (other) {
        const before = Math.hypot(from.x - other.x, from.y - other.y);
        const now = Math.hypot(e.clientX - other.x, e.clientY - other.y);
        zoomAt(...place((e.clientX + other.x) / 2, (e.clientY + other.y) / 2), now / Math.max(before, 1));
      } else if (moved.current > 3) {
        frame.current!.setPointerCapture(e.pointerId);
        pan(dx, dy);
      }
      down.current.set(e.pointerId, { x: e.clientX, y: e.clientY });
    },
    onPointerUp: (e: PointerEvent) => {
      if (down.current.delete(e.pointerId) && moved.current <= 3 && e.button === 0)
        click(e.target, e.ctrlKey || e.metaKey || e.shiftKey);
    },
    onPointerCancel: (e: PointerEvent) => void down.current.delete(e.pointerId),
  };
}
