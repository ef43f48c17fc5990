// The sortable table. Only the rows in sight are in the document.

import { useMemo, useRef, useState } from "preact/hooks";
import { getTop, type TopRow } from "./api";
import type { ViewProps } from "./app_view";
import { useLoaded } from "./load";
import { matcher } from "./state";

const ROW_HEIGHT = 24;
const SPARE_ROWS = 20;

type Column = "flat" | "cum" | "name";

const columns: { key: Column | null; title: string; text: (row: TopRow) => string }[] = [
  { key: "flat", title: "Flat", text: (r) => r.flatText },
  { key: null, title: "Flat%", text: (r) => r.flatPercent },
  { key: null, title: "Sum%", text: (r) => r.sumPercent },
  { key: "cum", title: "Cum", text: (r) => r.cumText },
  { key: null, title: "Cum%", text: (r) => r.cumPercent },
  { key: "name", title: "Name", text: (r) => r.name },
  { key: null, title: "Inlined?", text: (r) => r.inline },
];

export function sortRows(rows: TopRow[], by: Column, descending: boolean): TopRow[] {
  const sign = descending ? -1 : 1;
  const compare =
    by === "name"
      ? (a: TopRow, b: TopRow) => (a.name < b.name ? -sign : a.name > b.name ? sign : 0)
      : (a: TopRow, b: TopRow) => sign * (Math.abs(a[by]) - Math.abs(b[by]));
  return [...rows].sort(compare);
}

export function TopView({ place, search, selected, select }: ViewProps) {
  const { data, error } = useLoaded((signal) => getTop(place.params, signal), [place.params.toString()]);
  const [order, setOrder] = useState<{ by: Column; descending: boolean }>({ by: "flat", descending: true });
  const [scroll, setScroll] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const matches = matcher(search);
  const rows = useMemo(() => (data ? sortRows(data.rows, order.by, order.descending) : []), [data, order]);

  if (error) return <div class="error" role="alert">{error}</div>;
  const height = box.current?.clientHeight ?? 800;
  const from = Math.max(0, Math.floor(scroll / ROW_HEIGHT) - SPARE_ROWS);
  const to = Math.min(rows.length, Math.ceil((scroll + height) / ROW_HEIGHT) + SPARE_ROWS);
  const toggle = (name: string) =>
    select(selected.includes(name) ? selected.filter((n) => n !== name) : [...selected, name]);
  return (
    <div class="top" ref={box} onScroll={(e) => setScroll(e.currentTarget.scrollTop)}>
      <table aria-rowcount={rows.length}>
        <thead>
          <tr>
            {columns.map(({ key, title }) => (
              <th
                scope="col"
                aria-sort={key === order.by ? (order.descending ? "descending" : "ascending") : undefined}
              >
                {key ? (
                  <button
                    type="button"
                    onClick={() => setOrder({ by: key, descending: key === order.by ? !order.descending : key !== "name" })}
                  >
                    {title}
                  </button>
                ) : (
                  title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr class="space" style={{ height: `${from * ROW_HEIGHT}px` }} />
          {rows.slice(from, to).map((row) => (
            <tr
              key={row.name}
              class={selected.includes(row.name) || matches?.(row.name) ? "selected" : ""}
              onClick={() => toggle(row.name)}
            >
              {columns.map(({ text, title }) => (
                <td class={title === "Name" ? "name" : ""}>{text(row)}</td>
              ))}
            </tr>
          ))}
          <tr class="space" style={{ height: `${(rows.length - to) * ROW_HEIGHT}px` }} />
        </tbody>
      </table>
    </div>
  );
}
