// Rows of code with values: bars for flat and cum in front of coloured text.

import type { Token } from "./highlight";

export function Tokens({ tokens }: { tokens: Token[] }) {
  return <>{tokens.map(({ kind, text }) => (kind ? <span class={`t-${kind}`}>{text}</span> : text))}</>;
}

/** A value over a bar of its share of the largest one. */
export function Value({ text, value, most, kind }: { text: string; value: number; most: number; kind: "flat" | "cum" }) {
  const share = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
  return (
    <td class={`value ${kind} ${value < 0 ? "less" : ""}`}>
      {share > 0 && <i style={{ width: `${Math.max(2, share * 100)}%` }} />}
      <span>{text}</span>
    </td>
  );
}

/** A function's code: its name, what is to say about it, and the table of its rows. */
export function CodeSection(props: {
  name: string;
  about: preact.ComponentChildren;
  columns: string[];
  children: preact.ComponentChildren; // rows
}) {
  return (
    <section class="code-section">
      <h2>{props.name}</h2>
      {props.about}
      <div class="code-table">
        <table>
          <thead>
            <tr>
              {props.columns.map((title) => (
                <th scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>{props.children}</tbody>
        </table>
      </div>
    </section>
  );
}

export function NoSymbol() {
  return (
    <p class="note">
      All functions of the profile are shown, the heaviest first. Pick one in another view, or search and press Enter.
    </p>
  );
}
