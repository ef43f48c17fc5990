// Disassembly: the report's rows with bars, coloured.

import { useMemo } from "preact/hooks";
import { getText } from "./api";
import type { ViewProps } from "./app_view";
import { CodeSection, NoSymbol, Tokens, Value } from "./code_parts";
import { type AsmRoutine, type AsmRow, parseDisasm } from "./disasm_model";
import { asmTokens } from "./highlight";
import { useLoaded, Waiting } from "./load";
import { parseValue } from "./units";

function Row({ row, most }: { row: AsmRow; most: { flat: number; cum: number } }) {
  const [flat, cum] = [parseValue(row.flat), parseValue(row.cum)];
  const text = (value: string) => (value === "." ? "" : value);
  return (
    <tr class={`asm ${cum ? "hot" : ""}`}>
      <Value text={text(row.flat)} value={flat} most={most.flat} kind="flat" />
      <Value text={text(row.cum)} value={cum} most={most.cum} kind="cum" />
      <td class="no">{row.address}</td>
      <td class="code">
        <span class="asm-text">
          <Tokens tokens={asmTokens(row.text)} />
        </span>
        {row.place && <span class="place">{row.place}</span>}
      </td>
    </tr>
  );
}

function Routine({ routine }: { routine: AsmRoutine }) {
  const most = useMemo(
    () => ({
      flat: Math.max(...routine.rows.map((r) => Math.abs(parseValue(r.flat))), 0),
      cum: Math.max(...routine.rows.map((r) => Math.abs(parseValue(r.cum))), 0),
    }),
    [routine],
  );
  return (
    <CodeSection
      name={routine.name}
      about={<p class="file">{routine.summary}</p>}
      columns={["Flat", "Cum", "Address", "Instruction"]}
    >
      {routine.rows.map((row) => (
        <Row row={row} most={most} />
      ))}
    </CodeSection>
  );
}

export function DisasmView({ place, version }: ViewProps) {
  const loaded = useLoaded((signal) => getText("disasm", place.params, signal), [place.params.toString(), version]);
  const routines = useMemo(() => parseDisasm(loaded.data ?? ""), [loaded.data]);
  return (
    <div class="scroll report" tabIndex={0}>
      <Waiting {...loaded} />
      {/^no matches found/.test(loaded.error) && (
        <p class="note">
          Machine code is read from the program that was profiled. None of the profile's binaries is on this machine with
          a function of that name, or the profile names none; <code>PPROF_BINARY_PATH</code> says where else to look.
        </p>
      )}
      {loaded.data !== null && !place.params.get("f") && <NoSymbol />}
      {routines.map((routine) => (
        <Routine routine={routine} />
      ))}
    </div>
  );
}
