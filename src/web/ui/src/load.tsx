// One pattern for every view: fetch when the query changes, cancel what is no longer wanted, and
// keep what was there until the new arrives.

import { useEffect, useState } from "preact/hooks";

export interface Loaded<T> {
  data: T | null;
  error: string;
  busy: boolean;
}

export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, keys: unknown[]): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ data: null, error: "", busy: true });
  useEffect(() => {
    const stop = new AbortController();
    setState((s) => ({ ...s, busy: true }));
    load(stop.signal).then(
      (data) => stop.signal.aborted || setState({ data, error: "", busy: false }),
      (e: Error) => stop.signal.aborted || setState({ data: null, error: e.message, busy: false }),
    );
    return () => stop.abort();
  }, keys);
  return state;
}

/** What to show while there is nothing, something older, or what went wrong. */
export function Waiting({ data, error, busy }: Loaded<unknown>) {
  if (error) return <div class="error" role="alert">{error}</div>;
  if (busy) return <div class={data === null ? "wait" : "progress"} role="status">{data === null ? "Loading …" : ""}</div>;
  return null;
}

/** Where there is nothing to draw: a profile may be empty, and filters may leave nothing. */
export function NoSamples({ meta, filtered }: { meta: { sampleTypes: string[] } | null; filtered: boolean }) {
  const other = (meta?.sampleTypes.length ?? 0) > 1 ? " Another sample type may have some." : "";
  return (
    <p class="note empty" role="status">
      {filtered ? "The filters leave no samples." : `The profile has no samples of this type.${other}`}
    </p>
  );
}
