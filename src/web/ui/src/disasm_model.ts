// The disassembly report's text as rows: tested on its own.

export interface AsmRow {
  flat: string;
  cum: string;
  address: string;
  text: string;
  place: string; // "function file:line", where it changes
}

export interface AsmRoutine {
  name: string;
  summary: string;
  rows: AsmRow[];
}

const ROW = /^\s*(\S+)\s+(\S+)\s+([0-9a-f]+): (.*)$/;

/** A place may stand on a line of its own: of several functions at one address. */
function splitPlace(text: string): { text: string; place: string } {
  const at = text.search(/\s*;[^;]*$/);
  return at < 0 ? { text, place: "" } : { text: text.slice(0, at).trimEnd(), place: text.slice(at).replace(/^\s*;/, "") };
}

export function parseDisasm(report: string): AsmRoutine[] {
  const routines: AsmRoutine[] = [];
  for (const line of report.split("\n")) {
    const head = /^ROUTINE =+ (.*)$/.exec(line);
    const routine = routines[routines.length - 1];
    if (head) {
      routines.push({ name: head[1], summary: "", rows: [] });
    } else if (routine && !routine.rows.length && line.includes("(flat, cum)")) {
      routine.summary = line.trim().replace(/\s+/g, " ");
    } else if (routine) {
      const row = ROW.exec(line);
      const { text, place } = splitPlace(row ? row[4] : line.trim());
      if (row) routine.rows.push({ flat: row[1], cum: row[2], address: row[3], text, place });
      else if (place) routine.rows.push({ flat: "", cum: "", address: "", text: "", place });
    }
  }
  return routines;
}
