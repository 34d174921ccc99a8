// What the two main paths need of the world: a store, a codec, members, a way
// to the partner. Made real in store, wire, trust and services.

import type { SectionName } from '#model/codes.ts';
import type { Status } from '#model/crossing.ts';
import type { Deadline } from '#model/deadlines.ts';
import type { ErasureRecord } from '#model/erasure-record.ts';
import type { ChainPosition, Content, Envelope, Message, Parcel, Receipt } from '#model/message.ts';
import type { Side } from '#model/track.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import type { Member } from '#trust/member.ts';

/** proto bytes ↔ model. Decoding never throws anything but a Refusal. */
export interface Codec {
  /** Canonical bytes. The message was parsed by zod before. */
  encodeMessage(message: Message): Uint8Array;
  /** MALFORMED when not even the envelope can be read. */
  decodeMessage(bytes: Uint8Array): DecodedMessage;
  encodeReceipt(receipt: Receipt): Uint8Array;
  decodeReceipt(bytes: Uint8Array): Receipt;
  /** Padded to the next size class; TOO_LARGE beyond the last. */
  encodeParcel(parcel: Parcel): Uint8Array;
  decodeParcel(bytes: Uint8Array): Parcel;
}

/** `content` is null exactly when `fault` names why the body is not understood. */
export type DecodedMessage = { envelope: Envelope } & (
  | { content: Content; fault: null }
  | { content: null; fault: 'unsupported-version' | 'schema-violation' }
);

export type Author = 'own' | 'peer';

/** One message of either chain, as it is kept for ever. */
export type StoredMessage = {
  referralId: string;
  partner: string;
  author: Author;
  seq: number;
  messageId: string;
  /** SHA-256 of the JWS, base64url. */
  digest: string;
  jws: string;
  /** placed: in its chain. parked: waits for an earlier one. fork: second with its number. */
  placement: 'placed' | 'parked' | 'fork';
  /** Peer's message: the receipt we gave. Own message: the partner's. */
  receipt: string | null;
  storedAtMs: number;
  receiptAtMs: number | null;
  /** Own messages: who did it. */
  byStaff: string | null;
  byRole: string | null;
};

export type ReferralRow = {
  referralId: string;
  partner: string;
  side: Side;
  caseCode: string;
  /** Local code of the case; null at the receiving organisation. */
  localCode: string | null;
  /** Grows with every change; a commit names the one it was computed from. */
  version: number;
  ownHead: ChainPosition | null;
  peerHead: ChainPosition | null;
  status: Status;
  /** Boot id of the node at the last comparison of heads with the partner. */
  comparedBoot: string | null;
  /** Tombstones, and what a law keeps. */
  erasure: ErasureRecord;
  createdAtMs: number;
  changedAtMs: number;
};

/** A section at rest: `sealed` is ciphertext under the key of this section of the referral. */
export type StoredSection = {
  referralId: string;
  author: Author;
  seq: number;
  section: SectionName;
  /** As in the message, base64url. */
  digest: string;
  /** Of its key, from 1. */
  generation: number;
  /** Encrypted salt ‖ content; null once erased or dropped. */
  sealed: string | null;
};

export type Task = {
  taskId: string;
  referralId: string;
  kind: string;
  createdAtMs: number;
};

export type NewDelivery = {
  seq: number;
  /** Withdrawals do not wait for earlier messages. */
  overtakes: boolean;
  dueAtMs: number;
  /** In the future when the writer delivers it at once itself. */
  leasedUntilMs: number;
};

export type Delivery = NewDelivery & { referralId: string; attempts: number };

export type Referral = {
  row: ReferralRow | null;
  /** Both chains, parked and forked ones too, by author and number. */
  messages: StoredMessage[];
};

/** Everything that one step changes, committed together or not at all. */
export type ReferralChange = {
  /** The version this was computed from; 0 creates the row. */
  expectVersion: number;
  /** The row as it shall be; its version is expectVersion + 1. Null: only
   *  messages are kept, of a referral that is not known yet. */
  row: ReferralRow | null;
  insert: StoredMessage[];
  /** Parked messages that now have their place, and the receipts given. */
  place: { author: Author; seq: number; digest: string; receipt: string | null }[];
  sections: StoredSection[];
  deliveries: NewDelivery[];
  events: TrackingEvent[];
  tasks: Task[];
  /** Kinds of tasks of this referral that are done now. */
  doneTasks: string[];
  /** Those that are new or have a new time; a row is there. */
  deadlines: Deadline[];
  /** Kinds that are no longer due. */
  goneDeadlines: string[];
};

export interface ReferralStore {
  /** Messages come also where the row is null (parked before the request). */
  load(referralId: string): Promise<Referral>;
  /** The stored message with this JWS digest. */
  findMessage(digest: string): Promise<StoredMessage | undefined>;
  /** Whether a message with this id exists, whatever its referral. */
  findMessageById(messageId: string): Promise<StoredMessage | undefined>;
  /** False, and nothing written, when the version has moved on. */
  commit(referralId: string, change: ReferralChange): Promise<boolean>;
  /** Sections of one message, ciphertext. */
  loadSections(referralId: string, author: Author, seq: number): Promise<StoredSection[]>;

  /**
   * Leases due deliveries: of those in order, the lowest number of each referral, at most
   * `max`; of those that overtake, `limits.deliverAtOnceMax` besides.
   */
  claimDeliveries(nowMs: number, max: number, leaseMs: number): Promise<Delivery[]>;
  /** At a start: what an earlier run of this node had leased is free again. */
  freeDeliveries(): Promise<void>;
  /** Earliest due time of any delivery, for the timer; null for none. */
  nextDeliveryMs(): Promise<number | null>;
  /** The partner's verified receipt: stored, delivery done, events written. */
  storeReceipt(
    referralId: string,
    seq: number,
    receipt: string,
    atMs: number,
    events: TrackingEvent[],
  ): Promise<void>;
  /** Tried without success. */
  postponeDelivery(referralId: string, seq: number, dueAtMs: number): Promise<void>;
  /** Expired without a receipt: task (one of a kind a referral) and event are
   *  written; the delivery stays. Writes nothing where the task is there. */
  reportUndelivered(
    referralId: string,
    seq: number,
    tasks: Task[],
    events: TrackingEvent[],
  ): Promise<void>;
  /** Puts messages that the partner has lost on the way again. Those that wait for
   *  their next try keep its time, unless it is urgent. */
  redeliver(referralId: string, seqs: number[], dueAtMs: number, isUrgent: boolean): Promise<void>;

  /** Heads equal those of the partner since this boot. */
  markCompared(referralId: string, boot: string): Promise<void>;
  /** Every referral with a partner, ids ascending after `after`. */
  listHeads(partner: string, after: string, max: number): Promise<StoredHeads[]>;
  /** Those of these referrals that are known here. */
  findHeads(referralIds: string[]): Promise<StoredHeads[]>;
}

export type StoredHeads = {
  referralId: string;
  partner: string;
  ownHead: ChainPosition | null;
  peerHead: ChainPosition | null;
  /** Messages of either chain that are not placed. */
  beside: number;
  /** Placed messages of our own without a receipt. */
  pending: number;
};

/** What a partner has of one referral. */
export type KnownHeads = {
  referralId: string;
  /** Of its own chain. */
  head: ChainPosition | null;
  /** Of ours. */
  read: ChainPosition | null;
  beside: number;
};

export type HeadsPage = { referrals: KnownHeads[]; more: boolean };

export type Heads = {
  referralId: string;
  own: ChainPosition | null;
  read: ChainPosition | null;
  /** Digests of own messages that lack a receipt. */
  receiptsWanted: string[];
};

export type ReferralSync = {
  referralId: string;
  known: boolean;
  head: ChainPosition | null;
  read: ChainPosition | null;
  yours: string[];
  mine: { parcel: string; receipt: string | null }[];
  receipts: string[];
  more: boolean;
};

/** Calls to a partner's node. Every call has a deadline; errors are Refusals
 *  (UNAVAILABLE and TIMED_OUT are worth another try). */
export interface PeerTransport {
  /** The signal ends the call; the partner may have taken the parcel all the same. */
  deliver(member: Member, parcel: string, signal?: AbortSignal): Promise<string>;
  sync(member: Member, heads: Heads[]): Promise<ReferralSync[]>;
  listHeads(member: Member, after: string): Promise<HeadsPage>;
}

/** Live members, as the trust room last verified them. */
export interface Members {
  all(): Member[];
  find(organisation: string): Member | undefined;
  /** By the SHA-256 of the TLS public key, base64url. */
  findByPin(spkiDigest: string): Member | undefined;
}
