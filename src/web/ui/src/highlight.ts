// Colours for source and machine code: enough to read by, of a few hundred lines of this file.

export interface Token {
  kind: "" | "comment" | "string" | "number" | "keyword" | "call" | "register" | "target";
  text: string;
}

const words = (list: string) => new Set(list.split(" "));

const c = words(
  "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false NULL nullptr class public private protected virtual override template typename namespace using new delete this try catch throw operator explicit friend constexpr noexcept decltype static_cast reinterpret_cast const_cast",
);
const go = words(
  "break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var nil true false string int int64 uint64 byte error bool make len append new",
);
const rust = words(
  "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while",
);
const python = words(
  "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield self",
);

function keywordsOf(file: string): Set<string> {
  if (/\.go$/.test(file)) return go;
  if (/\.rs$/.test(file)) return rust;
  if (/\.py$/.test(file)) return python;
  return c;
}

const CODE =
  /(\/\/.*|\/\*[\s\S]*?(?:\*\/|$))|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'|`[^`]*`?)|(\b(?:0[xX][\da-fA-F]+|\d[\d.]*(?:[eE][+-]?\d+)?)[uUlLfF]*\b)|([A-Za-z_]\w*)(\s*\()?/g;

/** Colours the lines of one file in order: comments may span them. */
export function highlighter(file: string): (line: string) => Token[] {
  const keywords = keywordsOf(file);
  const hash = keywords === python;
  let inComment = false;

  const plain = (line: string): Token[] => {
    const tokens: Token[] = [];
    let at = 0;
    for (const m of line.matchAll(CODE)) {
      if (m.index > at) tokens.push({ kind: "", text: line.slice(at, m.index) });
      const [text, comment, string, number, word, open] = m;
      at = m.index + text.length;
      if (comment) {
        inComment = comment.startsWith("/*") && !comment.endsWith("*/");
        tokens.push({ kind: "comment", text });
      } else if (string) tokens.push({ kind: "string", text });
      else if (number) tokens.push({ kind: "number", text });
      else {
        tokens.push({ kind: keywords.has(word) ? "keyword" : open ? "call" : "", text: word });
        if (open) tokens.push({ kind: "", text: open });
      }
    }
    if (at < line.length) tokens.push({ kind: "", text: line.slice(at) });
    return tokens;
  };
  return (line) => {
    if (hash && /^\s*#/.test(line)) return [{ kind: "comment", text: line }];
    if (!inComment) return plain(line);
    const end = line.indexOf("*/");
    if (end < 0) return [{ kind: "comment", text: line }];
    inComment = false;
    return [{ kind: "comment", text: line.slice(0, end + 2) }, ...plain(line.slice(end + 2))];
  };
}

const ASM = /(#.*$)|(%[a-z]\w*|\b(?:[re]?[abcd]x|[re]?[sd]i|[re]?[sb]p|r\d+[dwb]?|[xyz]mm\d+)\b)|(<[^>]*>)|(\$?-?0x[\da-fA-F]+|\$-?\d+\b)/g;

export function asmTokens(text: string): Token[] {
  const head = /^\s*\S+/.exec(text)?.[0] ?? "";
  const tokens: Token[] = head ? [{ kind: "keyword", text: head }] : [];
  const rest = text.slice(head.length).replace(/\t/g, " ");
  let at = 0;
  for (const m of rest.matchAll(ASM)) {
    if (m.index > at) tokens.push({ kind: "", text: rest.slice(at, m.index) });
    at = m.index + m[0].length;
    tokens.push({ kind: m[1] ? "comment" : m[2] ? "register" : m[3] ? "target" : "number", text: m[0] });
  }
  if (at < rest.length) tokens.push({ kind: "", text: rest.slice(at) });
  return tokens;
}
