// Talks to the server. Data comes from /ui/api/…, with the same query as the page.

import { decodeFlame, type Flame } from "./flame_model";
import { shortLabels } from "./state";
import { type Timeline, withSites } from "./timeline_model";

export interface ProfileEntry {
  id: string; // what a URL calls it
  label: string;
  current: boolean; // what is shown when the URL names none
  earlier: boolean; // replaced by one that was fetched later
}

export interface Meta {
  title: string; // "<file> <type>"
  legend: string[];
  sampling: string; // "One sample in 512kB of space"
  sampleTypes: string[];
  sampleType: string; // the one shown by default
  labels: string[]; // label keys
  profiles: ProfileEntry[];
  docUrl: string;
  version: string;
}

export interface Option {
  name: string;
  param: string; // of the URL
  kind: "bool" | "int" | "float" | "string" | "choice";
  value: string; // when the URL says nothing: the command line's
  default: string; // when the URL gives an empty one
  choices: string[];
  argument: string;
  help: string; // first line: summary
}

export interface SavedConfig {
  name: string;
  query: string;
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

export interface CodeRow {
  address: string; // "": no instruction but a call that was inlined, or a gap
  text: string;
  flat: number;
  cum: number;
  flatText: string;
  cumText: string;
  place: string; // file:line
}

export interface SourceLine extends Omit<CodeRow, "address" | "place"> {
  number: number;
  code: CodeRow[];
}

export interface SourceSection {
  function: string;
  file: string;
  error: string; // why the file could not be read
  flat: string;
  cum: string;
  percent: string;
  lines: SourceLine[];
}

export interface Source {
  total: string;
  sections: SourceSection[];
}

/** Told the warnings of every answer ("" for none), e.g. that a filter matched nothing. */
let listener: (warnings: string) => void = () => {};

export function onWarnings(tell: (warnings: string) => void) {
  listener = tell;
}

/** Answers that are not 200 carry one line of plain text: what is wrong. */
async function ask(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (!response.ok) throw new Error((await response.text()).trim() || response.statusText);
  return response;
}

async function get(name: string, params: URLSearchParams, signal?: AbortSignal): Promise<Response> {
  const response = await ask(`/ui/api/${name}?${params}`, { signal });
  if (name !== "meta") listener(response.headers.get("X-Pprof-Warnings") ?? "");
  return response;
}

export async function getMeta(params: URLSearchParams, signal?: AbortSignal): Promise<Meta> {
  const meta: Meta = await (await get("meta", params, signal)).json();
  const labels = shortLabels(meta.profiles.map((p) => p.label));
  return { ...meta, profiles: meta.profiles.map((p, i) => ({ ...p, label: labels[i] })) };
}

export async function getOptions(): Promise<Option[]> {
  return (await ask("/ui/api/options", {})).json();
}

export async function getConfigs(): Promise<SavedConfig[]> {
  return (await ask("/ui/api/configs", {})).json();
}

export async function saveConfig(name: string, params: URLSearchParams) {
  const query = new URLSearchParams(params);
  query.set("config", name);
  await ask(`/ui/saveconfig?${query}`, { method: "POST" });
}

export async function deleteConfig(name: string) {
  await ask(`/ui/deleteconfig?${new URLSearchParams({ config: name })}`, { method: "POST" });
}

/** The server fetches the profile again. */
export async function fetchAgain() {
  await ask("/ui/fetch", { method: "POST" });
}

export async function getTimeline(signal?: AbortSignal): Promise<Timeline> {
  return withSites(await (await ask("/ui/api/timeline", { signal })).json());
}

/** The server takes a sample of the running program, if there is one and it is time. */
export async function sampleProgram(signal?: AbortSignal) {
  await ask("/ui/sample", { method: "POST", signal });
}

type TopTuple = [string, string, number, number, string, string, string, string, string];

export async function getTop(params: URLSearchParams, signal?: AbortSignal): Promise<Top> {
  const { legend, rows } = (await (await get("top", params, signal)).json()) as { legend: string[]; rows: TopTuple[] };
  return {
    legend,
    rows: rows.map(([name, inline, flat, cum, flatText, cumText, flatPercent, sumPercent, cumPercent]) => ({
      name, inline, flat, cum, flatText, cumText, flatPercent, sumPercent, cumPercent,
    })),
  };
}

type CodeTuple = [string, string, number, number, string, string, string];
type LineTuple = [number, string, number, number, string, string, CodeTuple[]];
type SectionJson = Omit<SourceSection, "lines"> & { lines: LineTuple[] };

const codeOf = ([address, text, flat, cum, flatText, cumText, place]: CodeTuple): CodeRow => ({
  address, text, flat, cum, flatText, cumText, place,
});

const lineOf = ([number, text, flat, cum, flatText, cumText, code]: LineTuple): SourceLine => ({
  number, text, flat, cum, flatText, cumText, code: code.map(codeOf),
});

export async function getSource(params: URLSearchParams, signal?: AbortSignal): Promise<Source> {
  const { total, sections } = (await (await get("source", params, signal)).json()) as {
    total: string;
    sections: SectionJson[];
  };
  return { total, sections: sections.map((s) => ({ ...s, lines: s.lines.map(lineOf) })) };
}

export async function getFlame(params: URLSearchParams, signal?: AbortSignal): Promise<Flame> {
  return decodeFlame(await (await get("flame", params, signal)).arrayBuffer());
}

/** What all stacks that match q stand for, those included that the tree left out. */
export async function getFound(params: URLSearchParams, signal?: AbortSignal): Promise<{ value: number; net: number }> {
  return (await ask(`/ui/api/found?${params}`, { signal })).json();
}

/** Text reports: graph (DOT), peek, disasm. */
export async function getText(name: string, params: URLSearchParams, signal?: AbortSignal): Promise<string> {
  return (await get(name, params, signal)).text();
}
