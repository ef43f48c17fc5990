// The graph engine (Graphviz compiled to WebAssembly), loaded when the graph view first opens.
import { instance } from "@viz-js/viz";

export async function layout(dot: string): Promise<SVGSVGElement> {
  const viz = await instance();
  return viz.renderSVGElement(dot);
}
