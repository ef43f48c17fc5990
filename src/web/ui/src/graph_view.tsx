// The call graph: the server's DOT, laid out here by the graph engine, with pan and zoom.

import { useEffect, useRef, useState } from "preact/hooks";
import { getText } from "./api";
import type { ViewProps } from "./app_view";
import { useLoaded } from "./load";
import { matcher } from "./state";

const ZOOM_STEP = 1.1;
const ZOOM_MIN = 0.05;
const ZOOM_MAX = 10;

interface Camera {
  x: number;
  y: number;
  zoom: number;
}

async function drawGraph(dot: string): Promise<SVGSVGElement> {
  const engine: typeof import("./viz") = await import("/ui/viz.js" as string);
  const svg = await engine.layout(dot);
  svg.setAttribute("width", `${svg.viewBox.baseVal.width}px`);
  svg.setAttribute("height", `${svg.viewBox.baseVal.height}px`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Call graph");
  return svg;
}

const PROBE = "abcdefghijklmnopqrstuvwxyz0123456789";
const PROBE_EMS = 18.286; // its width in Helvetica, by the widths in Adobe's font metrics

/** How much smaller the page's font must be drawn to take no more room than Helvetica. */
function fontScale(family: string): number {
  const context = document.createElement("canvas").getContext("2d")!;
  context.font = `100px ${family}`;
  return Math.min(1, (100 * PROBE_EMS) / context.measureText(PROBE).width);
}

/** Draws the texts in the page's font, in the room that the engine left for them. */
function fitTexts(svg: SVGSVGElement) {
  const family = getComputedStyle(document.body).fontFamily;
  const scale = fontScale(family);
  svg.querySelectorAll("text").forEach((text) => {
    text.setAttribute("font-family", family);
    text.setAttribute("font-size", `${parseFloat(text.getAttribute("font-size") ?? "14") * scale}`);
  });
}

/** Name of a node: its tooltip without the value in parentheses. */
function nodeName(node: Element): string {
  const tip = node.querySelector("a")?.getAttribute("xlink:title") ?? "";
  return tip.replace(/ \([^()]*\)$/, "");
}

/** Fits the drawing to the window, at most at its natural size. */
function fit(svg: SVGSVGElement, frame: HTMLElement): Camera {
  const { width, height } = svg.viewBox.baseVal;
  const zoom = Math.min(1.5, frame.clientWidth / width, frame.clientHeight / height);
  return { zoom, x: (frame.clientWidth - width * zoom) / 2, y: 8 };
}

export function GraphView({ place, search, selected, select }: ViewProps) {
  const { data, error } = useLoaded((signal) => getText("graph", place.params, signal), [place.params.toString()]);
  const [svg, setSvg] = useState<SVGSVGElement | null>(null);
  const [broken, setBroken] = useState("");
  const [camera, setCamera] = useState<Camera>({ x: 0, y: 0, zoom: 1 });
  const frame = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);

  useEffect(() => {
    let wanted = true;
    if (data === null) return;
    drawGraph(data).then(
      (drawn) => {
        if (!wanted) return;
        setSvg(drawn);
        setCamera(fit(drawn, frame.current!));
      },
      (e: Error) => wanted && setBroken(e.message),
    );
    return () => {
      wanted = false;
    };
  }, [data]);

  useEffect(() => {
    const holder = frame.current?.firstElementChild;
    if (!svg || !holder) return;
    holder.replaceChildren(svg);
    fitTexts(svg);
  }, [svg]);

  useEffect(() => {
    const matches = matcher(search);
    svg?.querySelectorAll(".node").forEach((node) => {
      const name = nodeName(node);
      node.classList.toggle("selected", selected.includes(name) || (matches?.(name) ?? false));
    });
  }, [svg, search, selected]);

  const zoomAt = (clientX: number, clientY: number, factor: number) => {
    const box = frame.current!.getBoundingClientRect();
    const px = clientX - box.left;
    const py = clientY - box.top;
    setCamera((c) => {
      const zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, c.zoom * factor));
      const ratio = zoom / c.zoom;
      return { zoom, x: px - (px - c.x) * ratio, y: py - (py - c.y) * ratio };
    });
  };
  const click = (target: Element) => {
    const node = target.closest(".node");
    if (!node) return;
    const name = nodeName(node);
    select(selected.includes(name) ? selected.filter((n) => n !== name) : [...selected, name]);
  };

  if (error || broken) return <div class="error" role="alert">{error || broken}</div>;
  return (
    <div
      class="graph"
      ref={frame}
      onWheel={(e) => {
        e.preventDefault();
        zoomAt(e.clientX, e.clientY, e.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
      }}
      onPointerDown={(e) => {
        drag.current = { x: e.clientX, y: e.clientY, moved: false };
      }}
      onPointerMove={(e) => {
        const from = drag.current;
        if (!from) return;
        const dx = e.clientX - from.x;
        const dy = e.clientY - from.y;
        if (Math.abs(dx) + Math.abs(dy) > 3 || from.moved) {
          drag.current = { x: e.clientX, y: e.clientY, moved: true };
          setCamera((c) => ({ ...c, x: c.x + dx, y: c.y + dy }));
        }
      }}
      onPointerUp={(e) => {
        if (drag.current && !drag.current.moved) click(e.target as Element);
        drag.current = null;
      }}
      onPointerLeave={() => {
        drag.current = null;
      }}
    >
      <div
        class="graph-svg"
        style={{ transform: `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})` }}
      />
      {!svg && <p class="wait">Drawing the graph …</p>}
    </div>
  );
}
