// A federation for one test file: real nodes, real NATS, TLS and SQL, in a
// folder of its own, with everything that they logged.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StoryClock } from '#deploy/demo/clock.ts';
import {
  type Federation,
  type FederationOptions,
  startFederation,
} from '#deploy/demo/federation.ts';
import type { Story } from '#deploy/demo/story.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { jsonLog } from '#services/node/log.ts';

export type World = AsyncDisposable & {
  folder: string;
  clock: StoryClock;
  federation: Federation;
  /** Every line that a node or the registry logged. */
  logged: string[];
};

export async function startWorld(options: Partial<FederationOptions> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'srx-federation-'));
  const clock = new StoryClock();
  const logged: string[] = [];
  const federation = await startFederation({
    folder,
    clock,
    logOf: () => jsonLog('info', clock, (line) => void logged.push(line)),
    env: process.env,
    ...options,
  });
  return {
    folder,
    clock,
    federation,
    logged,
    async [Symbol.asyncDispose]() {
      await federation[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function storyOf(world: World, name: string): Promise<Story> {
  const file = new URL(`../../deploy/cases/${name}`, import.meta.url);
  const read = readCaseFile(await readFile(file, 'utf8'), name);
  if (!read.ok) throw new Error(`the example ${name} is wrong`);
  const caseFile = new TextEncoder().encode(JSON.stringify(read.caseFile));
  const { federation, clock } = world;
  return { federation, clock, caseFile, localCode: read.caseFile.localCode };
}
