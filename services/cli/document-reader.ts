// Reads what a person wrote in JSON or YAML and tells every fault at once: where
// (path and line), what, how to mend it. A value of the file is never repeated.
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';

import { limits } from '#model/limits.ts';
import { pathText } from '#model/plan/field-path.ts';
import { type Fault, knownPath } from '#model/schema-faults.ts';

import {
  ALIAS_FAULT,
  SYNTAX_FAULTS,
  type SyntaxFault,
  UNKNOWN_SYNTAX_FAULT,
} from './document-syntax.ts';

/** `line` and `column` count from 1; `path` is '' for the whole file. */
export type FaultInFile = {
  path: string;
  line: number;
  column: number;
  what: string;
  remedy: string;
};

export type Reading = { ok: true; value: unknown } | { ok: false; faults: FaultInFile[] };

export type Reader = {
  /** Its ending tells if it is JSON. */
  fileName: string;
  bytesMax: number;
  /** Of the value as it should be; paths that it does not know are not shown. */
  schema: z.ZodType;
  faultsOf(value: unknown): Fault[];
};

export function readDocument(
  text: string,
  { fileName, bytesMax, schema, faultsOf }: Reader,
): Reading {
  if (Buffer.byteLength(text) > bytesMax) {
    return whole('is too large', `It has at most ${bytesMax} bytes.`);
  }
  if (!isModest(text)) {
    return whole('is nested too deep or is too long', 'Compare it with an example.');
  }
  const lines = new LineCounter();
  const doc = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false, // the pretty ones quote the file
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    version: '1.2',
    schema: fileName.toLowerCase().endsWith('.json') ? 'json' : 'core',
  });
  const syntax = syntaxFaults(doc);
  const faults = syntax.map((fault) =>
    placed(lines, fault.offset, knownPath(schema, pathAt(doc, fault.offset)), fault),
  );
  // A text that is broken elsewhere would bring faults that are none.
  if (syntax.every((fault) => fault.leavesTextReadable)) {
    const value: unknown = doc.toJS();
    for (const fault of faultsOf(value)) {
      faults.push(placed(lines, offsetOf(doc, fault.path, fault.unknownKey), fault.path, fault));
    }
    if (faults.length === 0) return { ok: true, value };
  }
  faults.sort((a, b) => a.line - b.line || a.column - b.column);
  return { ok: false, faults: faults.slice(0, limits.documentFaultsMax) };
}

function whole(what: string, remedy: string): Reading {
  return { ok: false, faults: [{ path: '', line: 1, column: 1, what, remedy }] };
}

/**
 * The parser calls itself for each level and has been seen to end the whole
 * process on deep ones, so depth and length are counted on bare tokens first.
 */
function isModest(text: string): boolean {
  let tokens = 0;
  let flowDepth = 0;
  let lineDepth = 0;
  let lineStarts = true;
  for (const token of new Lexer().lex(text)) {
    if (++tokens > limits.documentTokensMax) return false;
    if (token.endsWith('\n')) {
      lineStarts = true;
      lineDepth = 0;
    } else if (lineStarts && /^ +$/.test(token)) {
      lineDepth = token.length / 4; // a level has at least one blank, as a rule two
    } else if (token === '[' || token === '{') {
      flowDepth++;
    } else if (token === ']' || token === '}') {
      flowDepth--;
    } else if (token === '-' || token === '?' || (token === ':' && flowDepth === 0)) {
      lineDepth++;
    }
    if (!token.endsWith('\n') && !/^ +$/.test(token)) lineStarts = false;
    if (flowDepth + lineDepth > limits.documentNestingMax) return false;
  }
  return true;
}

type PlacedSyntaxFault = SyntaxFault & { offset: number };

function syntaxFaults(doc: Document): PlacedSyntaxFault[] {
  const found: PlacedSyntaxFault[] = [...doc.errors, ...doc.warnings].map((error) => ({
    ...(SYNTAX_FAULTS[error.code] ?? UNKNOWN_SYNTAX_FAULT),
    offset: error.pos[0],
  }));
  visit(doc, {
    Alias: (_, node) => {
      found.push({ ...ALIAS_FAULT, offset: node.range?.[0] ?? 0 });
    },
    Value: (_, node) => {
      if (node.anchor === undefined) return;
      found.push({ ...ALIAS_FAULT, offset: node.range?.[0] ?? 0 });
    },
  });
  return found;
}

function placed(
  lines: LineCounter,
  offset: number,
  path: readonly PropertyKey[],
  { what, remedy }: { what: string; remedy: string },
): FaultInFile {
  const { line, col } = lines.linePos(offset);
  return { path: pathText(path), line: Math.max(line, 1), column: Math.max(col, 1), what, remedy };
}

/** Where a value stands; a missing one is sought where its owner begins. */
function offsetOf(doc: Document, path: readonly PropertyKey[], key?: string): number {
  let here: unknown = doc.contents;
  let offset = isNode(here) ? (here.range?.[0] ?? 0) : 0;
  for (const step of key === undefined ? path : [...path, key]) {
    const child = childAt(here, step);
    if (child === undefined) break;
    offset = child.offset;
    here = child.node;
  }
  return offset;
}

/** A field is pointed at by its key, an item by itself. */
function childAt(parent: unknown, step: PropertyKey) {
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === step);
    if (!isScalar(pair?.key)) return undefined;
    return { node: pair.value, offset: pair.key.range?.[0] ?? 0 };
  }
  if (!isSeq(parent) || typeof step !== 'number') return undefined;
  const node = parent.items[step];
  return isNode(node) ? { node, offset: node.range?.[0] ?? 0 } : undefined;
}

/** The field at an offset. */
function pathAt(doc: Document, offset: number): PropertyKey[] {
  const path: PropertyKey[] = [];
  let here: unknown = doc.contents;
  for (;;) {
    if (isSeq(here)) {
      const index = here.items.findIndex((item) => covers(item, offset));
      if (index < 0) return path;
      path.push(index);
      here = here.items[index];
    } else if (isMap(here)) {
      const pair = here.items.find(({ value }) => covers(value, offset));
      if (!isScalar(pair?.key)) return path;
      path.push(String(pair.key.value));
      here = pair.value;
    } else {
      return path;
    }
  }
}

function covers(node: unknown, offset: number): node is Node {
  if (!isNode(node) || !node.range) return false;
  return node.range[0] <= offset && offset < Math.max(node.range[2], node.range[1] + 1);
}
