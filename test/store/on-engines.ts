// One suite for both engines: the same tests, each on an empty database, with a
// clock of their own.
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';

import { silentLog } from '#model/log.ts';
import { openStore, type Store } from '#store/open.ts';
import { engines, postgresql, type TestDatabase, type TestEngine } from './engines.ts';
import { NOW_MS } from './samples.ts';

export type Place = {
  readonly engine: TestEngine;
  readonly database: TestDatabase;
  /** Open, on an empty database, for this test alone. */
  readonly store: Store;
  clock: { ms: number; now(): number };
  /** Another store on the same database, closed after the test. */
  another(): Promise<Store>;
};

export function onEachEngine(title: string, tests: (place: Place) => void): void {
  for (const engine of engines) {
    describe(`${title}, on ${engine.name}`, () => tests(placeOn(engine)));
  }
  if (!postgresql) {
    describe.skip(`${title}, on postgresql, which is not on this machine`, () =>
      tests(placeOn({ name: 'postgresql', create: () => Promise.reject(new Error('skipped')) })));
  }
}

function placeOn(engine: TestEngine): Place {
  let database: TestDatabase | undefined;
  let opened: Store[] = [];
  const clock = { ms: NOW_MS, now: () => clock.ms };
  const another = async () => {
    const store = await openStore({ url: database?.url ?? '', clock, log: silentLog });
    opened.push(store);
    return store;
  };
  const close = async () => {
    for (const store of opened) await store[Symbol.asyncDispose]();
    opened = [];
  };
  beforeAll(async () => {
    database = await engine.create();
    await another();
    await close();
  });
  beforeEach(async () => {
    clock.ms = NOW_MS;
    await database?.empty();
    await another();
  });
  afterEach(close);
  afterAll(() => database?.[Symbol.asyncDispose]());
  return {
    engine,
    clock,
    another,
    get database() {
      if (!database) throw new Error('the database is made before the first test');
      return database;
    },
    get store() {
      const [first] = opened;
      if (!first) throw new Error('the store is opened before each test');
      return first;
    },
  };
}
