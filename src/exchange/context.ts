// All that the two main paths are joined to, built once by services/node.
import type { KeyFile } from '#crypto/key-file.ts';
import type { Keyring } from '#crypto/keyring.ts';
import type { VerifyKey } from '#crypto/keys.ts';
import type { Clock } from '#model/clock.ts';
import type { Log } from '#model/log.ts';
import type { InTurn } from './in-turn.ts';
import type { Codec, Delivery, Members, PeerTransport, ReferralStore } from './ports.ts';
import type { Recall } from './recall.ts';

export type ExchangeContext = {
  /** Entity identifier of this organisation. */
  organisation: string;
  /** Random, new at every start: heads are compared once for each. */
  boot: string;
  /** Partners all of whose referrals with us were compared since this start. */
  compared: Set<string>;
  store: ReferralStore;
  codec: Codec;
  members: Members;
  transport: PeerTransport;
  keyring: Keyring;
  /** Own message keys that verify, retired ones too, by kid. */
  ownMessageKeys(): Promise<ReadonlyMap<string, VerifyKey>>;
  /** Keys of referrals, for sections at rest. */
  keyFile: KeyFile;
  clock: Clock;
  /** One change of a referral at a time in this process. */
  inTurn: InTurn;
  /** Takes back what is on its way when a person withdraws. */
  recall: Recall;
  log: Log;
  /** After a commit: events wait in the outbox. */
  onEvents(): void;
  /** After a commit: this delivery is leased to us. False: the queue is full. */
  onDelivery(delivery: Delivery): boolean;
};

export const MESSAGE_TYP = 'srx-message.v1+jws';
export const RECEIPT_TYP = 'srx-receipt.v1+jws';

/** Nothing new is written in a referral before this holds; withdrawals excepted. */
export function hasCompared(
  { boot, compared }: ExchangeContext,
  row: { partner: string; comparedBoot: string | null },
): boolean {
  return row.comparedBoot === boot || compared.has(row.partner);
}
