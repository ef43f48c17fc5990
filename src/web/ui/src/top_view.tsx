// The sortable table. Only the rows in sight are in the document; a search leaves those that match.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getTop, type TopRow } from "./api";
import type { ViewProps } from "./app_view";
import { NoSamples, useLoaded, Waiting } from "./load";
import { exactPattern, isFiltered, matcher, withParams } from "./state";
import { formatPercent, sumTexts } from "./units";

const SPARE_ROWS = 20;

type Column = "flat" | "cum" | "name";

interface Order {
  by: Column;
  descending: boolean;
}

const columns: { key: Column | null; title: string; text: (row: TopRow) => string; bar?: "flat" | "cum" }[] = [
  { key: "flat", title: "Flat", text: (r) => r.flatText, bar: "flat" },
  { key: null, title: "Flat%", text: (r) => r.flatPercent },
  { key: null, title: "Sum%", text: (r) => r.sumPercent },
  { key: "cum", title: "Cum", text: (r) => r.cumText, bar: "cum" },
  { key: null, title: "Cum%", text: (r) => r.cumPercent },
  { key: "name", title: "Name", text: (r) => r.name },
  { key: null, title: "Inlined?", text: (r) => r.inline },
];

/** The order is in the address as the column, with "-" in front when it is turned round. */
function orderOf(params: URLSearchParams): Order {
  const text = params.get("order") ?? "";
  const by = columns.find(({ key }) => key === text.replace("-", ""))?.key ?? (params.get("sort") === "cum" ? "cum" : "flat");
  return { by, descending: (by !== "name") !== text.startsWith("-") };
}

const orderText = ({ by, descending }: Order) => (descending === (by !== "name") ? "" : "-") + by;

export function sortRows(rows: TopRow[], by: Column, descending: boolean): TopRow[] {
  const sign = descending ? -1 : 1;
  const compare =
    by === "name"
      ? (a: TopRow, b: TopRow) => (a.name < b.name ? -sign : a.name > b.name ? sign : 0)
      : (a: TopRow, b: TopRow) => sign * (Math.abs(a[by]) - Math.abs(b[by]));
  return [...rows].sort(compare);
}

/** Height of a row in CSS pixels: as in style.css, 1.8 lines of text. */
function rowHeight(): number {
  return Math.round(parseFloat(getComputedStyle(document.documentElement).fontSize) * 1.8);
}

function Head({ order, setOrder }: { order: Order; setOrder: (order: Order) => void }) {
  return (
    <tr aria-rowindex={1}>
      {columns.map(({ key, title }) => (
        <th scope="col" aria-sort={key === order.by ? (order.descending ? "descending" : "ascending") : undefined}>
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
  );
}

function Bar({ value, most }: { value: number; most: number }) {
  const share = most > 0 ? Math.abs(value) / most : 0;
  return share > 0 ? <i class={value < 0 ? "less" : ""} style={{ width: `${share * 100}%` }} /> : null;
}

export function TopView({ place, meta, search, selected, select, go, menu, version }: ViewProps) {
  const query = withParams(place.params, { q: "", order: "", z: "" }).toString();
  const loaded = useLoaded((signal) => getTop(new URLSearchParams(query), signal), [query, version]);
  const order = useMemo(() => orderOf(place.params), [place.params.get("order"), place.params.get("sort")]);
  const setOrder = (next: Order) => go({ ...place, params: withParams(place.params, { order: orderText(next) }) }, true);
  const [scroll, setScroll] = useState(0);
  const [cursor, setCursor] = useState(-1);
  const box = useRef<HTMLDivElement>(null);
  const all = loaded.data?.rows ?? [];
  const rows = useMemo(() => {
    const matches = matcher(search);
    return sortRows(matches ? all.filter((r) => matches(r.name)) : all, order.by, order.descending);
  }, [loaded.data, order, search]);
  const most = useMemo(() => {
    const largest = (key: "flat" | "cum") => all.reduce((m, r) => Math.max(m, Math.abs(r[key])), 0);
    return { flat: largest("flat"), cum: largest("cum") };
  }, [loaded.data]);
  useEffect(() => setCursor(-1), [rows]);

  if (!loaded.data) return <Waiting {...loaded} />;
  const rowSize = rowHeight();
  const height = box.current?.clientHeight ?? 800;
  const from = Math.max(0, Math.floor(scroll / rowSize) - SPARE_ROWS);
  const to = Math.min(rows.length, Math.ceil((scroll + height) / rowSize) + SPARE_ROWS);
  const picked = new Set(selected);
  const toggle = (name: string) => select(picked.has(name) ? selected.filter((n) => n !== name) : [...selected, name]);
  const moveTo = (i: number) => {
    const at = Math.min(rows.length - 1, Math.max(0, i));
    setCursor(at);
    const y = at * rowSize;
    if (y < box.current!.scrollTop) box.current!.scrollTop = y;
    if (y + 3 * rowSize > box.current!.scrollTop + height) box.current!.scrollTop = y + 3 * rowSize - height;
  };
  const menuAt = (row: TopRow, x: number, y: number) => menu(picked.has(row.name) ? selected : [row.name], x, y);
  const onKey = (e: KeyboardEvent) => {
    const page = Math.floor(height / rowSize) - 2;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[e.key];
    const row = rows[cursor];
    if (e.target !== box.current) return;
    if (step !== undefined) moveTo(cursor + step);
    else if (row && e.key === " ") toggle(row.name);
    else if (row && (e.key === "Enter" || e.key === "m" || e.key === "ContextMenu")) {
      const top = box.current!.getBoundingClientRect().top + (cursor + 1.5) * rowSize - box.current!.scrollTop;
      menuAt(row, 80, top);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const shownSum = search !== "" && rows.length !== all.length;
  return (
    <>
      <Waiting {...loaded} />
      {all.length === 0 && <NoSamples meta={meta} filtered={isFiltered(place.params)} />}
      <div class="bar" role="status">
        <span>
          {shownSum ? `${rows.length} of ${all.length} functions match` : `${all.length} functions`}
          {shownSum && `, ${sumTexts(rows.map((r) => r.flatText))} flat (${formatPercent(rows.reduce((s, r) => s + r.flat, 0), totalOf(all))} of what is shown)`}
        </span>
        {selected.length > 0 && (
          <>
            <span>{selected.length} picked</span>
            <button type="button" onClick={(e) => menu(selected, e.clientX, e.clientY)}>
              Actions
            </button>
            <button type="button" onClick={() => select([])}>
              Clear
            </button>
          </>
        )}
      </div>
      <div
        class="top"
        ref={box}
        tabIndex={0}
        aria-label="Functions; arrows walk, Enter opens a menu, Space picks"
        onScroll={(e) => setScroll(e.currentTarget.scrollTop)}
        onKeyDown={onKey}
      >
        <table aria-rowcount={rows.length + 1}>
          <thead>
            <Head order={order} setOrder={setOrder} />
          </thead>
          <tbody>
            <tr class="space" aria-hidden="true" style={{ height: `${from * rowSize}px` }} />
            {rows.slice(from, to).map((row, i) => (
              <tr
                key={`${row.name}${from + i}`}
                aria-rowindex={from + i + 2}
                class={`${picked.has(row.name) ? "selected" : ""} ${from + i === cursor ? "cursor" : ""}`}
                aria-selected={picked.has(row.name)}
                onClick={() => {
                  toggle(row.name);
                  setCursor(from + i);
                }}
                onDblClick={() => go({ view: "source", params: withParams(place.params, { f: exactPattern([row.name]) }) })}
                onContextMenu={(e) => {
                  e.preventDefault();
                  menuAt(row, e.clientX, e.clientY);
                }}
              >
                {columns.map(({ text, title, bar }) => (
                  <td class={title === "Name" ? "name" : (bar ?? "")} title={title === "Name" ? row.name : undefined}>
                    {bar && <Bar value={row[bar]} most={most[bar]} />}
                    <span>{text(row)}</span>
                  </td>
                ))}
              </tr>
            ))}
            <tr class="space" aria-hidden="true" style={{ height: `${(rows.length - to) * rowSize}px` }} />
          </tbody>
        </table>
      </div>
    </>
  );
}

function totalOf(rows: TopRow[]): number {
  return rows.reduce((sum, r) => sum + r.flat, 0);
}
