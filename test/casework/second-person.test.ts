import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { readUnverifiedPayload } from '#crypto/jws.ts';
import * as contents from '#deploy/demo/contents.ts';
import { parseCaseFile } from '#model/case-file.ts';
import { IDS } from '#test/exchange/pair.ts';
import { codec } from '#wire/codec.ts';

import { by, exampleCase, type Office, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let office: Office;
let worker: Person;
let other: Person;
beforeEach(async () => {
  offices = await openOffices();
  office = offices.referring;
  worker = await office.hire('worker-1');
  other = await office.hire('worker-2', 'supervisor');
});
afterEach(() => offices[Symbol.asyncDispose]());

async function request(localCode: string, second?: Person) {
  const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
  const call = by(worker, second);
  const { outcome } = await office.api.requestReferral({ ...asked, continuesReferralId: '' }, call);
  return outcome;
}

async function importOne(name: string): Promise<string> {
  const { file, localCode } = await exampleCase(name);
  await office.api.importCase({ caseFile: file }, by(worker));
  return localCode;
}

/** What our signed message says of a second person. */
async function statedOf(messageId: string): Promise<boolean | undefined> {
  const stored = await offices.pair.referring.store.findMessageById(messageId);
  const { content } = codec.decodeMessage(readUnverifiedPayload(stored?.jws ?? ''));
  return content?.body.step === 'referralRequest'
    ? content.body.referralRequest.secondPerson
    : undefined;
}

const NEEDED = { code: 'SECOND_PERSON_NEEDED' };

describe('a request for a child', () => {
  it('needs a second person of another role, a human being, whose token is valid', async () => {
    const localCode = await importOne('child.yaml');
    const records = await office.hire('records', 'service');
    const admin = await office.hire('office', 'administrator');
    await expect(request(localCode)).rejects.toMatchObject(NEEDED);
    await expect(request(localCode, worker)).rejects.toMatchObject(NEEDED);
    await expect(request(localCode, records)).rejects.toMatchObject(NEEDED);
    await expect(request(localCode, admin)).rejects.toMatchObject(NEEDED);
    await expect(request(localCode, await office.hire('worker-3'))).rejects.toMatchObject(NEEDED);
    const stranger = { ...other, token: 'srx_nobody' };
    await expect(request(localCode, stranger)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { messageId } = await request(localCode, other);
    expect(await statedOf(messageId)).toBe(true);
  });
});

describe('a request that needs no second person', () => {
  it('states one only where there was one, and never the same twice', async () => {
    const localCode = await importOne('adult.yaml');
    await expect(request(localCode, worker)).rejects.toMatchObject(NEEDED);
    expect(await statedOf((await request(localCode)).messageId)).toBe(false);
    expect(await statedOf((await request(localCode, other)).messageId)).toBe(true);
  });
});

describe('an acceptance', () => {
  it('needs a second person, and takes nobody’s word for one', async () => {
    const { referralId } = await request(await importOne('adult.yaml'));
    const caseFile = parseCaseFile((await exampleCase('adult.yaml')).file);
    await offices.pair.settle();
    const { api, hire } = offices.receiving;
    const first = await hire('key-worker');
    const accept = (second?: Person) =>
      api.act(
        {
          requestId: uuid4(),
          referralId,
          body: { step: 'accepted', accepted: { secondPerson: true } },
          sections: [contents.offer({ caseFile, nowMs: offices.pair.clock.now() })],
          grants: [],
        },
        by(first, second),
      );
    await api.act(
      {
        requestId: uuid4(),
        referralId,
        body: { step: 'receiptConfirmed', receiptConfirmed: {} },
        sections: [contents.workers()],
        grants: [],
      },
      by(first),
    );
    await expect(accept()).rejects.toMatchObject(NEEDED);
    await expect(accept(first)).rejects.toMatchObject(NEEDED);
    expect((await accept(await hire('deputy'))).outcome.status).toBe('accepted');
  });
});
