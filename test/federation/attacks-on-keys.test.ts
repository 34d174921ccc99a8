import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { importSealingKey, type SealingKey } from '#crypto/keys.ts';
import { reason, workers } from '#deploy/demo/contents.ts';
import { freePorts, ORGANISATIONS } from '#deploy/demo/federation.ts';
import { admitMember, initRegistry, removeMember } from '#services/registry/members.ts';
import { inFolder } from '#services/registry/registry-folder.ts';
import { startRegistry } from '#services/registry/start.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { forge, type Parts, sealed } from '#test/exchange/forge.ts';
import { attackerAt } from './attacker.ts';
import { MEDDLER, received, rowsAt, type Scene, startScene } from './scene.ts';

let scene: Scene;
let referralId: string;
beforeAll(async () => {
  scene = await startScene();
  referralId = await scene.request();
});
afterAll(() => scene[Symbol.asyncDispose]());

const STRANGER = { status: 'UNAUTHENTICATED', reason: 'UNAUTHENTICATED' };
const RESUMED: Parts = { body: { step: 'resumed', resumed: {} } };
const confirm = { step: 'receiptConfirmed', receiptConfirmed: {} } as const;

/** A request of the third member to the receiving side, as its node would make it. */
async function requestByMeddler() {
  const forger = await scene.forger('meddler', 'receiving');
  const id = uuid4();
  const answerBy = forger.nowSeconds + 3600;
  const referralRequest = {
    rulesVersion: 1 as const,
    caseCode: uuid4(),
    answerBy,
    secondPerson: false,
  };
  const until = answerBy + 3600;
  const recipient = ORGANISATIONS.receiving.organisation;
  const grant = { grantId: uuid4(), recipient, sections: ['minimum' as const], until };
  const forged = await forge(
    forger,
    id,
    { own: [], theirs: [] },
    {
      body: { step: 'referralRequest', referralRequest },
      sections: ['minimum'],
      grants: [{ ...grant, stage: 'contact', purpose: 'find-support' }],
    },
  );
  return { id, answer: await scene.meddler.attacker.deliver(await sealed(forger, forged)) };
}

describe('a member that names another’s keys as its own', () => {
  it('gains nothing and takes nothing away', async () => {
    const { profile } = scene.meddler;
    const own = profile.certificates;
    const { certificatePem } = scene.tls.referring;
    profile.certificates = [certificatePem];
    await scene.world.federation.catchUp();
    expect(scene.world.logged.join('')).toContain('registry.configuration-refused');
    const body = { step: 'held', held: { reviewAt: 4_000_000_000 } } as const;
    await scene.act('referring', referralId, body, [reason('other')]);
    const { thread } = await scene.open('receiving', referralId);
    expect(thread.referring.at(-1)?.envelope.from).toBe(ORGANISATIONS.referring.organisation);
    profile.certificates = own;
    await scene.world.federation.catchUp();
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});

describe('a registry that lies', () => {
  it('with the right TLS certificate, and a key that is not the anchor’s, is not believed', async () => {
    const { federation, clock } = scene.world;
    const { registryFolder, configs, folder } = federation.prepared;
    const { registry } = configs.receiving;
    if (!registry) throw new Error('every node has a registry');
    const [port = 0] = await freePorts(1);
    const falseFolder = join(folder, 'false-registry');
    const named = { host: 'localhost', port, name: 'False', entityId: registry.entityId };
    await initRegistry(falseFolder, named, clock);
    for (const file of ['tlsCertificate', 'tlsKey'] as const) {
      await cp(inFolder(registryFolder)[file], inFolder(falseFolder)[file]);
    }
    // It has one member only, which the real one does not know in this form.
    const { profile, memberFile } = scene.meddler;
    profile.name = 'A lie';
    await admitMember(falseFolder, await memberFile(), clock);
    const right = registry.address;
    registry.address = `localhost:${port}`;
    const parts = { dataFolder: falseFolder, host: '127.0.0.1', port, clock };
    const liar = await startRegistry(parts);
    await liar.refresh();
    await federation.restart('receiving');
    expect(await scene.node('receiving').refreshMembers()).toBe(false);
    const { members } = await scene
      .node('receiving')
      .client()
      .listMembers({ limit: 0, cursor: '' });
    expect(members.map((m) => m.organisation)).toContain(ORGANISATIONS.referring.organisation);
    expect(members.map((m) => m.name)).not.toContain('A lie');
    expect(await scene.goesOn(referralId)).toBe('requested');
    // A day later what was verified before has ended, and nobody is a member.
    clock.pass(25);
    await scene.node('receiving').refreshMembers();
    const forged = await scene.forged('referring', referralId, RESUMED);
    const parcel = await sealed(await scene.forger('referring'), forged);
    expect(await scene.insider.referring.deliver(parcel)).toMatchObject(STRANGER);
    registry.address = right;
    await liar[Symbol.asyncDispose]();
    await federation.restart('receiving');
    await rm(falseFolder, { recursive: true });
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});

describe('a statement that has expired', () => {
  it('ends both directions; what is said waits, a withdrawal too, until the registry is heard again', async () => {
    const mine = await scene.request();
    scene.world.clock.pass(25);
    const before = rowsAt(scene.node('receiving'));
    const forged = await scene.forged('referring', mine, RESUMED);
    const parcel = await sealed(await scene.forger('referring'), forged);
    expect(await scene.insider.referring.deliver(parcel)).toMatchObject(STRANGER);
    expect(await scene.insider.referring.sync({ referrals: [] })).toMatchObject(STRANGER);
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
    const client = scene.node('referring').client();
    const act = { referralId: mine, sections: [], grants: [] };
    const held = { step: 'held', held: { reviewAt: 4_000_000_000 } } as const;
    await client.act({ ...act, requestId: uuid4(), body: held, sections: [reason('other')] });
    const { outcome } = await client.act({ ...act, requestId: uuid4(), body: withdrawal() });
    expect(outcome.status).toBe('withdrawn');
    scene.hurry();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
    await scene.world.federation.catchUp();
    await received(scene, 'referring', mine);
    expect((await scene.open('receiving', mine)).state.status).toBe('withdrawn');
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});

describe('an encryption key', () => {
  let old: SealingKey;
  const to = () => ({ to: { organisation: '', sealingKey: old } });
  const newKid = () => scene.keyring('receiving').publicJwks('encryption')[0]?.kid;

  it('that was replaced still opens for a week, then is refused by the name of the new one', async () => {
    old = (await scene.forger('referring')).to.sealingKey;
    // Renewed before its time, so that it is not needed by anybody's clock.
    await scene.keyring('receiving').rotate('encryption', scene.world.clock);
    await scene.world.federation.catchUp();
    const early = await scene.forged('referring', referralId, { body: confirm });
    const answer = await scene.insider.referring.deliver(await sealed(to(), early));
    expect(answer).toMatchObject({ status: 'OK' });
    for (let day = 0; day < 8; day += 1) {
      scene.world.clock.pass(24);
      await scene.world.federation.catchUp();
    }
    expect(await scene.insider.referring.deliver(await sealed(to(), early))).toEqual({
      status: 'FAILED_PRECONDITION',
      reason: 'ENCRYPTION_KEY_RETIRED',
      message: `kid: seal to ${newKid()} instead.`,
    });
    expect(await scene.goesOn(referralId)).toBe('requested');
  });

  it('that is gone too early: what was taken has its receipt by Sync, the rest is sealed again', async () => {
    const keyring = scene.keyring('receiving');
    const { kid } = (await scene.forger('referring')).to.sealingKey;
    await keyring.rotate('encryption', scene.world.clock);
    const opening = keyring.opening.bind(keyring);
    keyring.opening = (asked) => (asked === kid ? undefined : opening(asked));
    // The referring node has not heard of the new key yet.
    const client = scene.node('referring').client();
    const act = { requestId: uuid4(), referralId, sections: [], grants: [] };
    const { outcome } = await client.act({
      ...act,
      body: withdrawal({ whole: false, sections: ['report'] }),
    });
    await logs('"ENCRYPTION_KEY_RETIRED"');
    const mine = await scene.open('referring', referralId);
    const message = mine.stored.messages.find((m) => m.author === 'own' && m.seq === outcome.seq);
    expect(message?.receipt).toBeNull();
    const [jwk] = keyring.publicJwks('encryption');
    const forger = { to: { organisation: '', sealingKey: await importSealingKey(jwk) } };
    const parcel = await sealed(forger, { jws: message?.jws ?? '', sections: [] });
    const { receipt } = await scene.insider.referring.deliver(parcel);
    await received(scene, 'referring', referralId);
    const after = await scene.open('referring', referralId);
    expect(after.stored.messages.find((m) => m.digest === message?.digest)?.receipt).toBe(receipt);
    // And one that nobody took is sealed to the new key, once its name is known.
    const other = {
      ...act,
      requestId: uuid4(),
      body: withdrawal({ whole: false, sections: ['plan'] }),
    };
    await client.act(other);
    await scene.world.federation.catchUp();
    await received(scene, 'referring', referralId);
    expect(await scene.goesOn(referralId)).toBe('requested');
  });

  async function logs(text: string): Promise<void> {
    await expect
      .poll(() => scene.world.logged.some((line) => line.includes(text)), { timeout: 5000 })
      .toBe(true);
  }
});

describe('a member that is removed', () => {
  it('is a stranger at once, nothing more is sent to it, and a withdrawal is said all the same', async () => {
    const { id, answer } = await requestByMeddler();
    expect(answer.status).toBe('OK');
    expect((await scene.open('receiving', id)).state.status).toBe('requested');
    const { federation } = scene.world;
    await removeMember(federation.prepared.registryFolder, MEDDLER);
    await federation.catchUp();
    const again = await requestByMeddler();
    expect(again.answer).toMatchObject(STRANGER);
    // A connection of its own from before says nothing else than a new one.
    using anew = await attackerAt(scene.node('receiving').config, scene.meddler.tls);
    expect(await anew.sync({ referrals: [] })).toMatchObject(STRANGER);
    const client = scene.node('receiving').client();
    const act = { requestId: uuid4(), referralId: id, grants: [] };
    const told = client.act({ ...act, body: confirm, sections: [workers()] });
    await expect(told).rejects.toMatchObject({ code: 'SYNC_FIRST' });
    const { outcome } = await client.act({
      ...act,
      requestId: uuid4(),
      body: withdrawal(),
      sections: [],
    });
    expect(outcome.status).toBe('withdrawn');
    await expect(client.openSection({ referralId: id, section: 'minimum' })).rejects.toMatchObject({
      code: 'CONSENT_WITHDRAWN',
    });
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});
