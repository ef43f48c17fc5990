// The course of time without a chart: what the server's JSON holds (driver/timeline_json.c and
// leaks/explain_json.c), and what of it is drawn. Tested on its own.

import { formatValue } from "./units";

export interface Moment {
  id: number; // 0: of an earlier run, no profile is left of it
  time: number | null; // ms since the epoch
  total: number | null;
  memory: number | null; // of the process
  limit: number | null;
}

export interface Range {
  value: number;
  lo: number;
  hi: number | null; // null: no upper end
}

export interface Site {
  verdict: string;
  trust: string;
  function: string;
  file: string;
  line: number;
  stack: string; // callers first, " -> " between
  holder: string; // what keeps the blocks alive; "" unknown
  holder_samples: number;
  other_holder: string; // of many that it does not; "" none
  other_holder_samples: number;
  held_samples: number; // of which it is known
  rate: Range;
  live_bytes: number;
  live_objects: number;
  least_bytes: number;
  most_bytes: number;
  period_seconds: number | null;
  born: number;
  died: number;
  survivors?: number[]; // by quarters of the run, young first
  survivors_seconds?: number[];
  oldest_seconds?: number;
  caveat?: string; // of a suspect, sentences
  next?: string;
  needs?: string;
  curve: number[];
}

export interface Report {
  outcome: "leak" | "no leak" | "undecided";
  why: string;
  times: boolean;
  profiles: number;
  window_seconds: number;
  uptime_seconds: number | null;
  could_hide: number;
  no_holder: string; // why nobody knows what holds the suspects; ""
  memory: number | null;
  limit: number | null;
  memory_slope: Range | null;
  seconds_to_limit: Range | null;
  explained: number | null;
  suspects: Site[];
  not_leaks: Site[];
  in_use?: Site[]; // instead, when growth cannot be seen yet
}

export interface Timeline {
  live: boolean;
  every: number; // seconds between samples
  times: boolean;
  value: [string, string]; // type and unit of Moment.total
  restarts: number[];
  deploys: number[]; // those of them that brought another build
  past: Moment[];
  moments: Moment[];
  why: string;
  report: Report | null;
}

/** A holder as steps: its root, then fields and elements ("global t (t.c:1) .b[*] ->next*"). */
export const holderSteps = (path: string) => path.split(/ (?=->|\.|\[|\*)/).filter(Boolean);

/** Who holds a site: each with the share of the samples that it holds. */
export function holders(site: Site): { title: string; steps: string[] }[] {
  const one = (title: string, path: string, samples: number) => ({
    title: `${title}: ${Math.round(samples)} of ${Math.round(site.held_samples)} samples`,
    steps: holderSteps(path),
  });
  return [
    ...(site.holder ? [one("Held by", site.holder, site.holder_samples)] : []),
    ...(site.other_holder ? [one("Also held by", site.other_holder, site.other_holder_samples)] : []),
  ];
}

/** Sites that are no suspects have one of two names. */
export function withSites(data: Timeline): Timeline {
  const { report } = data;
  return report ? { ...data, report: { ...report, not_leaks: report.not_leaks ?? report.in_use ?? [] } } : data;
}

const SITES = 4; // curves of sites that are drawn
const LEAST_SHARE = 0.02; // of the largest, below which one is not

/** Sites worth a curve: suspects, and then what is largest. */
export function drawnSites(report: Report | null): Site[] {
  if (!report) return [];
  const all = [...report.suspects, ...report.not_leaks];
  const most = Math.max(0, ...all.map((s) => s.most_bytes));
  return all.filter((s) => s.most_bytes > 0 && s.most_bytes >= LEAST_SHARE * most).slice(0, SITES);
}

export const siteName = (s: Site) => `${s.function}${s.file ? ` ${s.file}` : ""}${s.line ? `:${s.line}` : ""}`;

export interface Curve {
  name: string;
  kind: "memory" | "total" | "suspect" | "site";
  values: (number | null)[];
}

export interface Curves {
  x: number[]; // seconds since the epoch, or numbers of profiles
  ids: number[]; // of the moments
  curves: Curve[];
}

/** What is drawn, one value for each moment, those of earlier runs included when they have a time. */
export function curvesOf({ times, value, past, moments, report }: Timeline): Curves {
  const before = times ? past.filter((m) => m.time !== null) : [];
  const all = [...before, ...moments];
  const none = before.map(() => null);
  const known = (read: (m: Moment) => number | null) => (all.some((m) => read(m) !== null) ? all.map(read) : null);
  const curves: Curve[] = [];
  const memory = known((m) => m.memory);
  const total = known((m) => m.total);
  if (memory) curves.push({ name: "process memory", kind: "memory", values: memory });
  if (total) curves.push({ name: value[0] || "total", kind: "total", values: total });
  for (const site of drawnSites(report))
    if (site.curve.length === moments.length)
      curves.push({
        name: siteName(site),
        kind: report!.suspects.includes(site) ? "suspect" : "site",
        values: [...none, ...site.curve],
      });
  return { x: all.map((m, i) => (times ? m.time! / 1000 : i + 1)), ids: all.map((m) => m.id), curves };
}

export type Ahead = "no" | "ahead" | "limit";

export interface Cone {
  x: [number, number];
  lo: [number, number];
  mid: [number, number];
  hi: [number, number];
}

/** How far into the future is drawn, in seconds. */
export function horizon(report: Report | null, ahead: Ahead, window: number): number {
  if (!report?.memory_slope || ahead === "no") return 0;
  const near = Math.max(1, window) / 2;
  if (ahead === "ahead" || !report.seconds_to_limit) return near;
  return Math.max(near, report.seconds_to_limit.value * 1.15);
}

/** Where memory will be if it goes on as it does: the 95 % interval of its slope. */
export function coneOf(report: Report | null, x: number, memory: number | null, seconds: number): Cone | null {
  const slope = report?.memory_slope;
  if (!slope || memory === null || seconds <= 0) return null;
  const at = (rate: number): [number, number] => [memory, Math.max(0, memory + rate * seconds)];
  return { x: [x, x + seconds], lo: at(slope.lo), mid: at(slope.value), hi: at(slope.hi ?? slope.value) };
}

/** "54 min", "3 h 12 min", "2 d 4 h". */
export function formatDuration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return `${seconds.toFixed(1)} s`;
  const units: [string, number][] = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = Math.max(0, units.findIndex(([, size]) => seconds >= size || size === 1));
  const [name, size] = units[first];
  const whole = Math.floor(seconds / size);
  const below = units[first + 1];
  const rest = below && whole < 10 ? Math.floor((seconds - whole * size) / below[1]) : 0;
  return rest ? `${whole} ${name} ${rest} ${below[0]}` : `${whole} ${name}`;
}

const perSecond = (v: number) => `${v > 0 ? "+" : ""}${formatValue(v, "bytes")}`;

/** "+486kB/s [451kB..522kB]". */
export function formatRate(rate: Range, times: boolean): string {
  const ends = `${formatValue(rate.lo, "bytes")}..${rate.hi === null ? "?" : formatValue(rate.hi, "bytes")}`;
  return `${perSecond(rate.value)}${times ? "/s" : " a profile"} [${ends}]`;
}

/** The verdict in a word and a sentence. */
export function headline(report: Report): { word: string; text: string } {
  const first = report.suspects[0];
  const word = report.outcome === "leak" ? "LEAK" : report.outcome === "no leak" ? "NO LEAK" : "UNDECIDED";
  const parts: string[] = [];
  if (report.outcome === "leak" && first) {
    parts.push(`${siteName(first)} grows ${formatRate(first.rate, report.times)}`);
    if (report.explained !== null) parts.push(`the suspects explain ${Math.round(Math.min(1, report.explained) * 100)} % of the growth of memory`);
  } else if (report.why) {
    parts.push(report.why);
  }
  const limit = report.seconds_to_limit;
  // There is none without a leak unless memory grows that malloc did not give out.
  if (report.outcome === "no leak" && limit) parts.push("in the heap, and memory grows: mmap, stacks of threads, or fragmentation");
  if (limit)
    parts.push(`limit of ${formatValue(report.limit ?? 0, "bytes")} in ${formatDuration(limit.value)} [${formatDuration(limit.lo)}..${limit.hi === null ? "never" : formatDuration(limit.hi)}]`);
  const largest = report.not_leaks[0];
  if (report.outcome === "no leak" && largest)
    parts.push(`${siteName(largest)}: ${largest.verdict.toLowerCase()} ${formatValue(largest.least_bytes, "bytes")}..${formatValue(largest.most_bytes, "bytes")}${largest.period_seconds === null ? "" : `, every ${formatDuration(largest.period_seconds)}`}`);
  if (report.outcome === "no leak" && report.could_hide > 0)
    parts.push(`a leak slower than ${formatValue(report.could_hide, "bytes")}/s could hide`);
  return { word: first?.trust && report.outcome === "leak" ? `${word} (${first.trust})` : word, text: parts.join(" · ") };
}

/** Ticks for an axis of bytes: powers of two and three halves of them; of anything else as usual. */
export function ticks(unit: string): number[] | null {
  return unit === "bytes" ? Array.from({ length: 50 }, (_, i) => 2 ** i) : null;
}

export interface AgeBar {
  label: string; // "0 s … 12 s"
  share: number; // of the longest bar
  count: number;
}

/** Survivors by age, as many a second in each quarter: a leak is flat, a TTL a cliff. */
export function ageBars(site: Site): AgeBar[] {
  const { survivors, survivors_seconds: seconds } = site;
  if (!survivors || !seconds || seconds.length !== survivors.length || !seconds.some((s) => s > 0)) return [];
  const density = survivors.map((n, i) => (seconds[i] > 0 ? n / seconds[i] : 0));
  const most = Math.max(...density);
  let from = 0;
  return survivors.map((count, i) => {
    const label = `${formatDuration(from)} … ${formatDuration(from + seconds[i])}`;
    from += seconds[i];
    return { label, share: most > 0 ? density[i] / most : 0, count: Math.round(count) };
  });
}

/** The chosen moments as indices into the moments of `ids`; null for none. */
export function rangeOf(params: URLSearchParams, ids: number[]): { from: number | null; to: number } | null {
  const at = (name: string) => {
    const id = Number(/^t(\d+)$/.exec(params.get(name) ?? "")?.[1] ?? 0);
    return id > 0 ? ids.indexOf(id) : -1;
  };
  const [from, to] = [at("from"), at("to")];
  if (to < 0) return null;
  return { from: from < 0 || from === to ? null : Math.min(from, to), to: Math.max(from, to) };
}

/** The moment nearest to a place on the axis that has a profile; -1 when none has. */
export function nearest(curves: Curves, x: number): number {
  let best = -1;
  curves.x.forEach((at, i) => {
    if (curves.ids[i] > 0 && (best < 0 || Math.abs(at - x) < Math.abs(curves.x[best] - x))) best = i;
  });
  return best;
}
