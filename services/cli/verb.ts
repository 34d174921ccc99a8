// A verb as data: the table of verbs is what is run, what help shows and what a
// test goes through.
import { ACCESS_REASONS } from '#model/codes.ts';
import type { Environment } from '#services/node/environment.ts';

import type { Flags } from './flags.ts';
import type { Io } from './io.ts';
import type { Output } from './output.ts';

export type Option = {
  /** What stands for the value; without it the flag takes none. */
  value?: string;
  help: string;
  many?: true;
  choices?: readonly string[];
};
export type Options = Readonly<Record<string, Option>>;

export type Operand = { name: string; help: string; optional?: true };

export type Verb = {
  /** Empty for a verb of one word, such as init. */
  noun: string;
  name: string;
  summary: string;
  /** Whole command lines; the first is the commonest. */
  examples: readonly [string, ...string[]];
  operands?: readonly Operand[];
  options?: Options;
  /** It ends by itself after a signal; others are dropped where they are. */
  handlesSignal?: true;
  run(call: Call): Promise<void>;
};

export type Call = {
  /** In the order of `operands`. */
  operands: readonly string[];
  flags: Flags;
  out: Output;
  io: Io;
  env: Environment;
};

export const GLOBAL_OPTIONS: Options = {
  help: { help: 'show help with examples' },
  json: { help: 'one JSON document on standard output' },
  plain: { help: 'one record a line, fields parted by tabs; no headings' },
  folder: { value: 'DIR', help: "the node's folder (SRX_FOLDER, or this one)" },
  'no-color': { help: 'no colours (as NO_COLOR does)' },
  'no-input': { help: 'never ask; fail instead' },
};

/** For every verb that talks to the running node. */
export const CONNECTION_OPTIONS: Options = {
  'token-file': { value: 'FILE', help: 'staff token (SRX_TOKEN_FILE, or the only one)' },
  address: { value: 'HOST:PORT', help: 'of the casework service (SRX_CASEWORK_ADDRESS)' },
  'ca-file': { value: 'FILE', help: "the node's certificate, where it is not on loopback" },
};

export const PAGE_OPTIONS: Options = {
  limit: { value: 'N', help: 'at most so many' },
  cursor: { value: 'TEXT', help: 'go on where the last page ended' },
};

export const SINCE_OPTION: Options = {
  since: { value: 'TIME', help: 'only since then: 2027-03-01, 2027-03-01T09:00:00Z, 24h, 7d' },
};

export const SHOW_PERSONAL: Options = {
  'show-personal': { help: 'print what describes the person; the opening is recorded' },
};

export const WHY: Options = {
  why: { value: 'REASON', help: 'why it is opened (casework)', choices: ACCESS_REASONS },
};

/** For severe acts. */
export const YES_OPTION: Options = { yes: { help: 'do not ask whether it is meant' } };

export function wordsOf(verb: Pick<Verb, 'noun' | 'name'>): string {
  return verb.noun === '' ? verb.name : `${verb.noun} ${verb.name}`;
}
