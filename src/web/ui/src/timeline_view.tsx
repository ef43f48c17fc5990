// The course of time: memory, its limit and the sites that matter as curves with the verdict beside
// them; a chosen range shows the flame graph of its end or the difference of its ends.

import { useEffect, useMemo, useState } from "preact/hooks";
import { getTimeline, sampleProgram } from "./api";
import type { ViewProps } from "./app_view";
import { FlameView } from "./flame_view";
import { exactPattern, type Place, withParams } from "./state";
import { useDark } from "./theme";
import { curveColor, TimelineChart } from "./timeline_chart";
import { type Ahead, coneOf, type Curves, curvesOf, drawnSites, formatDuration, headline, horizon, nearest, rangeOf, type Site, type Timeline } from "./timeline_model";
import { SiteCard } from "./timeline_site";
import { formatValue } from "./units";

/** Reads the course of time, and while the page is in sight lets the server sample a running program. */
function useTimeline(version: number) {
  const [data, setData] = useState<Timeline | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const step = async () => {
      let next = 1;
      try {
        if (!document.hidden && (!data || data.live)) await sampleProgram(stop.signal);
        const now = await getTimeline(stop.signal);
        if (stop.signal.aborted) return;
        setData(now);
        setError("");
        if (!now.live) return;
        next = now.every;
      } catch (e) {
        if (stop.signal.aborted) return;
        setError((e as Error).message);
        next = 5;
      }
      timer = setTimeout(step, next * 1000);
    };
    step();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [version]);
  return { data, error };
}

const timeOf = (curves: Curves, times: boolean, i: number) =>
  times ? new Date(curves.x[i] * 1000).toTimeString().slice(0, 8) : `#${curves.x[i]}`;

const aheadOf = (params: URLSearchParams, data: Timeline): Ahead => {
  const set = params.get("ahead");
  if (set === "no" || set === "ahead" || set === "limit") return set;
  return data.report?.suspects.length ? "ahead" : "no";
};

function Verdict({ data }: { data: Timeline }) {
  const { report, why, moments } = data;
  if (!report)
    return (
      <p class="verdict-line" role="status">
        {why || (data.live ? "Waiting for the first samples …" : moments.length ? "" : "No profiles.")}
      </p>
    );
  const { word, text } = headline(report);
  return (
    <p class={`verdict-line ${report.outcome.replace(" ", "-")}`} role="status">
      <b>{word}</b> <span>{text}</span>
    </p>
  );
}

interface RangeBarProps {
  data: Timeline;
  curves: Curves;
  range: { from: number | null; to: number } | null;
  params: URLSearchParams;
  set: (change: Record<string, string>) => void;
}

function RangeBar({ data, curves, range, params, set }: RangeBarProps) {
  const ahead = aheadOf(params, data);
  const totals = curves.curves.find((c) => c.kind === "total")?.values;
  const change = range && range.from !== null && totals ? (totals[range.to] ?? 0) - (totals[range.from] ?? 0) : 0;
  return (
    <div class="bar">
      {range ? (
        <>
          <span id="range">
            {range.from !== null && `${timeOf(curves, data.times, range.from)} → `}
            {timeOf(curves, data.times, range.to)}
            {range.from !== null && `: ${change > 0 ? "+" : ""}${formatValue(change, data.value[1])}`}
          </span>
          {range.from !== null && (
            <span class="group" role="group" aria-label="Flame graph of">
              <button type="button" aria-pressed={params.get("ends") !== "last"} onClick={() => set({ ends: "" })}>
                Difference
              </button>
              <button type="button" aria-pressed={params.get("ends") === "last"} onClick={() => set({ ends: "last" })}>
                At its end
              </button>
            </span>
          )}
          <button type="button" onClick={() => set({ from: "", to: "", ends: "", p: "" })}>
            Clear
          </button>
        </>
      ) : (
        <span class="quiet">Drag over the chart, or click: the flame graph of that time.</span>
      )}
      <span class="spring" />
      {data.live && <span class="quiet live">sampled every {formatDuration(Math.max(1, data.every))}</span>}
      {data.report?.memory_slope && (
        <label class="choice">
          <span>Projection</span>
          <select value={ahead} onChange={(e) => set({ ahead: e.currentTarget.value })}>
            <option value="no">none</option>
            <option value="ahead">ahead</option>
            {data.report.limit !== null && <option value="limit">to the limit</option>}
          </select>
        </label>
      )}
    </div>
  );
}

/** Moves the ends of the range by keys; what the address is to say of it. */
function moved(e: KeyboardEvent, curves: Curves, range: { from: number | null; to: number } | null): Record<string, string> | null {
  const first = curves.ids.findIndex((id) => id > 0);
  const last = curves.ids.length - 1;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -last, End: last };
  const step = steps[e.key];
  if (step === undefined || first < 0) return null;
  const within = (i: number) => Math.min(last, Math.max(first, i));
  const to = range ? range.to : last;
  const key = (i: number) => `t${curves.ids[i]}`;
  if (e.shiftKey) return { from: key(within((range?.from ?? to) + step)), to: key(to) };
  return { from: range?.from == null ? "" : key(range.from), to: key(range ? within(to + step) : last) };
}

function Sites({ data, curves, source }: { data: Timeline; curves: Curves; source: (site: Site) => void }) {
  const { report } = data;
  if (!report) return null;
  const drawn = drawnSites(report);
  const ink = { text: "", quiet: "", line: "", accent: "", bad: "" };
  const colorOf = (site: Site) => {
    const at = curves.curves.findIndex((c) => c.values.slice(-site.curve.length).every((v, i) => v === site.curve[i]) && c.kind !== "total" && c.kind !== "memory");
    return drawn.includes(site) && at >= 0 ? curveColor(curves.curves, at, ink) : null;
  };
  const card = (site: Site) => (
    <SiteCard site={site} color={colorOf(site)} times={report.times} isSuspect={report.suspects.includes(site)} source={site.function ? () => source(site) : null} />
  );
  return (
    <aside class="sites" aria-label="Sites">
      {report.suspects.length > 0 && <h2>Suspects</h2>}
      {report.no_holder && report.suspects.length > 0 && <p class="note">Who holds them is not known: {report.no_holder}</p>}
      {report.suspects.map(card)}
      {report.not_leaks.length > 0 && <h2>{report.suspects.length ? "No leaks" : "Looked at"}</h2>}
      {report.not_leaks.slice(0, 8).map(card)}
    </aside>
  );
}

export function TimelineView(props: ViewProps) {
  const { place, go, version } = props;
  const { data, error } = useTimeline(version);
  const dark = useDark();
  const curves = useMemo(() => (data ? curvesOf(data) : null), [data]);
  if (!data || !curves)
    return error ? <div class="error" role="alert">{error}</div> : <div class="wait" role="status">Reading the profiles …</div>;

  const { params } = place;
  const set = (change: Record<string, string>) => go({ ...place, params: withParams(params, change) }, true);
  const range = rangeOf(params, curves.ids);
  const ahead = aheadOf(params, data);
  const last = curves.x.length - 1;
  const window = last > 0 ? curves.x[last] - curves.x[0] : 0;
  const seconds = data.times ? horizon(data.report, ahead, window) : 0;
  const newest = data.moments[data.moments.length - 1];
  const onRange = (fromX: number, toX: number) => {
    const [from, to] = [nearest(curves, fromX), nearest(curves, toX)];
    if (to >= 0) set({ from: from === to ? "" : `t${curves.ids[from]}`, to: `t${curves.ids[to]}` });
  };
  const alone = !data.live && data.moments.length + data.past.length < 2;
  const profiles = range && {
    profile: `t${curves.ids[range.to]}`,
    base: range.from !== null && params.get("ends") !== "last" ? `t${curves.ids[range.from]}` : "",
  };
  return (
    <div class="timeline">
      <div class="timeline-main">
        {error && <div class="error" role="alert">{error}</div>}
        <Verdict data={data} />
        {alone && (
          <p class="note" role="status">
            One profile has no course of time. Start pprof with several profiles, with the directory of{" "}
            <code>pprof leaks -save</code>, or with the address of a running program.
          </p>
        )}
        {last >= 0 && !alone && (
          <div
            class="timeline-keys"
            tabIndex={0}
            role="application"
            aria-label={`Memory over ${formatDuration(window)}, ${data.moments.length} profiles. Left and right move the end of the range, with Shift its start; Escape clears it.`}
            onKeyDown={(e) => {
              const change = e.key === "Escape" ? { from: "", to: "", ends: "", p: "" } : moved(e, curves, range);
              if (!change || e.ctrlKey || e.metaKey || e.altKey) return;
              set(change);
              e.preventDefault();
              e.stopPropagation();
            }}
          >
            <TimelineChart
              curves={curves}
              times={data.times}
              unit={data.value[1]}
              until={curves.x[last] + (seconds || (last === 0 ? 1 : 0))}
              cone={coneOf(data.report, curves.x[last], newest?.memory ?? null, seconds)}
              limit={newest?.limit ?? null}
              showLimit={ahead === "limit"}
              restarts={data.times ? data.restarts.map((ms) => ms / 1000) : []}
              deploys={data.deploys.map((ms) => ms / 1000)}
              range={range}
              onRange={onRange}
              dark={dark}
              tall={!range}
            />
          </div>
        )}
        {!alone && <RangeBar data={data} curves={curves} range={range} params={params} set={set} />}
        {profiles && (
          <section class="timeline-flame" aria-label="Flame graph of the chosen time">
            <FlameView
              {...props}
              place={{ ...place, params: withParams(params, { ...profiles, from: "", to: "", ends: "", ahead: "" }) }}
              go={(to, quietly) => go(outward(to, place), quietly)}
            />
          </section>
        )}
      </div>
      <Sites
        data={data}
        curves={curves}
        source={(site) => go({ view: "source", params: withParams(params, { f: exactPattern([site.function]), from: "", to: "", ends: "", ahead: "" }) })}
      />
    </div>
  );
}

/** Where the flame graph of a range leads: here the range stays the page's, elsewhere it is a profile. */
function outward(to: Place, place: Place): Place {
  if (to.view !== "timeline") return to;
  const kept = ["profile", "base", "from", "to", "ends", "ahead"];
  return { ...to, params: withParams(to.params, Object.fromEntries(kept.map((name) => [name, place.params.get(name) ?? ""]))) };
}
