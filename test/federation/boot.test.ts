import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Federation, ORGANISATIONS, startFederation } from '#deploy/demo/federation.ts';
import { silentLog } from '#model/log.ts';

let federation: Federation;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-federation-'));
  federation = await startFederation({
    folder,
    clock: { now: () => Date.now() },
    logOf: () => silentLog,
    env: process.env,
  });
});
afterAll(async () => {
  await federation[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('two nodes and a registry', () => {
  it('know each other by verified statements', async () => {
    const client = federation.nodes.referring.client();
    const { members } = await client.listMembers({ limit: 0, cursor: '' });
    expect(members.map((m) => m.organisation)).toEqual(
      Object.values(ORGANISATIONS).map((o) => o.organisation),
    );
  });
});
