import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { CaseFileFields } from '#model/case-file.ts';
import { SECTION_SCHEMAS } from '#model/plan/sections.ts';
import { READY_CODES } from '#model/ready/ready-codes.ts';

/** Keys and codes of everything that can be written about a person. */
function namesIn(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(namesIn);
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, enum: codes, ...rest } = schema as Record<string, unknown>;
  const own = [...Object.keys(properties ?? {}), ...((codes ?? []) as string[])];
  return [...own, ...namesIn(Object.values(properties ?? {})), ...namesIn(Object.values(rest))];
}

describe('help that is tied to nothing', () => {
  it('has no field and no code for work with police or prosecution', () => {
    const names = [CaseFileFields, ...Object.values(SECTION_SCHEMAS)].flatMap((schema) =>
      namesIn(z.toJSONSchema(schema, { io: 'input' })),
    );
    expect(names).toContain('decidedFreely');
    expect(names.length).toBeGreaterThan(300);
    const asked = [...names, ...READY_CODES].filter((name) =>
      /police|prosecut|co-?operat|statement|identified/i.test(name),
    );
    // A risk that the person runs, and nothing that is asked of them.
    expect([...new Set(asked)]).toEqual(['arrest-or-prosecution-on-return']);
  });
});
