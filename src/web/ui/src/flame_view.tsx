// The flame graph page: fetches the tree, or for one function the trees of its callers and callees.

import { useEffect, useMemo, useState } from "preact/hooks";
import { getFlame, getFound } from "./api";
import type { ViewProps } from "./app_view";
import type { ColorMode } from "./flame_color";
import type { Flame, Measure } from "./flame_model";
import { type FlameLook, FlamePanel, type Found } from "./flame_panel";
import { NoSamples, useLoaded, Waiting } from "./load";
import { exactPattern, isFiltered, namesOf, withParams } from "./state";

interface Trees {
  flame: Flame;
  callers: Flame | null;
}

async function load(params: URLSearchParams, signal: AbortSignal): Promise<Trees> {
  if (!params.get("p")) return { flame: await getFlame(params, signal), callers: null };
  const [flame, callers] = await Promise.all([
    getFlame(params, signal),
    getFlame(withParams(params, { side: "callers" }), signal),
  ]);
  return { flame, callers };
}

function lookOf(params: URLSearchParams): FlameLook {
  const width = params.get("width");
  return {
    color: (params.get("color") ?? "") as ColorMode | "",
    up: params.get("up") === "t",
    measure: (width === "new" || width === "base" ? width : "both") as Measure,
  };
}

/** What the page's own drawing needs no answer of the server for. */
function dataQuery(params: URLSearchParams): string {
  return withParams(params, { color: "", up: "", width: "", q: "", z: "" }).toString();
}

/** A tree that is not whole sums a search only roughly: then the server sums it over all stacks. */
function useFound(flame: Flame | undefined, query: string, search: string, version: number): Found | null {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    setFound(null);
    if (!search || !flame?.hidden) return;
    const stop = new AbortController();
    // a pattern that only JavaScript knows keeps the rough sum
    getFound(withParams(new URLSearchParams(query), { q: search }), stop.signal).then(setFound, () => {});
    return () => stop.abort();
  }, [flame, query, search, version]);
  return found;
}

export function FlameView({ place, meta, search, select, go, menu, version }: ViewProps) {
  const query = dataQuery(place.params);
  const loaded = useLoaded((signal) => load(new URLSearchParams(query), signal), [query, version]);
  const pivot = place.params.get("p");
  const look = useMemo(() => lookOf(place.params), [place.params]);

  const found = useFound(loaded.data?.flame, query, search, version);
  if (!loaded.data) return <Waiting {...loaded} />;
  const { flame, callers } = loaded.data;
  const setLook = (next: FlameLook) =>
    go(
      {
        ...place,
        params: withParams(place.params, {
          color: next.color,
          up: next.up ? "t" : "",
          width: next.measure === "both" ? "" : next.measure,
        }),
      },
      true,
    );
  return (
    <>
      <Waiting {...loaded} />
      {flame.value[0] === 0 && <NoSamples meta={meta} filtered={isFiltered(place.params)} />}
      <FlamePanel
        flame={flame}
        callers={callers}
        title={pivot && callers ? namesOf(pivot).join(", ") : "root"}
        look={look}
        setLook={setLook}
        zoom={place.params.get("z") ?? ""}
        setZoom={(z) => go({ ...place, params: withParams(place.params, { z }) }, true)}
        search={search}
        found={found}
        select={select}
        pivot={(name) => go({ ...place, params: withParams(place.params, { p: exactPattern([name]), z: "" }) })}
        menu={(name, x, y) => menu([name], x, y)}
      >
        {pivot && (
          <button type="button" class="primary" onClick={() => go({ ...place, params: withParams(place.params, { p: "", z: "" }) })}>
            ← All stacks
          </button>
        )}
      </FlamePanel>
    </>
  );
}
