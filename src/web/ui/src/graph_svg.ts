// The drawing of the call graph: from the server's DOT to an SVG that the page can mark and pick from.

export interface Drawing {
  svg: SVGSVGElement;
  nodes: Map<string, { name: string; element: Element }>; // by the engine's id, "N1"
  edges: { from: string; to: string; element: Element }[];
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
export function fitTexts(svg: SVGSVGElement) {
  const family = getComputedStyle(document.body).fontFamily;
  const scale = fontScale(family);
  svg.querySelectorAll("text").forEach((text) => {
    text.setAttribute("font-family", family);
    text.setAttribute("font-size", `${parseFloat(text.getAttribute("font-size") ?? "14") * scale}`);
  });
}

/** Name of a node: its tooltip without the value in parentheses. */
function nameOf(node: Element): string {
  const tip = node.querySelector("a")?.getAttribute("xlink:title") ?? "";
  return tip.replace(/ \([^()]*\)$/, "");
}

const titleOf = (element: Element) => element.querySelector("title")?.textContent ?? "";

export async function drawGraph(dot: string): Promise<Drawing> {
  const engine: typeof import("./viz") = await import("/ui/viz.js" as string);
  const svg = await engine.layout(dot);
  svg.setAttribute("width", `${svg.viewBox.baseVal.width}px`);
  svg.setAttribute("height", `${svg.viewBox.baseVal.height}px`);
  svg.querySelector(".graph > polygon")?.setAttribute("fill", "none"); // the page's own background
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Call graph");
  const nodes: Drawing["nodes"] = new Map();
  for (const element of svg.querySelectorAll(".node"))
    if (/^N\d+$/.test(titleOf(element))) nodes.set(titleOf(element), { name: nameOf(element), element });
  const edges = [...svg.querySelectorAll(".edge")].map((element) => {
    const [from, to] = titleOf(element).split("->");
    return { from, to, element };
  });
  return { svg, nodes, edges };
}

/** Marks what is picked or found; with something picked, what is not next to it steps back. */
export function markGraph({ nodes, edges, svg }: Drawing, picked: Set<string>, found: ((name: string) => boolean) | null) {
  const near = new Set<string>();
  const ids = new Set([...nodes].filter(([, n]) => picked.has(n.name)).map(([id]) => id));
  for (const { from, to, element } of edges) {
    const touches = ids.has(from) || ids.has(to);
    element.classList.toggle("near", touches);
    if (touches) near.add(from).add(to);
  }
  for (const element of svg.querySelectorAll(".node")) element.classList.toggle("near", near.has(titleOf(element)));
  for (const [id, { name, element }] of nodes) {
    element.classList.toggle("selected", ids.has(id) || (found?.(name) ?? false));
    element.classList.toggle("near", near.has(id) || ids.has(id));
  }
  svg.classList.toggle("picking", ids.size > 0);
}
