import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { spkiDigest } from '#crypto/tls.ts';
import type { Members } from '#exchange/ports.ts';
import { limits } from '#model/limits.ts';
import { fetchStatementsFrom } from '#services/node/fetch-statements.ts';
import { fileStatementCache } from '#services/node/statement-cache.ts';

import { MemberList } from '#trust/member-list.ts';

import {
  holdForEachTest,
  listeningLog,
  makeTestMember,
  memoryCache,
  startTestRegistry,
  testClock,
} from './test-registry.ts';

const HARBOUR = 'https://harbour-house.example';
const RIVER = 'https://river-shelter.example';
const DAY = limits.statementLifeSecondsMax;

const hold = holdForEachTest();

/** A registry with two admitted members, and the clock of all three. */
async function federation() {
  const clock = testClock();
  const registry = hold(await startTestRegistry({ clock }));
  const member = async (entityId: string) =>
    hold(await makeTestMember(registry, { entityId }, clock));
  const harbour = await member(HARBOUR);
  const river = await member(RIVER);
  await registry.admit(await harbour.memberFile());
  await registry.admit(await river.memberFile());
  return { clock, registry, harbour, river };
}

describe('the member list', () => {
  it('finds every member of the registry by its id and its pins, as it described itself', async () => {
    const { registry, harbour, river } = await federation();
    const list = hold(await registry.openMemberList());
    const members: Members = list;
    expect(list.all()).toEqual([]);
    expect(await list.refresh()).toBe(true);
    const pin = spkiDigest(harbour.tls.certificatePem);
    expect(members.find(HARBOUR)).toMatchObject({
      organisation: HARBOUR,
      name: harbour.profile.name,
      roles: ['referring'],
      countries: ['NL'],
      address: 'localhost:1',
      certificates: [harbour.tls.certificatePem],
      pins: [pin],
      sealingKey: { kid: harbour.keyring.publicJwks('encryption')[0]?.kid },
    });
    expect([...(members.find(HARBOUR)?.messageKeys.keys() ?? [])]).toEqual([
      harbour.keyring.signing('message').kid,
    ]);
    expect(members.findByPin(pin)?.organisation).toBe(HARBOUR);
    expect(members.findByPin(spkiDigest(river.tls.certificatePem))?.organisation).toBe(RIVER);
    expect(members.find('https://nobody.example')).toBeUndefined();
    expect(members.findByPin('A'.repeat(43))).toBeUndefined();
  });

  it('loses a removed member at the next refresh and tells those who listen', async () => {
    const { registry, river } = await federation();
    const log = listeningLog();
    const list = hold(await registry.openMemberList({ log }));
    let changes = 0;
    const stop = list.onChange(() => (changes += 1));
    await list.refresh();
    await list.refresh();
    expect(changes).toBe(1);
    await registry.remove(RIVER);
    await list.refresh();
    expect(list.find(RIVER)).toBeUndefined();
    expect(list.findByPin(spkiDigest(river.tls.certificatePem))).toBeUndefined();
    expect(list.find(HARBOUR)).toBeDefined();
    expect(changes).toBe(2);
    expect(log.said).toContainEqual({ event: 'members.removed', organisation: RIVER });
    stop();
    await registry.remove(HARBOUR);
    await list.refresh();
    expect([list.all(), changes]).toEqual([[], 2]);
  });

  it('takes new keys of a member without an act of the registry', async () => {
    const { registry, harbour, clock } = await federation();
    const list = hold(await registry.openMemberList());
    await list.refresh();
    clock.advance(10);
    const before = harbour.keyring.signing('message').kid;
    const message = await harbour.keyring.rotate('message', clock);
    const encryption = await harbour.keyring.rotate('encryption', clock);
    await registry.refresh();
    await list.refresh();
    const member = list.find(HARBOUR);
    expect([...(member?.messageKeys.keys() ?? [])]).toEqual([message, before]);
    expect(member?.sealingKey.kid).toBe(encryption);
  });

  it('replaces a member that was removed and admitted with new keys at once', async () => {
    const { registry, river, clock } = await federation();
    const list = hold(await registry.openMemberList());
    await list.refresh();
    await registry.remove(RIVER);
    const anew = hold(await makeTestMember(registry, { entityId: RIVER }, clock));
    await registry.admit(await anew.memberFile());
    await list.refresh();
    expect(list.find(RIVER)?.pins).toEqual([spkiDigest(anew.tls.certificatePem)]);
    expect(list.findByPin(spkiDigest(river.tls.certificatePem))).toBeUndefined();
  });

  it('keeps its members while the registry is away, until their statements end, and no longer', async () => {
    const { registry, clock } = await federation();
    const log = listeningLog();
    const list = hold(await registry.openMemberList({ log }));
    await list.refresh();
    await registry.stop();
    clock.advance(DAY - 1);
    expect(await list.refresh()).toBe(false);
    expect(list.find(HARBOUR)).toBeDefined();
    clock.advance(1);
    expect(list.find(HARBOUR)).toBeUndefined();
    expect(list.all()).toEqual([]);
    await list.refresh();
    expect(log.said).toContainEqual({ event: 'members.stale', organisation: HARBOUR });
    await registry.start();
  });

  it('loses an offline member a day after its last configuration, and gets it back with a new one', async () => {
    const { registry, harbour, clock } = await federation();
    const list = hold(await registry.openMemberList());
    await list.refresh();
    await harbour.hide();
    clock.advance(DAY / 2);
    await registry.refresh();
    await list.refresh();
    expect(list.find(HARBOUR)).toBeDefined();
    clock.advance(DAY / 2);
    await registry.refresh();
    await list.refresh();
    expect(list.find(HARBOUR)).toBeUndefined();
    expect(list.find(RIVER)).toBeDefined();
    await harbour.serve();
    await registry.refresh();
    await list.refresh();
    expect(list.find(HARBOUR)).toBeDefined();
  });

  it('starts from its file without the registry, and believes the file nothing', async () => {
    const { registry, clock } = await federation();
    const cache = fileStatementCache(join(registry.folder, 'node-statements.json'));
    const list = hold(await registry.openMemberList({ cache }));
    await list.refresh();
    await registry.stop();
    const offline = hold(await registry.openMemberList({ cache }));
    expect(offline.all().map(({ organisation }) => organisation)).toEqual([HARBOUR, RIVER]);
    const file = join(registry.folder, 'node-statements.json');
    const text = await readFile(file, 'utf8');

    // Somebody with the file cannot make one member another.
    await writeFile(file, text.replace(HARBOUR, 'https://somebody.example'));
    const forged = hold(await registry.openMemberList({ cache }));
    expect(forged.all().map(({ organisation }) => organisation)).toEqual([RIVER]);
    for (const damaged of ['', '{', text.slice(0, 1000), '[]']) {
      await writeFile(file, damaged);
      expect(hold(await registry.openMemberList({ cache })).all()).toEqual([]);
    }
    await writeFile(file, text);
    clock.advance(DAY);
    expect(hold(await registry.openMemberList({ cache })).all()).toEqual([]);
  });

  it('does not bring a removed member back from its file', async () => {
    const { registry } = await federation();
    const cache = memoryCache();
    const list = hold(await registry.openMemberList({ cache }));
    await list.refresh();
    await registry.remove(RIVER);
    await list.refresh();
    await registry.stop();
    const offline = hold(await registry.openMemberList({ cache }));
    expect(offline.all().map(({ organisation }) => organisation)).toEqual([HARBOUR]);
  });

  it('believes a registry by its key, not by its name', async () => {
    const { registry } = await federation();
    const impostor = hold(await startTestRegistry());
    const log = listeningLog();
    // The same name, another key, and even the connection leads there.
    const certificates = [await readFile(impostor.caFile, 'utf8')];
    using way = fetchStatementsFrom({ dial: impostor.address(), certificates });
    const misled = hold(
      await MemberList.open({
        anchor: registry.anchor,
        fetchStatements: way,
        cache: memoryCache(),
        clock: { now: () => Date.now() },
        log,
      }),
    );
    expect(await misled.refresh()).toBe(false);
    expect(log.said).toContainEqual({
      event: 'members.refresh-failed',
      code: 'TRUST_FAILED',
      reason: 'anchor-key',
    });
    // And a connection that is not the pinned one carries nothing.
    using wrong = fetchStatementsFrom({ dial: registry.address(), certificates });
    await expect(
      wrong.get('https://registry.example/.well-known/openid-federation', {
        contentType: 'application/entity-statement+jwt',
        bytesMax: 1000,
      }),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('stops while it is asking, without losing anybody', async () => {
    const { registry } = await federation();
    const cache = memoryCache();
    const list = await registry.openMemberList({ cache });
    await list.start();
    const kept = cache.text;
    const asking = list.refresh();
    await list[Symbol.asyncDispose]();
    await asking;
    expect(list.all()).toHaveLength(2);
    expect(cache.text).toBe(kept);
  });
});
