// Writers that go on until the store or their process ends, and what must hold
// of the database then: all that was acknowledged, nothing by halves.
import type { ReferralRow } from '#exchange/ports.ts';
import type { Store } from '#store/open.ts';
import type { TestDatabase } from './engines.ts';
import {
  after,
  changeOf,
  deliveryOf,
  eventOf,
  messageOf,
  newReferral,
  sectionOf,
} from './samples.ts';

/**
 * Each of the writers appends to a referral of its own; every second message
 * has its receipt stored.
 * @param acknowledge one word for each commit that was answered
 */
export async function appendForEver(
  store: Store,
  writers: number,
  acknowledge: (word: string) => void,
): Promise<void> {
  await Promise.all(
    Array.from({ length: writers }, async () => {
      let row = await newReferral(store);
      for (let seq = 1; ; seq += 1) {
        row = await append(store, row, seq);
        acknowledge(`message:${row.ownHead?.digest}`);
        if (seq % 2 === 0) {
          const event = eventOf(row.referralId, { what: 'receipt-verified', seq });
          await store.storeReceipt(row.referralId, seq, `for ${row.ownHead?.digest}`, 1, [event]);
          acknowledge(`receipt:${row.ownHead?.digest}`);
        }
      }
    }),
  );
}

async function append(store: Store, row: ReferralRow, seq: number): Promise<ReferralRow> {
  const { referralId, version } = row;
  const message = messageOf(referralId, { seq });
  const next = after(row, { ownHead: { seq, digest: message.digest } });
  const written = await store.commit(
    referralId,
    changeOf({
      expectVersion: version,
      row: next,
      insert: [message],
      sections: [sectionOf(referralId, { seq })],
      deliveries: [deliveryOf(seq)],
      events: [eventOf(referralId, { seq })],
    }),
  );
  if (!written) throw new Error('somebody else wrote to this referral');
  return next;
}

/** Words of what was acknowledged and is not there. */
export async function lost(database: TestDatabase, words: readonly string[]): Promise<string[]> {
  const rows = await database.query('select digest, receipt from message');
  const there = new Set(
    rows.flatMap((row) => {
      const digest = String(row['digest']);
      const hasReceipt = row['receipt'] === `for ${digest}`;
      return [`message:${digest}`, ...(hasReceipt ? [`receipt:${digest}`] : [])];
    }),
  );
  return words.filter((word) => !there.has(word));
}

/** How many rows break what one transaction binds together; all are 0. */
export async function halves(database: TestDatabase): Promise<Record<string, number>> {
  const count = async (sql: string) => Number((await database.query(sql))[0]?.['n']);
  const ofMessage = (table: string) =>
    `select 1 from ${table} x where x.referral_id = m.referral_id and x.seq = m.seq`;
  return {
    messagesWithoutSection: await count(
      `select count(*) as n from message m where not exists (${ofMessage('section')})`,
    ),
    sectionsWithoutMessage: await count(
      `select count(*) as n from section m where not exists (${ofMessage('message')})`,
    ),
    // On its way, or with a receipt: one of the two, never both or neither.
    messagesNeitherNor: await count(
      `select count(*) as n from message m
       where (m.receipt is null) <> exists (${ofMessage('delivery')})`,
    ),
    eventsTooManyOrFew: await count(
      `select (select count(*) from outbox) - (select count(*) from message)
       - (select count(*) from message where receipt is not null) as n`,
    ),
    headsWithoutMessage: await count(
      `select count(*) as n from referral r where r.own_seq is not null and not exists
       (select 1 from message m where m.referral_id = r.referral_id
        and m.seq = r.own_seq and m.digest = r.own_digest)`,
    ),
    messagesPastTheHead: await count(
      `select count(*) as n from message m join referral r on r.referral_id = m.referral_id
       where m.seq > coalesce(r.own_seq, 0)`,
    ),
    versionsThatDoNotCount: await count(
      `select count(*) as n from referral r where r.version <> 1 +
       (select count(*) from message m where m.referral_id = r.referral_id)`,
    ),
  };
}

export const NONE_BY_HALVES = {
  messagesWithoutSection: 0,
  sectionsWithoutMessage: 0,
  messagesNeitherNor: 0,
  eventsTooManyOrFew: 0,
  headsWithoutMessage: 0,
  messagesPastTheHead: 0,
  versionsThatDoNotCount: 0,
};
