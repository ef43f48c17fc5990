// What the page shows is its URL: the view is the path's last part, options are the query, with
// google/pprof's parameter names. So every link reproduces a view and Back works.

export type View = "flamegraph" | "graph" | "top" | "peek" | "source" | "disasm" | "timeline";

export const views: { view: View; title: string; key: string }[] = [
  { view: "flamegraph", title: "Flame Graph", key: "1" },
  { view: "graph", title: "Graph", key: "2" },
  { view: "top", title: "Top", key: "3" },
  { view: "peek", title: "Peek", key: "4" },
  { view: "source", title: "Source", key: "5" },
  { view: "disasm", title: "Disassemble", key: "6" },
  { view: "timeline", title: "Timeline", key: "7" },
];

export interface Place {
  view: View;
  params: URLSearchParams;
}

export function placeOf(location: { pathname: string; search: string }): Place {
  const last = location.pathname.split("/").pop() ?? "";
  const known = views.find((v) => v.view === last);
  return { view: known ? known.view : "flamegraph", params: new URLSearchParams(location.search) };
}

export function urlOf(place: Place): string {
  const query = place.params.toString();
  return `/ui/${place.view}${query ? `?${query}` : ""}`;
}

/** A copy of the parameters with some set; "" removes one. */
export function withParams(params: URLSearchParams, change: Record<string, string>): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(change)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/**
 * A copy where an option has the default of its own. What the command line has set, and the server
 * takes when the URL says nothing, is taken away by an empty value.
 */
export function without(params: URLSearchParams, option: { param: string; value: string; default: string }): URLSearchParams {
  const next = withParams(params, { [option.param]: "" });
  if (option.value !== option.default) next.set(option.param, "");
  return next;
}

/** A regular expression that matches exactly these names, as RE2 and as JavaScript. */
export function exactPattern(names: string[]): string {
  return names.map((n) => `^${n.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`).join("|");
}

/** For people: the names of an exact pattern, or the pattern itself. */
export function namesOf(pattern: string): string[] {
  const parts = pattern.split(/(?<=\$)\|(?=\^)/);
  if (!parts.every((part) => /^\^.*\$$/.test(part))) return [pattern];
  return parts.map((part) => part.slice(1, -1).replace(/\\(.)/g, "$1"));
}

/** A pattern for text that has file and line behind each name: exact names stay exact. */
export function linePattern(pattern: string): string {
  const names = namesOf(pattern);
  return names.length === 1 && names[0] === pattern ? pattern : pattern.replace(/\$(?=\||$)/g, "( |$)");
}

/** The search box's text as a predicate; null when it is empty or not a valid pattern. */
export function matcher(search: string): ((name: string) => boolean) | null {
  if (search === "") return null;
  try {
    const re = new RegExp(search);
    return (name) => re.test(name);
  } catch {
    return null;
  }
}

/** Parameters that say which profiles are shown, not how. */
export const profileParams = ["profile", "base", "beside"];

/** True when the URL leaves out samples. */
export function isFiltered(params: URLSearchParams): boolean {
  return ["f", "i", "h", "s", "sf", "tf", "ti", "prunefrom"].some((name) => params.get(name));
}

/** The parameters of the second pane: another profile, the same options. */
export function besideParams(params: URLSearchParams): URLSearchParams {
  return withParams(params, { profile: params.get("beside") ?? "", base: "", beside: "" });
}

/** Paths without their folders, where the names alone tell them apart; addresses stay whole. */
export function shortLabels(labels: string[]): string[] {
  const names = labels.map((label) => (label.includes("://") ? label : label.replace(/^.*\//, "")));
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : labels[i]));
}
