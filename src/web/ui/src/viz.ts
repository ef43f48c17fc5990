// The graph engine (Graphviz compiled to WebAssembly), loaded when the graph view first opens.
import { instance } from "@viz-js/viz";

/** The engine has no fonts: it reckons with Helvetica's widths, which the page scales its own font to. */
export async function layout(dot: string): Promise<SVGSVGElement> {
  const viz = await instance();
  const font = { fontname: "Helvetica" };
  return viz.renderSVGElement(dot, { graphAttributes: font, nodeAttributes: font, edgeAttributes: font });
}
