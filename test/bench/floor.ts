// The two ends of the floor, each a process of its own; and one measurement.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePorts, ORGANISATIONS } from '#deploy/demo/federation.ts';
import { makeFloorIdentity } from './floor-identity.ts';
import type { FloorRan, FloorRun } from './floor-process.ts';
import { type Ends, type Measured, measured } from './measure.ts';
import { type Child, startChild } from './parent.ts';
import { startRelay } from './relay.ts';

export type Floor = AsyncDisposable & Ends & { wire(): Promise<WireBytes> };

/** Of one handover. `there` and `back` are TCP payload: TLS, HTTP/2 and gRPC included. */
export type WireBytes = { parcel: number; receipt: number; there: number; back: number };

export async function startFloor(): Promise<Floor> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'srx-floor-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const identities = {
    referring: makeFloorIdentity(ORGANISATIONS.referring.organisation),
    receiving: {
      ...makeFloorIdentity(ORGANISATIONS.receiving.organisation),
      address: `localhost:${port}`,
    },
  };
  const file = join(folder, 'identities.json');
  await writeFile(file, JSON.stringify(identities), { mode: 0o600 });
  const receiving = stack.use(await startChild('./floor-process.ts', [file, 'receiving']));
  const referring = stack.use(await startChild('./floor-process.ts', [file, 'referring']));
  const running = stack.move();
  return {
    referring,
    receiving,
    wire: () => wireBytes(file, port),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export function measureFloor(floor: Floor, seconds: number, atOnce: number): Promise<Measured> {
  return measured(floor, async () => (await run(floor.referring, { seconds, atOnce })).latencies);
}

function run(sender: Child, asked: FloorRun): Promise<FloorRan> {
  return sender.ask<FloorRan>('run', asked);
}

/** By a relay between a second sender and the receiver, apart from what is timed. */
async function wireBytes(file: string, port: number): Promise<WireBytes> {
  await using relay = await startRelay(port);
  const args = [file, 'referring', `localhost:${relay.port}`];
  await using sender = await startChild('./floor-process.ts', args);
  await run(sender, { seconds: 0.2, atOnce: 1 });
  const before = relay.bytes();
  const { latencies, parcelBytes, receiptBytes } = await run(sender, { seconds: 0.3, atOnce: 1 });
  const after = relay.bytes();
  const each = (bytes: number) => Math.round(bytes / latencies.length);
  return {
    parcel: parcelBytes,
    receipt: receiptBytes,
    there: each(after.there - before.there),
    back: each(after.back - before.back),
  };
}
