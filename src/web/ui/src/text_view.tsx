// Peek, source and disassembly: the text reports.

import { getText } from "./api";
import type { ViewProps } from "./app_view";
import { useLoaded } from "./load";

export function TextView({ place }: ViewProps) {
  const { data, error } = useLoaded(
    (signal) => getText(place.view, place.params, signal),
    [place.view, place.params.toString()],
  );
  if (error) return <div class="error" role="alert">{error}</div>;
  return <pre class="report" tabIndex={0}>{data ?? "Loading …"}</pre>;
}
