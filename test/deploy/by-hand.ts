// deploy/README.md as its reader carries it out: which machine each command is
// for, and the command line that runs it.
import { readFileSync } from 'node:fs';

import type { Io } from '#services/cli/io.ts';
import { run } from '#services/cli/run.ts';

export const EXAMPLE = new URL('../../deploy/example/', import.meta.url);

export const MACHINES = ['registry', 'harbour-house', 'homeward-hands'] as const;
export type Machine = (typeof MACHINES)[number];

export type Step = { on: Machine; words: string[] };

/** Every `srx …` and `export …` of the page, in order; "each node" is both. */
export function stepsByHand(): Step[] {
  const text = readFileSync(new URL('../README.md', EXAMPLE), 'utf8');
  const steps: Step[] = [];
  let machines: Machine[] = [];
  let block: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) {
      for (const on of block ? machines : []) {
        steps.push(...(block ?? []).map((command) => ({ on, words: wordsOf(command) })));
      }
      block = block ? undefined : [];
    } else if (block) {
      if (/^(srx|export) /.test(line)) block.push(line);
    } else machines = machinesIn(line) ?? machines;
  }
  return steps;
}

function machinesIn(line: string): Machine[] | undefined {
  if (line.startsWith('On each node')) return ['harbour-house', 'homeward-hands'];
  if (/^(On|###) .*registry\.example/.test(line)) return ['registry'];
  if (/^On (node\.harbour|Harbour)/.test(line)) return ['harbour-house'];
  if (/^On (node\.homeward|Homeward)/.test(line)) return ['homeward-hands'];
  return undefined;
}

function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

export type Answer = { exitCode: number; stdout: string; stderr: string };

/** `onReady` is called once the command says that it is ready. */
export async function srx(
  words: readonly string[],
  env: Io['env'] = {},
  { signal = new AbortController().signal, onReady = () => {} } = {},
): Promise<Answer> {
  let stdout = '';
  let stderr = '';
  const exitCode = await run(words, {
    stdout: (text) => {
      stdout += text;
      if (text.startsWith('ready')) onReady();
    },
    stderr: (text) => (stderr += text),
    readStdin: async () => Buffer.alloc(0),
    isTty: { stdin: false, stdout: false, stderr: false },
    ask: async () => '',
    env,
    clock: { now: () => Date.now() },
    signal,
  });
  return { exitCode, stdout, stderr };
}
