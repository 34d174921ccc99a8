import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { recordsOfCase } from '#casework/consent-records.ts';
import { sha256, uuid4 } from '#crypto/digest.ts';
import { createSigningKey, importVerifyKey, type SigningKey } from '#crypto/keys.ts';
import { verifyPaperReceipt } from '#exchange/verify-paper-receipt.ts';
import { type CaseFile, withOrganisations } from '#model/case-file.ts';
import { nowSeconds } from '#model/clock.ts';
import { PersonCopy } from '#model/person-copy.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { IDS } from '#test/exchange/pair.ts';
import { signKeyAttestation } from '#trust/key-attestation.ts';
import type { Anchor } from '#trust/verify-chain.ts';

import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

const REGISTRY = 'https://registry.example';

let offices: Offices;
let worker: Person;
let registry: SigningKey;
let anchor: Anchor;
let localCode: string;

beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  registry = await createSigningKey();
  anchor = { entityId: REGISTRY, keys: [await importVerifyKey(registry.publicJwk)] };
  const example = await exampleCase('adult.yaml');
  localCode = example.localCode;
  await offices.referring.api.importCase({ caseFile: example.file }, by(worker));
  await attest();
});
afterEach(() => offices[Symbol.asyncDispose]());

/** The registry's word about the key that signs now. */
async function attest() {
  const { member, keyring } = offices.pair.referring;
  const messageKey = keyring.signing('message').publicJwk;
  const at = { superior: REGISTRY, subject: IDS.referring, messageKey };
  const now = nowSeconds(offices.pair.clock);
  member.keyAttestations = [await signKeyAttestation(registry, { ...at, nowSeconds: now })];
}

function print(wanted: { recipients?: string[]; named?: boolean } = {}, code = localCode) {
  const { recipients = [], named = false } = wanted;
  return offices.referring.api.printReceipt(
    { localCode: code, recipients, nameOrganisations: named, nameSections: named },
    by(worker),
  );
}

const now = () => nowSeconds(offices.pair.clock);

describe('a receipt that is printed', () => {
  it('verifies offline, and tells the dates and nothing else', async () => {
    const { text, code, name, agreements } = await print();
    const { receipt } = await verifyPaperReceipt({ text, code }, anchor, now());
    expect(receipt.iss).toBe(IDS.referring);
    expect(receipt.agreements).toHaveLength(1);
    expect(receipt.agreements[0]).toEqual({
      record: expect.stringMatching(/^[\w-]{43}$/),
      given: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      ends: [{ until: '2031-12-31' }],
    });
    expect(name).toBe('');
    expect(agreements[0]).toMatchObject({ recipient: '', recipientName: '' });
    expect(agreements[0]?.ends[0]?.sections).toEqual([]);
  });

  it('names organisations and sections where that is asked for, under the same signature', async () => {
    const { text, code } = await print({ named: true });
    const { receipt } = await verifyPaperReceipt({ text, code }, anchor, now());
    expect(receipt.name).toBe('Test referring');
    expect(receipt.agreements[0]?.recipient).toEqual({
      organisation: IDS.receiving,
      name: 'Test receiving',
    });
    expect(receipt.agreements[0]?.ends[0]?.sections).toEqual(expect.arrayContaining(['health']));
  });

  it('bears the digest of the signed record of each partner of a team, or of one alone', async () => {
    const third = 'https://third.example';
    const { file } = await exampleCase('adult.yaml');
    const caseFile = JSON.parse(new TextDecoder().decode(file)) as CaseFile;
    const toThird = withOrganisations(caseFile, new Map([[IDS.receiving, third]]));
    // The receipt in a file is for one partner: each comes with a file of its own.
    for (const one of [caseFile, toThird].map((each) => ({ ...each, localCode: 'TEAM-1' }))) {
      const bytes = new TextEncoder().encode(JSON.stringify(one));
      await offices.referring.api.importCase({ caseFile: bytes }, by(worker));
    }
    const { exchange, store } = offices.pair.referring;
    const records = await recordsOfCase({ ...exchange.context, exchange, store }, 'TEAM-1');
    const digests = [...records.values()].map((all) => {
      return sha256(all.findLast(({ record }) => record.receipt)?.jws ?? '');
    });
    const all = (await print({}, 'TEAM-1')).agreements.map(({ record }) => record);
    expect(new Set(all)).toEqual(new Set(digests));
    expect(new Set(all).size).toBe(2);
    const alone = (await print({ recipients: [third], named: true }, 'TEAM-1')).agreements;
    expect(alone.map(({ recipient }) => recipient)).toEqual([third]);
    expect(all).toContain(alone[0]?.record);
  });

  it('is not printed for a case that is not here, nor for a partner without a yes', async () => {
    await expect(print({}, 'NOBODY-1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(print({ recipients: ['https://other.example'] })).rejects.toMatchObject({
      code: 'NOT_CONSENTED',
    });
  });

  it('is not printed while the registry does not vouch for the key, and is the day after', async () => {
    const { pair } = offices;
    await pair.referring.keyring.rotate('message', pair.clock);
    await expect(print()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await attest();
    const { text, code } = await print();
    expect(await verifyPaperReceipt({ text, code }, anchor, now())).toBeDefined();
  });

  it('is not printed any more when she said no, and her copy shows each no', async () => {
    const { api } = offices.referring;
    const { pair } = offices;
    const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
    const requested = { ...asked, continuesReferralId: '' };
    const { outcome } = await api.requestReferral(requested, by(worker));
    await pair.settle();
    const stop = async (said: { whole: boolean; sections: 'health'[] }) => {
      const rest = { stopReports: false, deleteSent: false, endServices: false };
      await api.withdrawConsent(
        {
          requestId: uuid4(),
          localCode,
          referralId: '',
          withdrawal: { ...said, ...rest, meetingWish: 'not-asked' },
          byGuardian: false,
        },
        by(worker),
      );
      await pair.settle();
    };
    await stop({ whole: false, sections: ['health'] });
    const { agreements } = await print({ named: true });
    const named = agreements[0]?.ends.flatMap(({ sections }) => sections) ?? [];
    expect(named).toContain('legal');
    expect(named).not.toContain('health');

    // What she said to the partner counts here as well.
    const keyWorker = await offices.receiving.hire('key-worker');
    const body = withdrawal({ whole: false, sections: ['legal'] });
    const { referralId } = outcome;
    const act = { requestId: uuid4(), referralId, body, sections: [], grants: [] };
    await offices.receiving.api.act(act, by(keyWorker));
    await pair.settle();
    const left = (await print({ named: true })).agreements[0]?.ends;
    expect(left?.flatMap(({ sections }) => sections)).not.toContain('legal');

    await stop({ whole: true, sections: [] });
    await expect(print()).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
    const request = { localCode, toGuardian: false, withExploitation: false };
    const { copy } = await api.makeCopy(request, by(worker));
    const [agreed] = PersonCopy.parse(JSON.parse(new TextDecoder().decode(copy))).agreements;
    expect(agreed?.answers.length).toBeGreaterThan(10);
    expect(agreed?.answers.filter(({ answer }) => answer === 'yes')).toEqual([]);
  });
});
