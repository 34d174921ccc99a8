// The variables that SRX knows. An unknown SRX_* is refused by its name: a typo
// must not quietly leave a default in place. Secrets are paths of files.
import { z } from 'zod';

import { nearest } from '#model/nearest-name.ts';
import { Refusal } from '#model/refusal.ts';
import { address } from '#trust/metadata.ts';

const given = z.string().min(1, 'is empty: give it a value, or unset it');

export const LOG_LEVELS = ['info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const Known = z.object({
  /** The node's folder. */
  SRX_FOLDER: given.optional(),
  SRX_DATABASE_URL: given.optional(),
  SRX_DATABASE_PASSWORD_FILE: given.optional(),
  SRX_NODE_KEY_FILE: given.optional(),
  /** Path of a nats-server program. */
  SRX_NATS_SERVER: given.optional(),
  SRX_NATS_URL: given.optional(),
  SRX_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).optional(),
  SRX_TOKEN_FILE: given.optional(),
  SRX_CASEWORK_ADDRESS: address.optional(),
  /** PEM, where the casework service shows a certificate. */
  SRX_CASEWORK_CA_FILE: given.optional(),
  SRX_REGISTRY_FOLDER: given.optional(),
  /** Of the tests only; named here so that it is not refused. */
  SRX_TEST_DATABASE_URL: z.string().optional(),
});
export type Environment = z.infer<typeof Known>;
const ENVIRONMENT_NAMES = Object.keys(Known.shape);

/** @throws Refusal BAD_CONFIG that names the variable; its value is not repeated. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): Environment {
  const ours = Object.entries(variables).filter(([name]) => name.toUpperCase().startsWith('SRX_'));
  for (const [name] of ours) {
    if (ENVIRONMENT_NAMES.includes(name)) continue;
    const close = nearest(name, ENVIRONMENT_NAMES);
    const advice = close ? `did you mean ${close}?` : `known are ${ENVIRONMENT_NAMES.join(', ')}.`;
    throw new Refusal('BAD_CONFIG', `${name}: no such variable; ${advice}`);
  }
  const parsed = Known.safeParse(Object.fromEntries(ours));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const reason = issue?.path[0] === 'SRX_CASEWORK_ADDRESS' ? 'write host:port' : issue?.message;
  throw new Refusal('BAD_CONFIG', `${String(issue?.path[0])}: ${reason ?? 'is not usable'}.`);
}
