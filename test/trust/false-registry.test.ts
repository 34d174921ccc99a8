// What a member list does with a registry that answers wrongly or not at all,
// though its key is the pinned one.
import { beforeAll, describe, expect, it } from 'vitest';

import { createOpeningKey, createSigningKey } from '#crypto/keys.ts';
import { createTlsCertificate, spkiDigest } from '#crypto/tls.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { MemberList } from '#trust/member-list.ts';
import { signResolveResponse } from '#trust/resolve-response.ts';
import { signConfiguration, signSubordinateStatement } from '#trust/sign-statement.ts';

import { type Federation, IDS, LIFE, makeFederation, NOW } from './federation.ts';
import { listeningLog, memoryCache } from './test-registry.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await makeFederation();
});

type Node = Record<string, unknown>;
const HARBOUR = 'https://harbour-house.example';
const RIVER = 'https://river-shelter.example';

/** A registry in memory: members may be changed at will, and answers made to fail. */
async function falseRegistry() {
  let nowMs = NOW * 1000;
  const { anchor: key } = federation.keys;
  const members = new Map<string, Node>();
  const failures = new Map<string, Refusal>();
  const signers = new Map<string, Awaited<ReturnType<typeof createSigningKey>>>();
  const at = () => ({ nowSeconds: Math.floor(nowMs / 1000) });
  const configuration = () =>
    signConfiguration(key, {
      entityId: IDS.anchor,
      federationKeys: [key.publicJwk],
      authorities: [],
      metadata: {
        federation_entity: {
          federation_list_endpoint: 'https://registry.example/list',
          federation_resolve_endpoint: 'https://registry.example/resolve',
        },
      },
      ...at(),
    });
  const resolve = async (subject: string, node: Node) => {
    const signer = signers.get(subject) ?? (await createSigningKey());
    signers.set(subject, signer);
    const federationKeys = [signer.publicJwk];
    const own = await signConfiguration(signer, {
      entityId: subject,
      federationKeys,
      authorities: [IDS.anchor],
      ...at(),
      metadata: { srx_node: node },
    });
    const about = await signSubordinateStatement(key, {
      superior: IDS.anchor,
      subject,
      federationKeys,
      ...at(),
    });
    return signResolveResponse(key, {
      iss: IDS.anchor,
      sub: subject,
      iat: NOW,
      exp: NOW + LIFE,
      metadata: {},
      trust_chain: [own, about, await configuration()],
    });
  };
  const asked: string[] = [];
  const get = async (address: string) => {
    asked.push(address);
    const { pathname, searchParams } = new URL(address);
    const failure = failures.get(pathname);
    if (failure) throw failure;
    if (pathname === '/list') return JSON.stringify([...members.keys()]);
    if (pathname !== '/resolve') return configuration();
    const subject = searchParams.get('sub') ?? '';
    const lost = failures.get(subject);
    if (lost) throw lost;
    return resolve(subject, members.get(subject) ?? {});
  };
  const log = listeningLog();
  const list = await MemberList.open({
    anchor: federation.anchor,
    fetchStatements: { get },
    cache: memoryCache(),
    clock: { now: () => nowMs },
    log,
  });
  const advance = (seconds: number) => (nowMs += seconds * 1000);
  return { members, failures, list, log, advance, asked };
}

async function makeNode(name: string): Promise<Node> {
  const tls = createTlsCertificate({
    hostNames: ['localhost'],
    notBeforeMs: NOW * 1000,
    notAfterMs: (NOW + LIFE) * 1000,
  });
  const { publicJwk } = await createOpeningKey();
  return {
    ...federation.node,
    organization_name: name,
    tls_certificates: [tls.certificatePem],
    message_keys: [(await createSigningKey()).publicJwk],
    encryption_keys: [{ ...publicJwk, exp: NOW + 20 * LIFE }],
  };
}

describe('a member list under a registry that errs', () => {
  it('does not let a member take the certificate or a key of one that it holds', async () => {
    for (const parameter of ['tls_certificates', 'message_keys', 'encryption_keys']) {
      const { members, list, log } = await falseRegistry();
      const river = await makeNode('River Shelter');
      members.set(RIVER, river);
      await list.refresh();
      // The newcomer stands before the holder in the list, and the holder changes, too.
      members.clear();
      members.set(HARBOUR, { ...(await makeNode('Harbour')), [parameter]: river[parameter] });
      members.set(RIVER, { ...river, address: 'localhost:7' });
      await list.refresh();
      expect(list.all()).toMatchObject([{ organisation: RIVER, address: 'localhost:7' }]);
      expect(log.said).toContainEqual({
        event: 'members.chain-refused',
        organisation: HARBOUR,
        code: 'TRUST_FAILED',
        reason: 'key-claimed',
      });
    }
  });

  it('does not let one held member take what another holds', async () => {
    const { members, list } = await falseRegistry();
    const [harbour, river] = [await makeNode('Harbour'), await makeNode('River Shelter')];
    members.set(HARBOUR, harbour).set(RIVER, river);
    await list.refresh();
    const both = ['tls_certificates', 'message_keys'].map((name) => [
      name,
      [...(harbour[name] as unknown[]), ...(river[name] as unknown[])],
    ]);
    members.set(HARBOUR, { ...harbour, ...Object.fromEntries(both) });
    members.set(RIVER, { ...river, address: 'localhost:7' });
    await list.refresh();
    const [pem] = river['tls_certificates'] as string[];
    expect(list.findByPin(spkiDigest(pem ?? ''))).toMatchObject({
      organisation: RIVER,
      address: 'localhost:7',
    });
    expect(list.find(HARBOUR)?.messageKeys.size).toBe(1);
  });

  it('keeps a held member when its new chain fails or does not come, until its time', async () => {
    const { members, failures, list, advance } = await falseRegistry();
    const river = await makeNode('River Shelter');
    members.set(RIVER, river);
    await list.refresh();
    members.set(RIVER, { ...river, roles: [] });
    await list.refresh();
    expect(list.find(RIVER)).toBeDefined();
    failures.set(RIVER, new Refusal('UNAVAILABLE', 'no answer'));
    await list.refresh();
    expect(list.find(RIVER)).toBeDefined();
    advance(LIFE);
    await list.refresh();
    expect(list.find(RIVER)).toBeUndefined();
    failures.clear();
    members.set(RIVER, river);
    await list.refresh();
    expect(list.find(RIVER)).toBeDefined();
  });

  it('does not wait for a slow registry member by member, and keeps all that it holds', async () => {
    const { members, failures, list, log, asked } = await falseRegistry();
    for (let n = 0; n < 50; n += 1) {
      members.set(`https://member-${n}.example`, await makeNode(`Member ${n}`));
    }
    expect(await list.refresh()).toBe(true);
    for (const id of members.keys()) failures.set(id, new Refusal('TIMED_OUT', 'too late'));
    asked.length = 0;
    expect(await list.refresh()).toBe(false);
    expect(asked.length).toBeLessThan(2 + 2 * limits.fetchTimeoutsMax);
    expect(list.all()).toHaveLength(50);
    expect(log.said).toContainEqual({ event: 'members.refresh-cut' });
    // Members that fail one by one are no slow registry.
    for (const id of members.keys()) failures.set(id, new Refusal('UNAVAILABLE', 'offline'));
    expect(await list.refresh()).toBe(true);
  });

  it('loses a member at once that the resolver does not know any more', async () => {
    const { members, failures, list } = await falseRegistry();
    members.set(RIVER, await makeNode('River Shelter'));
    await list.refresh();
    failures.set(RIVER, new Refusal('NOT_FOUND', 'gone'));
    await list.refresh();
    expect(list.find(RIVER)).toBeUndefined();
  });

  it('changes nothing when the list or the configuration does not come', async () => {
    const { members, failures, list } = await falseRegistry();
    members.set(RIVER, await makeNode('River Shelter'));
    await list.refresh();
    for (const path of ['/list', '/.well-known/openid-federation']) {
      failures.set(path, new Refusal('UNAVAILABLE', 'no answer'));
      expect(await list.refresh()).toBe(false);
      expect(list.find(RIVER)).toBeDefined();
      failures.clear();
    }
  });

  it('counts only what is a list of entity ids', async () => {
    for (const text of ['{}', '[1]', '["http://x.example"]', 'x', '["https://a?b"]']) {
      const log = listeningLog();
      const { anchor: key } = federation.keys;
      const configuration = await signConfiguration(key, {
        entityId: IDS.anchor,
        federationKeys: [key.publicJwk],
        authorities: [],
        metadata: {
          federation_entity: {
            federation_list_endpoint: 'https://registry.example/list',
            federation_resolve_endpoint: 'https://registry.example/resolve',
          },
        },
        nowSeconds: NOW,
      });
      const list = await MemberList.open({
        anchor: federation.anchor,
        fetchStatements: { get: async (url) => (url.includes('/list') ? text : configuration) },
        cache: memoryCache(),
        clock: { now: () => NOW * 1000 },
        log,
      });
      expect(await list.refresh()).toBe(false);
      expect(log.said).toContainEqual({
        event: 'members.refresh-failed',
        code: 'TRUST_FAILED',
        reason: 'resolve-response',
      });
    }
  });

  it('holds each member under its pins alone', async () => {
    const { members, list } = await falseRegistry();
    const [river, harbour] = [await makeNode('River Shelter'), await makeNode('Harbour')];
    members.set(RIVER, river).set(HARBOUR, harbour);
    await list.refresh();
    const [pem] = river['tls_certificates'] as string[];
    expect(list.findByPin(spkiDigest(pem ?? ''))?.organisation).toBe(RIVER);
  });
});
