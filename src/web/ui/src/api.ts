// Talks to the server. Data comes from /ui/api/…, with the same query as the page.

import { decodeFlame, type Flame } from "./flame_model";

export interface Meta {
  title: string; // "<file> <type>"
  legend: string[];
  sampleTypes: string[];
  sampleType: string; // the one shown by default
  docUrl: string;
  version: string;
}

export interface TopRow {
  name: string;
  inline: string; // "", "(inline)" or "(partial-inline)"
  flat: number;
  cum: number;
  flatText: string;
  cumText: string;
  flatPercent: string;
  sumPercent: string;
  cumPercent: string;
}

export interface Top {
  legend: string[];
  rows: TopRow[];
}

/** Told the warnings of every answer ("" for none), e.g. that a filter matched nothing. */
let listener: (warnings: string) => void = () => {};

export function onWarnings(tell: (warnings: string) => void) {
  listener = tell;
}

/** Answers that are not 200 carry one line of plain text: what is wrong. */
async function get(name: string, params: URLSearchParams, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(`/ui/api/${name}?${params}`, { signal });
  if (!response.ok) throw new Error((await response.text()).trim() || response.statusText);
  if (name !== "meta") listener(response.headers.get("X-Pprof-Warnings") ?? "");
  return response;
}

export async function getMeta(params: URLSearchParams, signal?: AbortSignal): Promise<Meta> {
  return (await get("meta", params, signal)).json();
}

export async function getTop(params: URLSearchParams, signal?: AbortSignal): Promise<Top> {
  return (await get("top", params, signal)).json();
}

export async function getFlame(params: URLSearchParams, signal?: AbortSignal): Promise<Flame> {
  return decodeFlame(await (await get("flame", params, signal)).arrayBuffer());
}

/** Text reports: graph (DOT), peek, source, disasm. */
export async function getText(name: string, params: URLSearchParams, signal?: AbortSignal): Promise<string> {
  return (await get(name, params, signal)).text();
}
