import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { ROLES, type Role } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import { CASEWORK_METHODS, CASEWORK_STREAMS } from '#wire/contracts/casework.ts';

import { by, type Offices, openOffices, type Person } from './office.ts';

const WORKERS: readonly Role[] = ['caseworker', 'supervisor', 'service'];
const HEADS: readonly Role[] = ['supervisor', 'administrator'];

/** Who may call what; written out, so that a change of the program's table shows here. */
const MAY: Readonly<Record<string, readonly Role[]>> = {
  importCase: WORKERS,
  checkReady: WORKERS,
  listCases: WORKERS,
  getCase: WORKERS,
  requestReferral: WORKERS,
  releasePackage: WORKERS,
  act: WORKERS,
  askConsent: WORKERS,
  recordConsent: WORKERS,
  showConsent: WORKERS,
  verifyConsent: WORKERS,
  withdrawConsent: WORKERS,
  noteAuthorityAsked: WORKERS,
  noteHeard: WORKERS,
  listReferrals: WORKERS,
  getReferral: WORKERS,
  openSection: WORKERS,
  exportReferral: WORKERS,
  listAccess: WORKERS,
  verifyAccess: ROLES,
  getHoldings: WORKERS,
  listErasures: WORKERS,
  keepSection: ['caseworker', 'supervisor'],
  eraseCase: WORKERS,
  printReceipt: WORKERS,
  makeCopy: WORKERS,
  listInbox: WORKERS,
  reportBreach: WORKERS,
  settleBreachStep: WORKERS,
  recordDemand: WORKERS,
  decideDemand: ['caseworker', 'supervisor'],
  recordDisclosure: WORKERS,
  recordTold: WORKERS,
  listMatters: WORKERS,
  getMatter: WORKERS,
  addStaff: HEADS,
  listStaff: HEADS,
  removeStaff: HEADS,
  listMembers: ROLES,
  getNodeStatus: ROLES,
  watch: ROLES,
};

let offices: Offices;
const people = new Map<Role, Person>();
beforeAll(async () => {
  offices = await openOffices();
  for (const role of ROLES) people.set(role, await offices.referring.hire(`the-${role}`, role));
});
afterAll(() => offices[Symbol.asyncDispose]());

async function codeOf(method: string, role: Role): Promise<string> {
  const person = people.get(role);
  if (!person) throw new Error('nobody has this role');
  const call = { ...by(person), signal: AbortSignal.abort() };
  const request = {
    requestId: uuid4(),
    referralId: uuid4(),
    localCode: 'NOBODY-1',
    staffId: 'nobody',
    section: 'health',
    recipients: [],
    body: { step: 'receiptConfirmed', receiptConfirmed: {} },
    caseFile: new Uint8Array(),
    withdrawal: { whole: true, sections: [] },
    breach: new Uint8Array(),
    form: new Uint8Array(),
    record: new Uint8Array(),
    decision: new Uint8Array(),
    matterId: uuid4(),
    outcome: 'done',
    kind: 'demand',
    toldAt: 1,
    sections: [],
    grants: [],
    limit: 0,
    cursor: '',
    since: 0,
  };
  const handle = Reflect.get(offices.referring.api, method) as (r: unknown, c: unknown) => unknown;
  try {
    const answer = handle(request, call);
    if (method === 'watch') await (answer as AsyncGenerator).next();
    else await answer;
    return 'ok';
  } catch (error) {
    return error instanceof Refusal ? error.code : 'not a refusal';
  }
}

describe('each call of the casework service', () => {
  it('has its roles in this table', () => {
    const methods = [...Object.keys(CASEWORK_METHODS), ...Object.keys(CASEWORK_STREAMS)];
    expect(methods.toSorted()).toEqual(Object.keys(MAY).toSorted());
  });

  it.each(Object.entries(MAY))('%s is for its roles and no other', async (method, roles) => {
    for (const role of ROLES) {
      const code = await codeOf(method, role);
      if (roles.includes(role)) expect(code, role).not.toBe('NOT_PERMITTED');
      else expect(code, role).toBe('NOT_PERMITTED');
    }
  });
});
