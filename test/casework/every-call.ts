// A request for every call of the casework service, made from the contract: a new call
// or field stops the tests that use it, until somebody has said what goes into it.
import type { z } from 'zod';

import { uuid4 } from '#crypto/digest.ts';
import { CASEWORK_METHODS, CASEWORK_STREAMS } from '#wire/contracts/casework.ts';
import { by, type Office, type Person } from './office.ts';

export const CALLS = { ...CASEWORK_METHODS, ...CASEWORK_STREAMS };
export type CallName = keyof typeof CALLS;

export type Given = Readonly<Record<string, unknown>>;

/** Of each field that some call has; what a test needs is in `given`. */
const FIELDS: Given = {
  localCode: 'NOBODY-1',
  recipient: 'https://nobody.example',
  continuesReferralId: '',
  reconfirmedAt: 1,
  short: false,
  body: { step: 'receiptConfirmed', receiptConfirmed: {} },
  sections: [],
  grants: [],
  limit: 0,
  cursor: '',
  since: 0,
  afterEventId: '',
  section: 'health',
  why: 'casework',
  withContent: true,
  caseFile: new Uint8Array(),
  withdrawal: {
    whole: true,
    sections: [],
    stopReports: true,
    deleteSent: false,
    endServices: false,
    meetingWish: 'not-asked',
  },
  arrived: false,
  byGuardian: false,
  law: 'An invented law',
  until: 4_000_000_000,
  staffId: 'somebody-new',
  role: 'caseworker',
  recipients: [],
  nameOrganisations: true,
  nameSections: true,
  toGuardian: false,
  withExploitation: true,
  scenario: 'seized-device',
  tellPartner: 'default',
  breach: new Uint8Array(),
  step: 'check-arrival',
  outcome: 'done',
  record: new Uint8Array(),
  decision: new Uint8Array(),
  whom: 'person',
  toldAt: 1,
  kind: 'breach',
  stages: [],
  locale: 'en',
  translation: '',
  reviewedBy: '',
  form: new Uint8Array(),
};

/** Where one name means two things. */
const OF_ONE_CALL: Partial<Record<CallName, Given>> = { checkReady: { step: 'release' } };

/** @throws where the contract would not let the request through */
function requestFor(name: CallName, given: Given): unknown {
  const schema: z.ZodObject = CALLS[name].request;
  const fields: Given = {
    ...FIELDS,
    requestId: uuid4(),
    matterId: uuid4(),
    ...OF_ONE_CALL[name],
    ...given,
  };
  const request = Object.keys(schema.shape).map((field) => {
    if (!(field in fields)) throw new Error(`${name}: say what the new field ${field} may hold`);
    return [field, fields[field]];
  });
  return schema.parse(Object.fromEntries(request));
}

/** Everything that the caller is shown, in one text: the answer, or the refusal. */
export async function shownBy(
  { api }: Office,
  name: CallName,
  given: Given,
  people: readonly [Person, Person?],
): Promise<string> {
  const call = { ...by(...people), signal: AbortSignal.abort() };
  const handle = Reflect.get(api, name) as (request: unknown, call: unknown) => unknown;
  const request = requestFor(name, given);
  try {
    const answer = handle(request, call);
    if (name in CASEWORK_STREAMS) return textOf(await (answer as AsyncGenerator).next());
    return textOf(await answer);
  } catch (error) {
    return textOf(Object.assign({}, error, { message: String(error) }));
  }
}

function textOf(shown: unknown): string {
  return JSON.stringify(shown, (_, value: unknown) => {
    return value instanceof Uint8Array ? Buffer.from(value).toString() : value;
  });
}
