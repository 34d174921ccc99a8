// Constraints of a superior (OpenID Federation 1.0 section 6.2): how long the
// path below it may be, who may stand there, and as what.
import type { Constraints, Metadata, SubordinateStatement } from './entity-statement.ts';
import { TrustFailure } from './trust-failure.ts';

/**
 * Applies the constraints of every statement (section 6.2: each independently).
 * @param statements from the subject's superior up to the anchor's.
 */
export function checkConstraints(statements: readonly SubordinateStatement[]): void {
  for (const [intermediates, { claims }] of statements.entries()) {
    const { max_path_length, naming_constraints } = claims.constraints ?? {};
    if (max_path_length !== undefined && intermediates > max_path_length) {
      throw new TrustFailure('max-path-length', 'More intermediates than a superior allows.');
    }
    if (!naming_constraints) continue;
    for (const below of statements.slice(0, intermediates + 1)) {
      checkName(below.claims.sub, naming_constraints);
    }
  }
}

/** Section 6.2.3: types that are not allowed lose their metadata; federation_entity stays. */
export function removeForbiddenTypes(
  metadata: Metadata,
  statements: readonly SubordinateStatement[],
): Metadata {
  const allowed = statements.flatMap(({ claims }) => {
    const types = claims.constraints?.allowed_entity_types;
    return types ? [new Set(['federation_entity', ...types])] : [];
  });
  return Object.fromEntries(
    Object.entries(metadata).filter(([type]) => allowed.every((types) => types.has(type))),
  );
}

type NamingConstraints = NonNullable<Constraints['naming_constraints']>;

// Section 6.2.2: excluded wins; where something is permitted, nothing else is.
function checkName(entity: string, { permitted, excluded = [] }: NamingConstraints): void {
  const host = new URL(entity).hostname.replace(/\.$/, '');
  const isWithin = (name: string) => (name.startsWith('.') ? host.endsWith(name) : host === name);
  // RFC 5280: under such a constraint a host must be a name, not an address.
  const isAddress = /^[0-9.]+$/.test(host) || host.startsWith('[');
  if (isAddress || excluded.some(isWithin) || (permitted && !permitted.some(isWithin))) {
    throw new TrustFailure('naming-constraints', 'An entity id is outside what a superior allows.');
  }
}
