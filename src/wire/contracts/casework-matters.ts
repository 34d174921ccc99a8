// Matters of CaseworkService, as matters.proto has them. Empty text stands for none
// where the proto says so; times are whole seconds, 0 for none.
import { z } from 'zod';

import { MATTER_KINDS } from '#casework/ports.ts';
import { limits } from '#model/limits.ts';
import { BREACH_STEP_NAMES, OUTCOMES, REPORTED_SCENARIOS } from '#model/matter/breach.ts';
import { WHOM } from '#model/matter/telling.ts';

import {
  bytesUpTo,
  cursor,
  line,
  localCode,
  orNone,
  secondsOrNone,
  uuid4,
  word,
} from './casework-records.ts';

const record = bytesUpTo(limits.sectionBytesMax);
const codeOrNone = z.union([localCode, z.literal('')]);
const outcomeOrNone = z.union([z.enum(OUTCOMES), z.literal('')]);

const MatterSummary = z.strictObject({
  matterId: uuid4,
  kind: z.enum(MATTER_KINDS),
  referralId: orNone,
  localCode: codeOrNone,
  isOpen: z.boolean(),
  openedAt: secondsOrNone,
});

const MatterEntry = z.strictObject({
  number: z.int().min(1),
  at: secondsOrNone,
  byStaff: word,
  byRole: word,
  what: z.enum(['breach', 'step', 'demand', 'decision', 'disclosure', 'told', 'erased']),
  content: record,
});

const BreachStep = z.strictObject({
  step: z.enum(BREACH_STEP_NAMES),
  words: line,
  who: word,
  dueAt: secondsOrNone,
  outcome: outcomeOrNone,
  settledAt: secondsOrNone,
  byRole: word,
});

const Untold = z.strictObject({ whom: z.enum(WHOM), againAt: secondsOrNone });

const named = { requestId: uuid4, referralId: orNone, localCode: codeOrNone, record };

export const MATTER_METHODS = {
  reportBreach: {
    request: z.strictObject({
      requestId: uuid4,
      referralId: uuid4,
      scenario: z.enum(REPORTED_SCENARIOS),
      tellPartner: z.enum(['default', 'yes', 'no']),
      breach: record,
    }),
    response: z.strictObject({ matterId: uuid4, isPartnerTold: z.boolean(), waits: word }),
  },
  settleBreachStep: {
    request: z.strictObject({
      matterId: uuid4,
      step: z.enum(BREACH_STEP_NAMES),
      outcome: z.enum(OUTCOMES),
    }),
    response: z.strictObject({ steps: z.array(BreachStep) }),
  },
  recordDemand: {
    request: z.strictObject(named),
    response: z.strictObject({ matterId: uuid4 }),
  },
  decideDemand: {
    request: z.strictObject({ matterId: uuid4, decision: record }),
    response: z.strictObject({ isEnded: z.boolean() }),
  },
  recordDisclosure: {
    request: z.strictObject(named),
    response: z.strictObject({ matterId: uuid4, isBeyondDecision: z.boolean() }),
  },
  recordTold: {
    request: z.strictObject({ matterId: uuid4, whom: z.enum(WHOM), toldAt: z.int().min(1) }),
    response: z.strictObject({}),
  },
  listMatters: {
    request: z.strictObject({
      kind: z.enum(MATTER_KINDS),
      limit: z.int().min(0).max(limits.pageItemsMax),
      cursor,
    }),
    response: z.strictObject({
      matters: z.array(MatterSummary).max(limits.pageItemsMax),
      nextCursor: cursor,
    }),
  },
  getMatter: {
    request: z.strictObject({ matterId: uuid4 }),
    response: z.strictObject({
      matter: MatterSummary,
      entries: z.array(MatterEntry),
      steps: z.array(BreachStep),
      untold: z.array(Untold),
    }),
  },
} as const;
