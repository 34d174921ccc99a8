// JSON from outside, read so that every reader sees the same: valid UTF-8, one
// object, and no member named twice (JSON.parse would silently keep the last).
import { Refusal } from '#model/refusal.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws Refusal MALFORMED; the message does not repeat what was read. */
export function readStrictJsonObject(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the input, so it is not kept as a cause.
    throw new Refusal('MALFORMED', 'A header or statement is not JSON in UTF-8.');
  }
  if (!isObject(value)) throw new Refusal('MALFORMED', 'A header or statement is not an object.');
  if (namesWritten(text) !== namesKept(value)) {
    throw new Refusal('MALFORMED', 'A header or statement names a member twice.');
  }
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// In valid JSON a quote outside of a string begins a string, so this walk from
// left to right sees each string whole; one followed by a colon is a name.
function namesWritten(text: string): number {
  let count = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"([ \t\r\n]*:)?/g)) {
    if (match[1] !== undefined) count += 1;
  }
  return count;
}

function namesKept(root: unknown): number {
  let count = 0;
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const members = Object.values(value);
    if (!Array.isArray(value)) count += members.length;
    open.push(...members);
  }
  return count;
}
