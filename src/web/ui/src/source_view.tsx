// Annotated source: values by line, and behind each line the machine code that was made of it.

import { useEffect, useMemo, useState } from "preact/hooks";
import { type CodeRow, getSource, type SourceLine, type SourceSection } from "./api";
import type { ViewProps } from "./app_view";
import { CodeSection, NoSymbol, Tokens, Value } from "./code_parts";
import { asmTokens, highlighter } from "./highlight";
import { isFiltered } from "./state";
import { NoSamples, useLoaded, Waiting } from "./load";

function Asm({ rows, most }: { rows: CodeRow[]; most: Most }) {
  return (
    <>
      {rows.map((row) => (
        <tr class={row.address ? "asm" : "asm remark"}>
          <Value text={row.flatText} value={row.flat} most={most.flat} kind="flat" />
          <Value text={row.cumText} value={row.cum} most={most.cum} kind="cum" />
          <td class="no">{row.address}</td>
          <td class="code">
            <span class="asm-text">{row.address ? <Tokens tokens={asmTokens(row.text)} /> : row.text}</span>
            {row.place && <span class="place">{row.place}</span>}
          </td>
        </tr>
      ))}
    </>
  );
}

interface Most {
  flat: number;
  cum: number;
}

function Line({ line, tokens, most, open, toggle }: {
  line: SourceLine;
  tokens: ReturnType<typeof asmTokens>;
  most: Most;
  open: boolean;
  toggle: () => void;
}) {
  const hot = line.flat !== 0 || line.cum !== 0;
  const code = line.code.length > 0;
  return (
    <>
      <tr class={`line ${hot ? "hot" : ""} ${code ? "has-code" : ""}`} onClick={code ? toggle : undefined}>
        <Value text={line.flatText} value={line.flat} most={most.flat} kind="flat" />
        <Value text={line.cumText} value={line.cum} most={most.cum} kind="cum" />
        <td class="no">
          {code ? (
            <button type="button" aria-expanded={open} aria-label={`Assembly of line ${line.number}`} onClick={(e) => (e.stopPropagation(), toggle())}>
              {line.number}
            </button>
          ) : (
            line.number
          )}
        </td>
        <td class="code">
          <Tokens tokens={tokens} />
        </td>
      </tr>
      {open && <Asm rows={line.code} most={most} />}
    </>
  );
}

function Section({ section, all, tell }: { section: SourceSection; all: boolean; tell: boolean }) {
  const [open, setOpen] = useState<Set<number>>(new Set());
  const most = useMemo(
    () => ({
      flat: Math.max(...section.lines.map((l) => Math.abs(l.flat)), 0),
      cum: Math.max(...section.lines.map((l) => Math.abs(l.cum)), 0),
    }),
    [section],
  );
  const tokens = useMemo(() => {
    const color = highlighter(section.file);
    return section.lines.map((l) => color(l.text));
  }, [section]);
  useEffect(() => setOpen(all ? new Set(section.lines.map((l) => l.number)) : new Set()), [all, section]);
  const toggle = (number: number) => {
    const next = new Set(open);
    if (!next.delete(number)) next.add(number);
    setOpen(next);
  };
  const known = section.file !== "" && section.file !== "."; // a path without a file
  const about = (
    <>
      <p class="file">
        <span>{known ? section.file : "unknown file"}</span>
        <span>
          <b>{section.flat || "0"}</b> flat, <b>{section.cum || "0"}</b> cum ({section.percent})
        </span>
      </p>
      {!known && <p class="note">The profile does not say in which files these functions are.</p>}
      {section.error && known && tell && (
        <p class="warning">
          No source: {section.error}. The lines that the profile knows are shown. Start pprof with{" "}
          <code>-source_path</code> to say where to look.
        </p>
      )}
    </>
  );
  return (
    <CodeSection name={section.function} about={about} columns={["Flat", "Cum", "Line", "Source"]}>
      {section.lines.map((line, i) => (
        <Line
          line={line}
          tokens={tokens[i]}
          most={most}
          open={open.has(line.number) && line.code.length > 0}
          toggle={() => toggle(line.number)}
        />
      ))}
    </CodeSection>
  );
}

export function SourceView({ place, meta, version }: ViewProps) {
  const loaded = useLoaded((signal) => getSource(place.params, signal), [place.params.toString(), version]);
  const [all, setAll] = useState(false);
  return (
    <div class="scroll report" tabIndex={0}>
      <Waiting {...loaded} />
      {/^no matches found for regexp:?$/.test(loaded.error) && <NoSamples meta={meta} filtered={isFiltered(place.params)} />}
      {loaded.data && (
        <>
          <div class="bar">
            <button type="button" aria-pressed={all} onClick={() => setAll(!all)}>
              {all ? "Hide all assembly" : "Show all assembly"}
            </button>
            <span class="quiet">Click a line for its assembly. Total {loaded.data.total}.</span>
          </div>
          {!place.params.get("f") && <NoSymbol />}
          {loaded.data.sections.map((section, i, list) => (
            <Section section={section} all={all} tell={list.findIndex((s) => s.file === section.file) === i} />
          ))}
        </>
      )}
    </div>
  );
}
