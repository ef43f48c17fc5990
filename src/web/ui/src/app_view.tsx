// The frame around the views: knows where we are, and hands navigation down.

import { useEffect, useState } from "preact/hooks";
import { getMeta, type Meta, onWarnings } from "./api";
import { FlameView } from "./flame_view";
import { GraphView } from "./graph_view";
import { Header } from "./header_view";
import { type Place, placeOf, urlOf } from "./state";
import { TextView } from "./text_view";
import { TopView } from "./top_view";

export interface ViewProps {
  place: Place;
  search: string;
  selected: string[];
  select: (names: string[]) => void;
  go: (place: Place) => void;
}

const viewOf = {
  flamegraph: FlameView,
  graph: GraphView,
  top: TopView,
  peek: TextView,
  source: TextView,
  disasm: TextView,
};

export function App() {
  const [place, setPlace] = useState<Place>(() => placeOf(location));
  const [meta, setMeta] = useState<Meta | null>(null);
  const [error, setError] = useState("");
  const [warnings, setWarnings] = useState("");
  const [search, setSearch] = useState("");
  const [selected, select] = useState<string[]>([]);

  useEffect(() => onWarnings(setWarnings), []);
  useEffect(() => {
    const onPop = () => setPlace(placeOf(location));
    addEventListener("popstate", onPop);
    return () => removeEventListener("popstate", onPop);
  }, []);

  useEffect(() => {
    const stop = new AbortController();
    getMeta(place.params, stop.signal).then(
      (m) => {
        setMeta(m);
        setError("");
      },
      (e: Error) => stop.signal.aborted || setError(e.message),
    );
    return () => stop.abort();
  }, [place.params.toString()]);

  const go = (next: Place) => {
    history.pushState(null, "", urlOf(next));
    setPlace(next);
    select([]);
  };
  const Shown = viewOf[place.view];
  const props: ViewProps = { place, search, selected, select, go };
  return (
    <>
      <Header {...props} meta={meta} setSearch={setSearch} />
      {error && <div class="error" role="alert">{error}</div>}
      {warnings && <div class="warning" role="status">{warnings}</div>}
      <main>
        <Shown key={place.view} {...props} />
      </main>
    </>
  );
}
