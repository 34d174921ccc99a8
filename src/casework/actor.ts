// Who acts, and what each role may do. The table is the rule, its test and its
// documentation.
import { tokenDigest } from '#crypto/token.ts';
import type { Role } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkStore } from './ports.ts';

export type Actor = { staffId: string; role: Role };

export const PERMISSIONS = {
  /** Cases, referrals, acts, sections. */
  casework: ['caseworker', 'supervisor', 'service'],
  /** Be the second person of an act: a human being. */
  second: ['caseworker', 'supervisor'],
  /** Add and remove staff. An administrator sees no case content. */
  staff: ['supervisor', 'administrator'],
  /** Members, status, events: ids and codes only. */
  node: ['caseworker', 'supervisor', 'service', 'administrator'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** Whose token it is; undefined for one that is unknown or of somebody who was removed. */
export async function findActor(store: CaseworkStore, token: string): Promise<Actor | undefined> {
  const row = await store.findStaffByToken(tokenDigest(token));
  return row && { staffId: row.staffId, role: row.role };
}

/** @throws Refusal UNAUTHENTICATED */
export async function authenticate(store: CaseworkStore, token: string): Promise<Actor> {
  const actor = await findActor(store, token);
  if (actor) return actor;
  throw new Refusal('UNAUTHENTICATED', 'This staff token is not valid here; ask for a new one.');
}

/** @throws Refusal NOT_PERMITTED */
export function mustMay(actor: Actor, permission: Permission): void {
  const roles: readonly Role[] = PERMISSIONS[permission];
  if (roles.includes(actor.role)) return;
  throw new Refusal(
    'NOT_PERMITTED',
    `The role ${actor.role} may not do this; a ${roles.join(' or ')} may.`,
  );
}

/**
 * Whether two people stand behind an act. A second one who is not needed is judged all the same:
 * the message says that there was one. One who is needed has another role.
 * @throws Refusal SECOND_PERSON_NEEDED
 */
export function areTwo(actor: Actor, second: Actor | null, isNeeded: boolean): boolean {
  if (second === null && !isNeeded) return false;
  mustBeAnother(actor, second);
  if (isNeeded && second.role === actor.role) {
    throw new Refusal(
      'SECOND_PERSON_NEEDED',
      `The second person must have another role than yours; you are a ${actor.role}.`,
    );
  }
  return true;
}

/**
 * The second person of an act: another human being, with a token of their own.
 * @throws Refusal SECOND_PERSON_NEEDED
 */
export function mustBeAnother(actor: Actor, second: Actor | null): asserts second is Actor {
  if (!second) {
    throw new Refusal(
      'SECOND_PERSON_NEEDED',
      'Two people do this together: give the token of the second one too (--with FILE).',
    );
  }
  if (!isAnother(actor, second)) {
    throw new Refusal(
      'SECOND_PERSON_NEEDED',
      'The second person must be somebody else: a caseworker or supervisor.',
    );
  }
}

/** Another human being, who may be the second one. */
export function isAnother(actor: Actor, second: Actor): boolean {
  const permitted: readonly Role[] = PERMISSIONS.second;
  return second.staffId !== actor.staffId && permitted.includes(second.role);
}
