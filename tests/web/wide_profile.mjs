// Profiles made to measure, written as profile.proto by hand. By default one whose flame graph is as
// wide and deep as they come: 10,000 stacks that share the first seven frames by fours, 40 frames
// deep, 100,000 boxes and more. Without shared frames every function is used, if the stacks have as
// many frames. Lines are in a file that does not exist.
import { gzipSync } from "node:zlib";

function varint(value) {
  const bytes = [];
  for (let v = BigInt(value); ; v >>= 7n) {
    bytes.push(Number(v & 127n) | (v > 127n ? 128 : 0));
    if (v <= 127n) return bytes;
  }
}

const number = (field, value) => [...varint(field << 3), ...varint(value)];
const bytes = (field, body) => [...varint((field << 3) | 2), ...varint(body.length), ...body];

export const wideName = (i) => `package${i % 23}::function_${i}`;

export function wideProfile({ stacks = 10000, depth = 40, names = 500, shared = 7, nameOf = wideName } = {}) {
  const strings = ["", "samples", "count", "nowhere/nothing.c"];
  const parts = [bytes(1, [...number(1, 1), ...number(2, 2)])];
  for (let i = 1; i <= names; i++) {
    strings.push(nameOf(i));
    parts.push(bytes(4, [...number(1, i), ...bytes(4, [...number(1, i), ...number(2, i)])]));
    parts.push(bytes(5, [...number(1, i), ...number(2, strings.length - 1), ...number(4, 3)]));
  }
  for (let s = 0; s < stacks; s++) {
    const stack = [];
    for (let d = 0, rest = s; d < depth; d++, rest >>= 2)
      stack.unshift(...varint(1 + ((d < shared ? (rest & 3) + 4 * d : s * depth + d * 31) % names)));
    parts.push(bytes(2, [...bytes(1, stack), ...bytes(2, varint(1 + (s % 3)))]));
  }
  for (const text of strings) parts.push(bytes(6, Buffer.from(text)));
  return gzipSync(Buffer.concat(parts.map((p) => Buffer.from(p))));
}
