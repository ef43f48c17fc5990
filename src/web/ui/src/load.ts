// One pattern for every view: fetch when the query changes, cancel what is no longer wanted.

import { useEffect, useState } from "preact/hooks";

export interface Loaded<T> {
  data: T | null;
  error: string;
}

export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, keys: unknown[]): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ data: null, error: "" });
  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal).then(
      (data) => setState({ data, error: "" }),
      (e: Error) => stop.signal.aborted || setState({ data: null, error: e.message }),
    );
    return () => stop.abort();
  }, keys);
  return state;
}
