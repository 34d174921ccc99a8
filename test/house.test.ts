// The rules of the house that no compiler holds: which room may know which, what
// only one room may use, and what a file may be.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';

const ROOT = new URL('../', import.meta.url);

/** room → rooms that it may import; a room with /ports.ts knows no more than the ports of it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  crypto: ['model'],
  trust: ['crypto', 'model'],
  exchange: ['trust', 'crypto', 'model'],
  // Crypto too: a local case is encrypted here, a staff token made and looked up.
  casework: ['exchange', 'crypto', 'model'],
  tracking: ['model'],
  wire: ['model', 'exchange/ports.ts', 'casework/ports.ts', 'tracking/ports.ts'],
  store: ['model', 'exchange/ports.ts', 'casework/ports.ts', 'tracking/ports.ts'],
  nats: ['model', 'exchange/ports.ts', 'casework/ports.ts', 'tracking/ports.ts'],
};

/** package → the only room that may use it. */
const ONLY_IN: readonly (readonly [RegExp, string])[] = [
  [/^(node:crypto|jose)(\/|$)/, 'src/crypto/'],
  [/^(protobufjs|@grpc\/grpc-js)(\/|$)/, 'src/wire/'],
  [/^(kysely|pg|node:sqlite)(\/|$)/, 'src/store/'],
  [/^@nats-io\//, 'src/nats/'],
];

const LINES_MAX = 300;
/** Longer, each because it reads as one list. */
const LONG_FILES = ['src/exchange/verify-evidence.ts', 'src/model/steps.ts'];

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const filesUnder = (folder: string) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?ts$/.test(name))
    .map((name) => `${folder}${name}`);
const source = filesUnder('src/');
const program = [...source, ...filesUnder('services/'), ...filesUnder('deploy/')];

function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g);
  return [...found].map(([, name = '']) => name);
}

/** What is wrong with the imports of one file; a path from the root, and its text. */
function faultsOf(path: string, text: string): string[] {
  const room = /^src\/([^/]+)\//.exec(path)?.[1];
  return importsOf(text).flatMap((name) => {
    const only = ONLY_IN.find(([pattern]) => pattern.test(name))?.[1];
    if (only !== undefined && !path.startsWith(only)) return [`${path}: ${name} is for ${only}`];
    if (room === undefined) return [];
    if (name.startsWith('.')) {
      const target = new URL(name, new URL(path, ROOT)).href;
      return target.startsWith(new URL(`src/${room}/`, ROOT).href)
        ? []
        : [`${path}: ${name} leaves its room`];
    }
    if (!name.startsWith('#')) return [];
    const target = name.slice(1);
    const allowed = MAY_IMPORT[room]?.some((one) =>
      one.includes('/') ? target === one : target.startsWith(`${one}/`),
    );
    return allowed ? [] : [`${path}: ${room} may not import ${name}`];
  });
}

describe('the rooms', () => {
  it('are those of the table, and none is empty', () => {
    const found = readdirSync(new URL('src/', ROOT));
    expect(found.toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
    for (const room of found) {
      const files = source.filter((path) => path.startsWith(`src/${room}/`));
      const imports = files.flatMap((path) => importsOf(read(path)));
      expect(imports.length, room).toBeGreaterThan(3);
    }
  });

  it('import in one direction, and each package only where it belongs', () => {
    expect(program.flatMap((path) => faultsOf(path, read(path)))).toEqual([]);
  });

  it('are really looked at: each kind of wrong import is seen', () => {
    const wrong: [string, string][] = [
      ['src/model/a.ts', "import { a } from '#crypto/digest.ts';"],
      ['src/model/a.ts', "import type { A } from '#services/node/start.ts';"],
      ['src/wire/a.ts', "import { receive } from '#exchange/receive.ts';"],
      ['src/wire/contracts/a.ts', "import { a } from '../../store/open.ts';"],
      ['src/trust/a.ts', "const { a } = await import('#exchange/send.ts');"],
      ['src/exchange/a.ts', "import { createHmac } from 'node:crypto';"],
      ['src/crypto/a.ts', "import 'kysely';"],
      ['services/node/a.ts', "import { connect } from '@nats-io/transport-node';"],
      ['services/cli/a.ts', "import {\n  Server,\n} from '@grpc/grpc-js';"],
      ['src/new-room/a.ts', "import { limits } from '#model/limits.ts';"],
    ];
    for (const [path, text] of wrong) expect(faultsOf(path, text), text).toHaveLength(1);
    expect(faultsOf('src/wire/contracts/a.ts', "import { a } from '../rpc.ts';")).toEqual([]);
  });
});

describe('the files of the program', () => {
  it('read the environment nowhere but in main files', () => {
    const readers = program.filter((path) => /\bprocess\s*\.\s*env\b/.test(read(path)));
    expect(readers.toSorted()).toEqual(['services/cli/main.ts']);
  });

  it('are no longer than can be read at once', () => {
    const long = source.filter((path) => read(path).split('\n').length > LINES_MAX + 1);
    expect(long.filter((path) => !LONG_FILES.includes(path))).toEqual([]);
  });

  it('begin with one to three lines that say what they are for', () => {
    const without = program.filter((path) => {
      const lines = read(path).split('\n');
      const count = lines.findIndex((line) => !line.startsWith('//'));
      return path.endsWith('.ts') && (count < 1 || count > 3);
    });
    expect(without).toEqual([]);
  });

  it('export by name, and are named for what they hold', () => {
    expect(program.filter((path) => /^export default\b/m.test(read(path)))).toEqual([]);
    const vague = /(^|\/)(index|utils?|helpers?|common|misc|manager)\.ts$/;
    expect(program.filter((path) => vague.test(path))).toEqual([]);
  });
});

describe('the limits', () => {
  it('are each used by the program', () => {
    const texts = program.filter((path) => path !== 'src/model/limits.ts').map(read);
    const isUsed = (name: string) =>
      texts.some((text) => new RegExp(`\\blimits\\.${name}\\b`).test(text));
    expect(Object.keys(limits).filter((name) => !isUsed(name))).toEqual([]);
  });
});
