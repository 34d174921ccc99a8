// Two organisations and their staff in one process: the casework API of each,
// called as somebody; everything below it is real.
import { readFile } from 'node:fs/promises';

import type { Actor } from '#casework/actor.ts';
import { retentionSweep } from '#casework/retention-sweep.ts';
import { addStaff } from '#casework/staff.ts';
import type { Role } from '#model/codes.ts';
import { silentLog } from '#model/log.ts';
import type { Side } from '#model/track.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { caseworkApi } from '#services/node/casework-api.ts';
import { clockWork } from '#services/node/clock-work.ts';
import { IDS, type Pair, startPair } from '#test/exchange/pair.ts';
import { startClockwork } from '#tracking/clockwork.ts';
import { createWatchers } from '#tracking/watch.ts';
import type { CaseworkApi, CaseworkCall } from '#wire/contracts/casework.ts';

export type Person = { actor: Actor; token: string };

export type Office = {
  api: CaseworkApi<Actor>;
  /** Somebody new, with a token. */
  hire(staffId: string, role?: Role): Promise<Person>;
  /** Does all that is due by the clock of the pair. */
  runDue(): Promise<void>;
};

export type Offices = AsyncDisposable & { pair: Pair } & Record<Side, Office>;

export async function openOffices(): Promise<Offices> {
  const pair = await startPair();
  return {
    pair,
    referring: officeOf(pair, 'referring'),
    receiving: officeOf(pair, 'receiving'),
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  };
}

export function officeOf(pair: Pair, side: Side): Office {
  const { exchange, store, member } = pair[side];
  const context = { ...exchange.context, exchange, store };
  const api = caseworkApi({
    context,
    watchers: createWatchers({ outbox: store, source: IDS[side] }),
    members: { all: () => [member], chainOf: () => [] },
    status: async () => ({ organisation: IDS[side], version: 'test', checks: [] }),
  });
  return {
    api,
    async hire(staffId, role = 'caseworker') {
      const { token } = await addStaff(store, pair.clock, staffId, role);
      return { actor: { staffId, role }, token };
    },
    async runDue() {
      const work = clockWork(context);
      await using clockwork = startClockwork({
        store,
        work,
        sweep: retentionSweep(context),
        clock: pair.clock,
        log: silentLog,
      });
      await clockwork.runDue();
    },
  };
}

/** A call of this person, with the token of a second one where it is given. */
export function by({ actor, token }: Person, second?: Person): CaseworkCall<Actor> {
  const secondToken = second?.token ?? null;
  return { actor, token, secondToken, signal: new AbortController().signal };
}

/** An example case of deploy/cases, between the two organisations of the pair. */
export async function exampleCase(name: string): Promise<{ file: Uint8Array; localCode: string }> {
  const yaml = await readFile(new URL(`../../deploy/cases/${name}`, import.meta.url), 'utf8');
  const text = yaml
    .replaceAll('https://harbour-house.example', IDS.referring)
    .replaceAll('https://homeward-hands.example', IDS.receiving);
  const read = readCaseFile(text, name);
  if (!read.ok) throw new Error(`the example ${name} is wrong`);
  const file = new TextEncoder().encode(JSON.stringify(read.caseFile));
  return { file, localCode: read.caseFile.localCode };
}
