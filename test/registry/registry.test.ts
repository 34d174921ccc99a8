import { readFile } from 'node:fs/promises';
import { request } from 'node:https';

import { describe, expect, it } from 'vitest';

import { readUnverifiedPayload, verifyJws } from '#crypto/jws.ts';
import { importVerifyKey, type PublicJwk } from '#crypto/keys.ts';
import { spkiDigest } from '#crypto/tls.ts';
import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import { createPinnedGet } from '#services/https/pinned-get.ts';
import { serveHttps } from '#services/https/serve-https.ts';
import type { NodeProfile } from '#services/node/entity-configuration.ts';
import {
  admitMember,
  initRegistry,
  listMembers,
  removeMember,
} from '#services/registry/members.ts';
import { openRegistryFolder } from '#services/registry/registry-folder.ts';
import { signConfiguration } from '#trust/sign-statement.ts';

import {
  holdForEachTest,
  makeTestMember,
  startTestRegistry,
  type TestMember,
  type TestRegistry,
  testClock,
} from '../trust/test-registry.ts';

const HARBOUR = 'https://harbour-house.example';
const RIVER = 'https://river-shelter.example';
const HALF_DAY = limits.statementLifeSecondsMax / 2;

const hold = holdForEachTest();

async function open() {
  const clock = testClock();
  const registry = hold(await startTestRegistry({ clock }));
  const make = async (entityId: string, own: Partial<NodeProfile> = {}) =>
    hold(await makeTestMember(registry, { entityId, ...own }, clock));
  const harbour = await make(HARBOUR);
  await registry.admit(await harbour.memberFile());
  return { clock, registry, harbour, make };
}

type Reply = { status: number; type: string; body: string };

/** Any request, by the pinned certificate. */
async function ask(
  registry: TestRegistry,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const ca = await readFile(registry.caFile);
  return new Promise((resolve, reject) => {
    const asked = request(`https://${registry.address()}${path}`, {
      ca,
      agent: false,
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
    });
    asked.once('error', reject).once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => (body += String(part)));
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          body,
        }),
      );
    });
    asked.end(options.body);
  });
}
const claimsOf = (jws: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(readUnverifiedPayload(jws)).toString()) as Record<string, unknown>;
const sub = (entity: string) => `sub=${encodeURIComponent(entity)}`;
const anchorQuery = 'trust_anchor=https%3A%2F%2Fregistry.example';

describe('the endpoints of the registry', () => {
  it('give its configuration, statements, list and historical keys as the standard types them', async () => {
    const { registry, harbour } = await open();
    const [key] = registry.anchor.keys;
    if (!key) throw new Error('one key is pinned');
    const configuration = await ask(registry, '/.well-known/openid-federation');
    expect(configuration).toMatchObject({ status: 200, type: 'application/entity-statement+jwt' });
    await verifyJws(configuration.body, 'entity-statement+jwt', key, 10_000);
    const { metadata, ...claims } = claimsOf(configuration.body);
    expect(claims).toMatchObject({ iss: registry.entityId, sub: registry.entityId });
    expect(claims).not.toHaveProperty('authority_hints');
    const base = registry.entityId;
    expect(metadata).toEqual({
      federation_entity: {
        organization_name: 'Example Federation',
        federation_fetch_endpoint: `${base}/federation/fetch`,
        federation_list_endpoint: `${base}/federation/list`,
        federation_resolve_endpoint: `${base}/federation/resolve`,
        federation_historical_keys_endpoint: `${base}/federation/historical-keys`,
      },
    });

    const statement = await ask(registry, `/federation/fetch?${sub(HARBOUR)}&unknown=1`);
    expect(statement).toMatchObject({ status: 200, type: 'application/entity-statement+jwt' });
    await verifyJws(statement.body, 'entity-statement+jwt', key, 10_000);
    expect(claimsOf(statement.body)).toMatchObject({
      iss: base,
      sub: HARBOUR,
      jwks: { keys: harbour.keyring.publicJwks('federation') },
      constraints: { max_path_length: 0, allowed_entity_types: ['srx_node'] },
    });

    for (const [query, ids] of [
      ['', [HARBOUR]],
      ['?entity_type=srx_node', [HARBOUR]],
      ['?entity_type=srx_node&entity_type=openid_provider', []],
      ['?intermediate=true', []],
    ] as const) {
      const list = await ask(registry, `/federation/list${query}`);
      expect([list.status, list.type, JSON.parse(list.body)]).toEqual([
        200,
        'application/json',
        ids,
      ]);
    }

    const keys = await ask(registry, '/federation/historical-keys');
    expect(keys).toMatchObject({ status: 200, type: 'application/jwk-set+jwt' });
    await verifyJws(keys.body, 'jwk-set+jwt', key, 10_000);
    expect(claimsOf(keys.body)).toMatchObject({ iss: base, keys: [] });
  });

  it('resolve a member to its metadata and chain, filtered by type', async () => {
    const { registry, harbour } = await open();
    const [key] = registry.anchor.keys;
    if (!key) throw new Error('one key is pinned');
    const answer = await ask(registry, `/federation/resolve?${sub(HARBOUR)}&${anchorQuery}`);
    expect(answer).toMatchObject({ status: 200, type: 'application/resolve-response+jwt' });
    await verifyJws(answer.body, 'resolve-response+jwt', key, 100_000);
    const claims = claimsOf(answer.body);
    expect(claims).toMatchObject({
      iss: registry.entityId,
      sub: HARBOUR,
      metadata: { srx_node: { organization_name: harbour.profile.name } },
    });
    const chain = (claims['trust_chain'] as string[]).map(claimsOf);
    expect(chain.map(({ iss }) => iss)).toEqual([HARBOUR, registry.entityId, registry.entityId]);
    expect(claims['exp']).toBe(Math.min(...chain.map(({ exp }) => Number(exp))));
    const other = `/federation/resolve?${sub(HARBOUR)}&${anchorQuery}&entity_type=openid_provider`;
    expect(claimsOf((await ask(registry, other)).body)).toMatchObject({ metadata: {} });
  });

  it('list a replaced key among the historical ones, also long after its end', async () => {
    const { registry, clock } = await open();
    const [old] = registry.anchor.keys;
    const { keyring } = await openRegistryFolder(registry.folder);
    const issued = Math.floor(clock.now() / 1000);
    clock.advance(HALF_DAY);
    const replaced = Math.floor(clock.now() / 1000);
    await keyring.rotate('federation', clock);
    clock.advance(400 * 24 * 60 * 60);
    expect(await keyring.destroyEnded(clock)).toEqual([old?.kid]);
    await registry.stop();
    await registry.start();
    const { body } = await ask(registry, '/federation/historical-keys');
    const key = await importVerifyKey(keyring.signing('federation').publicJwk);
    await verifyJws(body, 'jwk-set+jwt', key, 10_000);
    const exp = replaced + limits.messageLifeSecondsMax;
    const jwk = keyring.allPublicJwks('federation').find(({ kid }) => kid === old?.kid);
    expect(claimsOf(body)).toMatchObject({ keys: [{ ...jwk, iat: issued, exp }] });
  });

  it('sign an answer once, whoever asks how often', async () => {
    const { registry, clock } = await open();
    const resolve = `/federation/resolve?${sub(HARBOUR)}&${anchorQuery}`;
    const paths = [resolve, `${resolve}&entity_type=srx_node`, '/federation/historical-keys'];
    const first = await Promise.all(paths.map((path) => ask(registry, path)));
    clock.advance(60); // anew, it would be of another time
    const again = await Promise.all(paths.map((path) => ask(registry, path)));
    expect(again).toEqual(first);
  });

  it('answer every wrong question with the error code of the standard', async () => {
    const { registry } = await open();
    const self = sub(registry.entityId);
    const cases: [string, number, string][] = [
      ['/federation/fetch', 400, 'invalid_request'],
      [`/federation/fetch?${sub(HARBOUR)}&${sub(HARBOUR)}`, 400, 'invalid_request'],
      [`/federation/fetch?${self}`, 400, 'invalid_request'],
      [`/federation/fetch?${sub(RIVER)}`, 404, 'not_found'],
      ['/federation/list?trust_marked=true', 400, 'unsupported_parameter'],
      ['/federation/list?trust_mark_type=a', 400, 'unsupported_parameter'],
      [`/federation/resolve?${sub(HARBOUR)}`, 400, 'invalid_request'],
      [`/federation/resolve?${anchorQuery}`, 400, 'invalid_request'],
      [
        `/federation/resolve?${sub(HARBOUR)}&trust_anchor=https://x.example`,
        404,
        'invalid_trust_anchor',
      ],
      [`/federation/resolve?${sub(RIVER)}&${anchorQuery}`, 404, 'not_found'],
      ['/', 404, 'not_found'],
      ['//[', 400, 'invalid_request'],
      ['/federation/fetch/', 404, 'not_found'],
    ];
    for (const [path, status, error] of cases) {
      const reply = await ask(registry, path);
      expect([path, reply.status, reply.type]).toEqual([path, status, 'application/json']);
      expect(JSON.parse(reply.body)).toEqual({ error, error_description: expect.any(String) });
    }
    const post = { method: 'POST', body: 'x'.repeat(1000) };
    expect((await ask(registry, '/federation/list', post)).status).toBe(405);
    const header = { headers: { note: 'x'.repeat(limits.httpsHeaderBytesMax) } };
    expect((await ask(registry, '/federation/list', header)).status).toBe(431);
  });

  it('say that the chain fails when a member has been offline for a day', async () => {
    const { registry, harbour, clock } = await open();
    await harbour.hide();
    clock.advance(2 * HALF_DAY);
    await registry.refresh();
    const reply = await ask(registry, `/federation/resolve?${sub(HARBOUR)}&${anchorQuery}`);
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body)).toMatchObject({
      error: 'invalid_trust_chain',
      error_description: expect.stringContaining('expired'),
    });
  });

  it('do not show a chain any longer than it lasts, though it was resolved just before', async () => {
    const { registry, harbour, clock } = await open();
    const path = `/federation/resolve?${sub(HARBOUR)}&${anchorQuery}`;
    await harbour.hide();
    clock.advance(2 * HALF_DAY - 1);
    expect((await ask(registry, path)).status).toBe(200);
    clock.advance(1);
    expect((await ask(registry, path)).status).toBe(400);
  });

  it('make a statement anew at half of its life and not before', async () => {
    const { registry, clock } = await open();
    const fetch = async () => (await ask(registry, `/federation/fetch?${sub(HARBOUR)}`)).body;
    const first = await fetch();
    clock.advance(HALF_DAY - 1);
    expect(await fetch()).toBe(first);
    clock.advance(1);
    const second = claimsOf(await fetch());
    expect(Number(second['exp']) - Math.floor(clock.now() / 1000)).toBe(2 * HALF_DAY);
  });

  it('go on after a restart with the same key and what members said last', async () => {
    const { registry, harbour, clock } = await open();
    clock.advance(10);
    const kid = await harbour.keyring.rotate('message', clock);
    await registry.refresh();
    await harbour.hide();
    await registry.stop();
    await registry.start();
    const list = hold(await registry.openMemberList());
    expect(await list.refresh()).toBe(true);
    expect(list.find(HARBOUR)?.messageKeys.has(kid)).toBe(true);
  });
});

async function admit(registry: TestRegistry, member: TestMember) {
  await registry.admit(await member.memberFile());
}

describe('admission', () => {
  it('lists whom it admitted, and forgets whom it removed', async () => {
    const { registry, harbour } = await open();
    const { name, countries, roles } = harbour.profile;
    expect(await listMembers(registry.folder)).toMatchObject([
      { entityId: HARBOUR, name, countries, roles },
    ]);
    await removeMember(registry.folder, HARBOUR);
    expect(await listMembers(registry.folder)).toEqual([]);
    await expect(removeMember(registry.folder, HARBOUR)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('loses nobody when several are admitted and removed at once', async () => {
    const { registry, make } = await open();
    const names = ['north', 'south', 'east', 'west'].map((name) => `https://${name}.example`);
    const files = await Promise.all(
      names.map(async (entityId) => (await make(entityId)).memberFile()),
    );
    await Promise.all([registry.remove(HARBOUR), ...files.map((file) => registry.admit(file))]);
    const listed = (await listMembers(registry.folder)).map(({ entityId }) => entityId);
    expect(listed.toSorted()).toEqual(names.toSorted());
  });

  it('refuses a file that is altered, foreign, late, or for another registry', async () => {
    const { registry, make, clock } = await open();
    const river = await make(RIVER);
    const file = await river.memberFile();
    const altered = `${file.slice(0, -3)}${file.endsWith('AAA') ? 'BBA' : 'AAA'}`;
    for (const text of [altered, '', 'a.b.c', '{}', `${file}.`]) {
      await expect(registry.admit(text)).rejects.toMatchObject({ code: 'TRUST_FAILED' });
    }
    const elsewhere = await make('https://elsewhere.example', { authority: 'https://x.example' });
    await expect(admit(registry, elsewhere)).rejects.toMatchObject({ reason: 'authority-hints' });
    clock.advance(2 * HALF_DAY);
    await expect(registry.admit(file)).rejects.toMatchObject({ reason: 'expired' });
    expect(await listMembers(registry.folder)).toHaveLength(1);
  });

  it('refuses an entity id, a name, a key or a certificate that another member has', async () => {
    const { registry, harbour, make } = await open();
    const again = await make(HARBOUR, { name: 'Another name' });
    await expect(admit(registry, again)).rejects.toMatchObject({ code: 'CONFLICT' });
    const namesake = await make(RIVER, { name: harbour.profile.name.toUpperCase() });
    await expect(admit(registry, namesake)).rejects.toMatchObject({ code: 'CONFLICT' });
    const self = await make(registry.entityId);
    await expect(admit(registry, self)).rejects.toMatchObject({ code: 'CONFLICT' });
    const certificates = [harbour.tls.certificatePem.replaceAll('\n', '\r\n')];
    const twin = await make(RIVER, { certificates });
    await expect(admit(registry, twin)).rejects.toMatchObject({ code: 'CONFLICT' });
    const anchorKey = JSON.parse(await readFile(registry.anchorFile, 'utf8')) as PublicJwk;
    const { keyring } = harbour;
    for (const jwks of [
      keyring.publicJwks('federation'),
      keyring.publicJwks('message'),
      [anchorKey],
    ]) {
      const river = await make(RIVER);
      const file = await withKey(registry, river, jwks);
      await expect(registry.admit(file)).rejects.toMatchObject({ code: 'CONFLICT' });
    }
  });

  it('refuses a node that signs messages with its federation key', async () => {
    const { registry, make } = await open();
    const river = await make(RIVER);
    const file = await withKey(registry, river, river.keyring.publicJwks('federation'));
    await expect(registry.admit(file)).rejects.toMatchObject({ reason: 'keys' });
  });

  it('refuses metadata that a node could not live by, and names the parameter', async () => {
    const { registry, make, harbour } = await open();
    const two = harbour.tls.certificatePem.repeat(2);
    const wrong: [Partial<NodeProfile>, string][] = [
      [{ address: 'nowhere' }, 'address'],
      [{ federationAddress: 'x.example:99999' }, 'federation_address'],
      [{ certificates: [] }, 'tls_certificates'],
      [{ certificates: [two] }, 'tls_certificates'],
      [
        { certificates: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'] },
        'tls_certificates',
      ],
      [{ countries: ['ZZ'] }, 'countries'],
      [{ roles: [] }, 'roles'],
      [{ name: 'two\nlines' }, 'organization_name'],
    ];
    for (const [profile, parameter] of wrong) {
      const river = await make(RIVER);
      Object.assign(river.profile, profile);
      await expect(admit(registry, river)).rejects.toMatchObject({ reason: 'metadata' });
      await expect(admit(registry, river)).rejects.toThrow(parameter);
    }
  });

  it('is made for one registry a folder, and says what is missing', async () => {
    const { registry } = await open();
    const again = { host: 'registry.example', port: 443, name: 'Example Federation' };
    await expect(initRegistry(registry.folder, again)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
    });
    await expect(admitMember(`${registry.folder}/nothing`, '')).rejects.toMatchObject({
      code: 'BAD_CONFIG',
    });
    const bad = initRegistry(`${registry.folder}/other`, { ...again, port: 70_000 });
    await expect(bad).rejects.toThrow(/address/);
  });
});

describe('an admitted member', () => {
  it('cannot rename itself, nor give itself a role or a country', async () => {
    const { registry, harbour, clock } = await open();
    const { name } = harbour.profile;
    const list = hold(await registry.openMemberList());
    clock.advance(60);
    Object.assign(harbour.profile, {
      name: 'A better known house',
      roles: ['referring', 'receiving'],
      countries: ['NL', 'BG'],
      address: 'elsewhere.example:5',
    });
    await registry.refresh();
    await list.refresh();
    expect(list.find(HARBOUR)).toMatchObject({
      name,
      roles: ['referring'],
      countries: ['NL'],
      address: 'elsewhere.example:5',
    });
  });

  it('cannot take the place of another by publishing its certificate or key', async () => {
    const { registry, harbour, make, clock } = await open();
    const river = await make(RIVER);
    await registry.admit(await river.memberFile());
    clock.advance(60);
    harbour.profile.certificates = [harbour.tls.certificatePem, river.tls.certificatePem];
    await registry.refresh();
    // A list that holds nobody yet, so that the registry alone stands in the way.
    const list = hold(await registry.openMemberList());
    await list.refresh();
    const pin = spkiDigest(river.tls.certificatePem);
    expect(list.findByPin(pin)?.organisation).toBe(RIVER);
    expect(list.find(HARBOUR)?.pins).toEqual([spkiDigest(harbour.tls.certificatePem)]);
  });

  it('keeps its newest good configuration when it publishes one that does not hold', async () => {
    const { registry, harbour, clock } = await open();
    for (const wrong of [{ roles: ['receiving' as const] }, { address: 'nowhere' }]) {
      const { roles, address } = harbour.profile;
      Object.assign(harbour.profile, wrong);
      clock.advance(60);
      await registry.refresh();
      await registry.stop();
      await registry.start();
      const fresh = hold(await registry.openMemberList());
      await fresh.refresh();
      expect(fresh.find(HARBOUR)).toMatchObject({ roles, address });
      Object.assign(harbour.profile, { roles, address });
    }
  });

  it('keeps its newest configuration when an older one is played back', async () => {
    const { registry, harbour, clock } = await open();
    const old = await harbour.memberFile();
    clock.advance(60);
    const kid = await harbour.keyring.rotate('message', clock);
    await registry.refresh();
    const port = Number(harbour.profile.federationAddress?.split(':')[1]);
    await harbour.hide();
    const answer = async () => ({ contentType: 'application/entity-statement+jwt', body: old });
    hold(await serveHttps({ host: '127.0.0.1', port, tls: harbour.tls, log: silentLog, answer }));
    await registry.refresh();
    const list = hold(await registry.openMemberList());
    await list.refresh();
    expect(list.find(HARBOUR)?.messageKeys.has(kid)).toBe(true);
  });
});

describe('a pinned question', () => {
  const expected = { contentType: 'application/json', bytesMax: 100 };
  async function against(answer: Parameters<typeof serveHttps>[0]['answer'], deadlineMs = 5000) {
    const { harbour } = await open();
    const server = hold(
      await serveHttps({ host: '127.0.0.1', port: 0, tls: harbour.tls, log: silentLog, answer }),
    );
    const dial = `127.0.0.1:${server.port}`;
    const certificates = [harbour.tls.certificatePem];
    using way = createPinnedGet({ dial, certificates }, deadlineMs);
    return await way.get('https://any.example/', expected);
  }

  it('ends at its size, its deadline, and another content type', async () => {
    const json = 'application/json';
    expect(await against(async () => ({ contentType: json, body: '[]' }))).toBe('[]');
    const big = against(async () => ({ contentType: json, body: 'x'.repeat(101) }));
    await expect(big).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const page = against(async () => ({ contentType: 'text/html', body: '[]' }));
    await expect(page).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const slow = against(() => new Promise(() => {}), 100);
    await expect(slow).rejects.toMatchObject({ code: 'TIMED_OUT' });
  });
});

/** A member file whose message keys are these. */
async function withKey(registry: TestRegistry, member: TestMember, jwks: PublicJwk[]) {
  const node = claimsOf(await member.memberFile())['metadata'] as { srx_node: object };
  const key = member.keyring.signing('federation');
  return signConfiguration(key, {
    entityId: member.profile.entityId,
    federationKeys: [key.publicJwk],
    authorities: [registry.entityId],
    metadata: { srx_node: { ...node.srx_node, message_keys: jwks } },
    nowSeconds: Math.floor(Date.now() / 1000),
  });
}
