// What one entry of a matter may hold: the record as it came, then what was done,
// decided and told. Entries are never changed; the newest word counts.
import { z } from 'zod';

import { ROLES } from '../codes.ts';
import { BREACH_STEP_NAMES, BreachRecord, OUTCOMES } from './breach.ts';
import { DemandDecision, DemandRecord } from './demand.ts';
import { DisclosureRecord } from './disclosure.ts';
import { ToldLater } from './telling.ts';

const EntrySchema = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('breach'), value: BreachRecord }),
  z.strictObject({
    what: z.literal('step'),
    value: z.strictObject({ step: z.enum(BREACH_STEP_NAMES), outcome: z.enum(OUTCOMES) }),
  }),
  z.strictObject({ what: z.literal('demand'), value: DemandRecord }),
  z.strictObject({
    what: z.literal('decision'),
    value: DemandDecision,
    /** The second of the two people. */
    second: z.strictObject({ staffId: z.string(), role: z.enum(ROLES) }),
  }),
  z.strictObject({
    what: z.literal('disclosure'),
    value: DisclosureRecord,
    /** More was told than the decision on its demand allowed. */
    isBeyondDecision: z.boolean(),
  }),
  z.strictObject({ what: z.literal('told'), value: ToldLater }),
]);
export type Entry = z.infer<typeof EntrySchema>;

/** One that this program wrote. Throws on anything else. */
export function parseEntry(value: unknown): Entry {
  return EntrySchema.parse(value);
}
