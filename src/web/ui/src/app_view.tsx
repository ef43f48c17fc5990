// The frame around the views: knows where we are, hands navigation down, and holds what is shared.

import { useCallback, useEffect, useState } from "preact/hooks";
import { ActionMenu, type MenuAt } from "./actions";
import { fetchAgain, getMeta, getOptions, type Meta, onWarnings, type Option } from "./api";
import { DisasmView } from "./disasm_view";
import { FilterChips } from "./chips_view";
import { FlameView } from "./flame_view";
import { GraphView } from "./graph_view";
import { Header } from "./header_view";
import { HelpView } from "./help_view";
import { useKeys } from "./keys";
import { OptionsView } from "./options_view";
import { PeekView } from "./peek_view";
import { SourceView } from "./source_view";
import { besideParams, type Place, placeOf, urlOf, withParams } from "./state";
import { TimelineView } from "./timeline_view";
import { TopView } from "./top_view";

export interface ViewProps {
  place: Place;
  meta: Meta | null;
  search: string;
  selected: string[];
  select: (names: string[]) => void;
  /** Goes to a place; quietly: without a step for the Back button. */
  go: (place: Place, quietly?: boolean) => void;
  /** Opens the menu of what can be done with functions. */
  menu: (names: string[], x: number, y: number) => void;
  version: number; // changes when the profile was fetched again
}

const viewOf = {
  flamegraph: FlameView,
  graph: GraphView,
  top: TopView,
  peek: PeekView,
  source: SourceView,
  disasm: DisasmView,
  timeline: TimelineView,
};

function usePlace(): [Place, (place: Place, quietly?: boolean) => void] {
  const [place, setPlace] = useState<Place>(() => placeOf(location));
  useEffect(() => {
    const onPop = () => setPlace(placeOf(location));
    addEventListener("popstate", onPop);
    return () => removeEventListener("popstate", onPop);
  }, []);
  const go = useCallback((next: Place, quietly = false) => {
    if (quietly) history.replaceState(null, "", urlOf(next));
    else history.pushState(null, "", urlOf(next));
    setPlace(next);
  }, []);
  return [place, go];
}

function useMeta(params: URLSearchParams, version: number) {
  const [meta, setMeta] = useState<Meta | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    getMeta(params, stop.signal).then(
      (m) => {
        setMeta(m);
        setError("");
        document.title = `${m.title} · pprof`;
      },
      (e: Error) => stop.signal.aborted || setError(e.message),
    );
    return () => stop.abort();
  }, [["si", "profile", "base", "unit", "mean", "tagroot"].map((name) => params.get(name)).join("\n"), version]);
  return { meta, error };
}

export function App() {
  const [place, goTo] = usePlace();
  const [warnings, setWarnings] = useState("");
  const [selected, select] = useState<string[]>([]);
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const [panel, setPanel] = useState<"" | "options" | "help">("");
  const [options, setOptions] = useState<Option[]>([]);
  const [version, setVersion] = useState(0);
  const [fetching, setFetching] = useState(false);
  const [trouble, setTrouble] = useState("");
  const { meta, error } = useMeta(place.params, version);
  const search = place.params.get("q") ?? "";

  useEffect(() => onWarnings(setWarnings), []);
  useEffect(() => {
    getOptions().then(setOptions, (e: Error) => setTrouble(e.message));
  }, []);

  const go = useCallback(
    (next: Place, quietly = false) => {
      setMenu(null);
      if (!quietly) select([]);
      goTo(next, quietly);
    },
    [goTo],
  );
  const again = () => {
    if (fetching) return;
    setFetching(true);
    setTrouble("");
    fetchAgain()
      .then(
        () => {
          setVersion((v) => v + 1);
          if (place.params.get("profile")) go({ ...place, params: withParams(place.params, { profile: "" }) });
        },
        (e: Error) => setTrouble(e.message),
      )
      .finally(() => setFetching(false));
  };
  const toggle = (which: "options" | "help") => setPanel((p) => (p === which ? "" : which));
  useKeys({ place, go, again, toggle, close: () => setPanel("") });

  const Shown = viewOf[place.view];
  const props: ViewProps = {
    place, meta, search, selected, select, go, version,
    menu: (names, x, y) => setMenu({ names, x, y }),
  };
  const beside = place.params.get("beside");
  const labelOf = (id: string | null) =>
    meta?.profiles.find((p) => (id ? p.id === id : p.current))?.label ?? "";
  const panes = [
    { label: labelOf(place.params.get("profile")), params: place.params },
    ...(beside ? [{ label: labelOf(beside), params: besideParams(place.params) }] : []),
  ];
  return (
    <>
      <Header {...props} options={options} again={again} fetching={fetching} toggle={toggle} />
      <FilterChips place={place} go={go} options={options} meta={meta} />
      {(error || trouble) && <div class="error" role="alert">{error || trouble}</div>}
      {warnings && <div class="warning" role="status">{warnings}</div>}
      <div class="body">
        <main class={beside ? "beside" : ""}>
          {panes.map(({ label, params }, i) => (
            <section key={`${place.view} ${i}`} aria-label={label}>
              {beside && <h2 class="pane">{label}</h2>}
              <Shown {...props} place={{ ...place, params }} go={i === 0 ? go : (to, quietly) => go(mainPlace(to, place), quietly)} />
            </section>
          ))}
        </main>
        {panel === "options" && <OptionsView place={place} go={go} options={options} meta={meta} close={() => setPanel("")} />}
      </div>
      {menu && <ActionMenu at={menu} place={place} go={go} close={() => setMenu(null)} />}
      {panel === "help" && <HelpView close={() => setPanel("")} meta={meta} />}
    </>
  );
}

/** Where the second pane wants to go, said in the parameters of the page. */
function mainPlace(to: Place, place: Place): Place {
  const keep = Object.fromEntries(["profile", "base", "beside"].map((name) => [name, place.params.get(name) ?? ""]));
  return { ...to, params: withParams(to.params, keep) };
}
