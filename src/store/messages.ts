// The two chains, as they are kept for ever: placed, parked and forked.
import type { ReferralChange, ReferralStore, StoredMessage } from '#exchange/ports.ts';

import type { Engine } from './engine.ts';
import { fromMessage, toMessage } from './rows.ts';
import { atMost, type Job, rowsStatement, statement } from './statement.ts';
import type { MessageTable } from './tables.ts';

type Messages = Pick<ReferralStore, 'findMessage' | 'findMessageById'>;

export function messagesOn(engine: Engine): Messages {
  return {
    findMessage: (digest) =>
      engine.read(function* () {
        const [row] = yield* findByDigest({ digest });
        return row && toMessage(row);
      }),
    findMessageById: (messageId) =>
      engine.read(function* () {
        const [row] = yield* findById({ messageId });
        return row && toMessage(row);
      }),
  };
}

/** @returns how many were not there yet, by digest and by number in their chain. */
export function* insertMessages(
  messages: readonly StoredMessage[],
  overtaking: ReadonlySet<number>,
): Job<number> {
  if (messages.length === 0) return 0;
  const rows = messages.map((m) => fromMessage(m, m.author === 'own' && overtaking.has(m.seq)));
  return (yield* insert(rows)).length;
}

/** Once placed, a message and its receipt stay as they are. */
export function* place(
  referralId: string,
  { digest, receipt }: ReferralChange['place'][number],
  nowMs: number,
): Job<void> {
  yield* placeParked({ referralId, digest, receipt, atMs: receipt === null ? null : nowMs });
}

const COLUMNS = [
  'digest',
  'referral_id',
  'author',
  'seq',
  'fork',
  'message_id',
  'partner',
  'placement',
  'overtakes',
  'stored_at_ms',
  'receipt_at_ms',
  'by_staff',
  'by_role',
  'jws',
  'receipt',
] as const satisfies readonly (keyof MessageTable)[];

const insert = rowsStatement(COLUMNS, (db, rows: MessageTable[]) =>
  db
    .insertInto('message')
    .values(rows)
    .onConflict((on) => on.doNothing())
    .returning('seq'),
);

export const messagesOf = statement((db, p: { referralId: string }) =>
  db
    .selectFrom('message')
    .selectAll()
    .where('referral_id', '=', p.referralId)
    .orderBy('author')
    .orderBy('seq')
    .orderBy('fork'),
);

const findByDigest = statement((db, p: { digest: string }) =>
  db.selectFrom('message').selectAll().where('digest', '=', p.digest),
);

const findById = statement((db, p: { messageId: string }) =>
  db
    .selectFrom('message')
    .selectAll()
    .where('message_id', '=', p.messageId)
    .orderBy('stored_at_ms')
    .limit(atMost(1)),
);

const placeParked = statement(
  (db, p: { referralId: string; digest: string; receipt: string | null; atMs: number | null }) =>
    db
      .updateTable('message')
      .set((eb) => ({
        placement: eb.val('placed'),
        receipt: p.receipt,
        receipt_at_ms: eb.fn.coalesce('receipt_at_ms', eb.val(p.atMs)),
      }))
      .where('digest', '=', p.digest)
      .where('referral_id', '=', p.referralId)
      .where('placement', '=', 'parked'),
);
