// The bytes of the key file: a head, then one line of JSON for each synced group
// of keys; and of the generation file beside it, which holds what wraps them.
import { createSecretKey, type KeyObject } from 'node:crypto';

import { z } from 'zod';

import { Refusal } from '#model/refusal.ts';

import { type DataKey, decryptWith, encryptWith } from './at-rest.ts';
import { randomBytes } from './digest.ts';
import type { WrappingKey } from './wrapping-key.ts';

/** What wraps the data keys until the next erasure; the node key wraps it in turn. */
export type Generation = { number: number; secret: KeyObject };

/** groups: the lines that are whole, still wrapped. bytesKept: where a torn last line begins. */
export type KeyFileContent = { generation: number; groups: Group[]; bytesKept: number };
type Group = { keys: [id: string, wrapped: string][] };

const Head = z.strictObject({
  srx: z.literal('key-file'),
  version: z.literal(1),
  generation: z.int().min(1),
});
const Line = z.strictObject({ keys: z.array(z.tuple([z.string(), z.string()])) });
const GenerationFile = z.strictObject({
  srx: z.literal('key-file-generations'),
  version: z.literal(1),
  nodeKeyGeneration: z.int(),
  generations: z.array(z.tuple([z.int().min(1), z.string()])).max(8),
});

export function createGeneration(number: number): Generation {
  return { number, secret: createSecretKey(randomBytes(32)) };
}

export function createDataKey(id: string): DataKey {
  return { id, secret: createSecretKey(randomBytes(32)) };
}

export function encodeHead(generation: Generation): string {
  return line({ srx: 'key-file', version: 1, generation: generation.number });
}

export function encodeGroup(generation: Generation, keys: readonly DataKey[]): string {
  return line({
    keys: keys.map(({ id, secret }) => [
      id,
      encryptWith(generation.secret, keyContext(generation, id), secret.export()),
    ]),
  });
}

/**
 * A last line without its end, or with the zeros of a block that never came, was not synced:
 * nobody relies on it, and it is left out.
 * @throws Refusal KEY_UNAVAILABLE for damage anywhere else.
 */
export function decodeKeyFile(bytes: Uint8Array): KeyFileContent {
  const text = Buffer.from(bytes).toString('latin1'); // ASCII by construction: one character a byte
  const lines = text.split('\n');
  const unended = lines.pop() ?? '';
  let bytesKept = text.length - unended.length;
  if (lines.at(-1)?.includes('\0')) bytesKept -= (lines.pop() ?? '').length + 1;
  const [head = '', ...groups] = lines;
  const generation = decodeHead(head);
  return {
    generation,
    groups: groups.map((group, index) => parseLine(Line, group, `line ${index + 2}`)),
    bytesKept,
  };
}

/** The generation of a key file, from its first line. */
export function decodeHead(firstLine: string): number {
  return parseLine(Head, firstLine, 'line 1').generation;
}

function parseLine<T>(shape: z.ZodType<T>, text: string, where: string): T {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw damaged(where); // without a cause: it could quote the file
  }
}

/** @throws Refusal KEY_UNAVAILABLE if a key was not wrapped by this generation. */
export function unwrapGroup(generation: Generation, group: Group): DataKey[] {
  return group.keys.map(([id, wrapped]) => {
    try {
      const bytes = decryptWith(generation.secret, keyContext(generation, id), wrapped);
      return { id, secret: createSecretKey(bytes) };
    } catch {
      throw damaged('a key');
    }
  });
}

export function encodeGenerations(nodeKey: WrappingKey, list: readonly Generation[]): string {
  return line({
    srx: 'key-file-generations',
    version: 1,
    nodeKeyGeneration: nodeKey.generation,
    generations: list.map(({ number, secret }) => [
      number,
      encryptWith(nodeKey.secret, generationContext(number), secret.export()),
    ]),
  });
}

/** @throws Refusal KEY_UNAVAILABLE if this node key did not wrap them. */
export function decodeGenerations(nodeKey: WrappingKey, bytes: Uint8Array): Generation[] {
  const text = Buffer.from(bytes).toString();
  const file = parseLine(GenerationFile, text, 'its generation file');
  return file.generations.map(([number, wrapped]) => {
    try {
      const secret = decryptWith(nodeKey.secret, generationContext(number), wrapped);
      return { number, secret: createSecretKey(secret) };
    } catch {
      throw new Refusal(
        'KEY_UNAVAILABLE',
        `The key file does not open with this node key (generation ${nodeKey.generation}; made with generation ${file.nodeKeyGeneration}): give the node key with which it was made.`,
      );
    }
  });
}

function damaged(where: string): Refusal {
  return new Refusal(
    'KEY_UNAVAILABLE',
    `The key file is damaged (${where}): take it away if another registered place has a whole one, or restore it.`,
  );
}

// The number and the id are bound in, so that no key can be put under another id.
function keyContext(generation: Generation, id: string): string {
  return `srx-key-file.v1/${generation.number}/${id}`;
}

function generationContext(number: number): string {
  return `srx-key-file-generation.v1/${number}`;
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
