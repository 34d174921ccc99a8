import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { PersonCopy } from '#model/person-copy.ts';
import { draftOf, IDS } from '#test/exchange/pair.ts';

import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let worker: Person;
let adult: string;
let child: string;

beforeAll(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  adult = await imported('adult.yaml');
  child = await imported('child.yaml');
});
afterAll(() => offices[Symbol.asyncDispose]());

async function imported(name: string, change: (text: string) => string = (text) => text) {
  const { file, localCode } = await exampleCase(name);
  const caseFile = new TextEncoder().encode(change(new TextDecoder().decode(file)));
  await offices.referring.api.importCase({ caseFile }, by(worker));
  return localCode;
}

async function copyOf(localCode: string, wanted: { toGuardian?: boolean; withAll?: boolean } = {}) {
  const { toGuardian = false, withAll: withExploitation = false } = wanted;
  const request = { localCode, toGuardian, withExploitation };
  const { copy } = await offices.referring.api.makeCopy(request, by(worker));
  return PersonCopy.parse(JSON.parse(new TextDecoder().decode(copy)));
}

const heldBy = (copy: PersonCopy) => {
  const sections = copy.holders.find(
    ({ organisation }) => organisation === IDS.receiving,
  )?.sections;
  return Object.fromEntries(sections?.map(({ section, state }) => [section, state]) ?? []);
};

describe('the copy of a case', () => {
  it('says that nobody has anything before the first request, and what was agreed', async () => {
    const copy = await copyOf(adult);
    expect(copy.holders).toEqual([]);
    expect(copy.madeBy).toEqual({ organisation: IDS.referring, name: 'Test referring' });
    const [agreed] = copy.agreements;
    expect(copy.agreements).toHaveLength(1);
    expect(agreed?.recipient.organisation).toBe(IDS.receiving);
    expect(agreed?.answers).toContainEqual(
      expect.objectContaining({
        section: 'health',
        stage: 'package',
        direction: 'to-recipient',
        answer: 'yes',
      }),
    );
    expect(agreed?.receipt?.recipientThirdParties).toEqual([IDS.receiving]);
  });

  it('says what was sent, taken and closed, and what is not answered', async () => {
    const { pair, referring } = offices;
    const request = { requestId: uuid4(), localCode: adult, recipient: IDS.receiving };
    const { outcome } = await referring.api.requestReferral(
      { ...request, continuesReferralId: '' },
      by(worker),
    );
    const { referralId } = outcome;
    await pair.settle();
    expect(heldBy(await copyOf(adult))).toEqual({ minimum: 'may-be-read' });

    const openings = [{ role: 'caseworker', section: 'minimum', at: '2026-11-24T10:00:00Z' }];
    const access = new TextEncoder().encode(JSON.stringify({ openings }));
    const reported = { step: 'accessReported', accessReported: {} } as const;
    await pair.receiving.exchange.send({
      ...draftOf(referralId, reported),
      sections: [{ section: 'access', content: access }],
    });
    await pair.settle();
    const [first, ...before] = (await copyOf(adult)).openings;
    expect(first).toEqual({ organisation: IDS.receiving, ...openings[0] });
    // The copies of before, and this one, were openings here.
    expect(before).toHaveLength(3);
    for (const one of before) {
      expect(one).toMatchObject({ organisation: IDS.referring, section: 'case' });
    }

    const consentWithdrawn = {
      whole: true,
      sections: [],
      stopReports: false,
      deleteSent: false,
      endServices: false,
      meetingWish: 'not-asked' as const,
    };
    const messageId = uuid4();
    const stop = draftOf(referralId, { step: 'consentWithdrawn', consentWithdrawn });
    await pair.referring.exchange.send({ ...stop, messageId });
    await pair.settle();
    const stopped = await copyOf(adult);
    expect(heldBy(stopped)).toEqual({ minimum: 'closed' });
    expect(stopped.holders[0]?.answers).toMatchObject([{ sections: [] }]);
    expect(stopped.holders[0]?.answers[0]).not.toHaveProperty('answeredAt');

    const answer = async (said: { erased: 'minimum'[]; kept: 'minimum'[] }, reason?: object) => {
      const erasureConfirmed = { withdrawalId: messageId, ...said };
      const content = new TextEncoder().encode(JSON.stringify(reason));
      await pair.receiving.exchange.send({
        ...draftOf(referralId, { step: 'erasureConfirmed', erasureConfirmed }),
        sections: reason ? [{ section: 'reason', content }] : [],
      });
      await pair.settle();
    };
    const law = { section: 'minimum', law: 'Archives Act (invented)', until: '2030-01-01' };
    await answer({ erased: [], kept: ['minimum'] }, { code: 'kept-under-law', kept: [law] });
    expect((await copyOf(adult)).holders[0]?.sections).toEqual([
      { ...law, state: 'kept-under-law', until: '2030-01-01T00:00:00Z' },
    ]);

    await answer({ erased: ['minimum'], kept: [] });
    const done = await copyOf(adult);
    expect(heldBy(done)).toEqual({ minimum: 'erased' });
    expect(done.holders[0]?.answers[0]).toHaveProperty('answeredAt');
  });

  it('says that what never arrived is not there', async () => {
    const { pair, referring } = offices;
    const labour = await imported('labour.yaml');
    pair.onDeliver = () => {
      throw new Error('the line is cut');
    };
    const request = { requestId: uuid4(), localCode: labour, recipient: IDS.receiving };
    const second = await referring.hire('second', 'supervisor');
    const asked = { ...request, continuesReferralId: '' };
    await referring.api.requestReferral(asked, by(worker, second));
    await pair.settle();
    expect(heldBy(await copyOf(labour))).toEqual({ minimum: 'not-delivered' });
    pair.onDeliver = (_, parcel) => parcel;
  });

  it('tells what happened only on request', async () => {
    expect((await copyOf('HH-2026-0003', { withAll: true })).plan.exploitation).toBeDefined();
    const copy = await copyOf('HH-2026-0003');
    expect(copy.plan).not.toHaveProperty('exploitation');
    expect(copy.leftOut).toContain('What happened to you. Ask for it if you want it.');
  });

  it('goes to a guardian who is checked and independent, and to nobody for an adult', async () => {
    expect((await copyOf(child, { toGuardian: true })).plan.child).toBeDefined();
    await expect(copyOf(adult, { toGuardian: true })).rejects.toThrow('an adult gets');
    for (const word of ['checked', 'independent']) {
      await imported('child.yaml', (text) => text.replace(`"${word}":true`, `"${word}":false`));
      await expect(copyOf(child, { toGuardian: true }), word).rejects.toMatchObject({
        code: 'NOT_PERMITTED',
      });
      await copyOf(child);
    }
    // Of age since, in a case that was begun for a child.
    await imported('child.yaml', (text) => text.replace('"2011-03-09"', '"2008-03-09"'));
    await expect(copyOf(child, { toGuardian: true })).rejects.toThrow('an adult gets');
  });

  it('tells what an authority was told, once the person has heard of it and not before', async () => {
    const { api } = offices.referring;
    const record = {
      why: 'save-a-life',
      to: 'emergency-service',
      country: 'NL',
      law: 'Article 6(1)(d) GDPR',
      madeAt: '2026-11-24T08:00:00Z',
      sections: ['health'],
      adviceOffered: false,
      person: { why: 'not-reached', until: '2026-12-24T08:00:00Z' },
    };
    const requestId = uuid4();
    await api.recordDisclosure(
      {
        requestId,
        referralId: '',
        localCode: adult,
        record: new TextEncoder().encode(JSON.stringify(record)),
      },
      by(worker),
    );
    expect((await copyOf(adult)).toldOutside).toEqual([]);
    const toldAt = Math.floor(offices.pair.clock.now() / 1000);
    await api.recordTold({ matterId: requestId, whom: 'person', toldAt }, by(worker));
    expect((await copyOf(adult)).toldOutside).toEqual([
      expect.objectContaining({ to: 'emergency-service', sections: ['health'] }),
    ]);
    expect((await copyOf('HH-2026-0003')).toldOutside).toEqual([]);
  });

  it('is not made while a legal demand for the case is open', async () => {
    const record = {
      form: 'subpoena',
      authority: 'court',
      country: 'NL',
      receivedAt: '2026-11-24T09:00:00Z',
      asksFor: ['identity'],
    };
    await offices.referring.api.recordDemand(
      {
        requestId: uuid4(),
        referralId: '',
        localCode: child,
        record: new TextEncoder().encode(JSON.stringify(record)),
      },
      by(worker),
    );
    await expect(copyOf(child)).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
    await copyOf(adult);
  });

  it('is not made, nor a receipt, when the opening cannot be recorded', async () => {
    offices.pair.referring.store.appendAccess = () => Promise.reject(new Error('full'));
    await expect(copyOf(adult)).rejects.toThrow('full');
    const receipt = {
      localCode: adult,
      recipients: [],
      nameOrganisations: false,
      nameSections: false,
    };
    await expect(offices.referring.api.printReceipt(receipt, by(worker))).rejects.toThrow('full');
  });
});
