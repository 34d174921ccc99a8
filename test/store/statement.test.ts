import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import { type Job, listStatement, rowsStatement, type Sql, statement } from '#store/statement.ts';

/** What a job asks of the database, which knows nothing. */
function asked(job: Job<unknown>): Sql[] {
  const steps: Sql[] = [];
  for (let next = job.next([]); next.done !== true; next = job.next([])) {
    steps.push(next.value.sql('postgresql'));
  }
  return steps;
}

const staffOf = listStatement((db, p: { role: string }, ids: string[]) =>
  db
    .selectFrom('staff')
    .select('staff_id')
    .where('staff_id', 'in', ids)
    .where('role', '=', p.role as 'caseworker'),
);

const idsOf = (count: number) => Array.from({ length: count }, (_, i) => `test-${i}`);

describe('a statement', () => {
  it('has the values of its call in their places, and the text of every call', () => {
    const find = statement((db, p: { id: string; role: string }) =>
      db
        .selectFrom('staff')
        .select('created_at_ms')
        .where('role', '=', p.role as 'caseworker')
        .where('staff_id', '=', p.id),
    );
    const [one, two] = [
      { id: 'a', role: 'b' },
      { id: "c'; --", role: 'd' },
    ].map((p) => asked(find(p)));
    expect(one).toEqual([{ text: expect.any(String), values: ['b', 'a'] }]);
    expect(two).toEqual([{ text: one?.[0]?.text, values: ['d', "c'; --"] }]);
    expect(one?.[0]?.text).toBe(
      'select "created_at_ms" from "staff" where "role" = $1 and "staff_id" = $2',
    );
  });

  it('over a list asks for each item, in a bounded number of texts', () => {
    const texts = new Set<string>();
    for (let count = 1; count <= 600; count += 1) {
      const steps = asked(staffOf({ role: 'x' }, idsOf(count)));
      const items = new Set(steps.flatMap(({ values }) => values.slice(0, -1)));
      expect([...items]).toEqual(idsOf(count));
      for (const { text, values } of steps) {
        texts.add(text);
        expect(values.at(-1)).toBe('x');
        expect(values.length - 1).toBeLessThanOrEqual(limits.sqlItemsPerListMax);
      }
    }
    expect(texts.size).toBeLessThanOrEqual(5);
    expect(asked(staffOf({ role: 'x' }, []))).toEqual([]);
  });

  it('over a list asks for an item once that stands there twice', () => {
    expect(asked(staffOf({ role: 'x' }, ['a', 'a']))[0]?.values).toEqual(['a', 'x']);
  });

  it('of rows writes each of them once, in parts', () => {
    const insert = rowsStatement(
      ['consumer', 'event_id'],
      (db, rows: { consumer: string; event_id: string }[]) =>
        db.insertInto('handled_event').values(rows),
    );
    const rows = idsOf(limits.sqlRowsPerInsertMax * 2 + 1).map((id) => ({
      consumer: 'c',
      event_id: id,
    }));
    const steps = asked(insert(rows));
    expect(steps.map(({ values }) => values.length / 2)).toEqual([
      limits.sqlRowsPerInsertMax,
      limits.sqlRowsPerInsertMax,
      1,
    ]);
    expect(steps.flatMap(({ values }) => values)).toEqual(
      rows.flatMap((row) => ['c', row.event_id]),
    );
  });
});
