// A statement is built by Kysely once for each engine, with slots where values
// go: building anew at each call doubled the CPU of the SQL. A job is a generator
// over statements, which SQLite drives without waiting and PostgreSQL with.
import { type RawBuilder, sql } from 'kysely';

import { limits } from '#model/limits.ts';

import { type Db, dialects, type EngineName } from './dialects.ts';

export type Sql = { readonly text: string; readonly values: readonly unknown[] };

/** One statement with its values. `name` is the same for the same text. */
export interface Step {
  readonly name: string;
  sql(engine: EngineName): Sql;
}

type Rows = readonly unknown[];

/** Reads or writes in one transaction; may be run again from its start. */
export type Job<T> = Generator<Step, T, Rows>;

type Build<P, O> = (db: Db, slots: P, engine: EngineName) => Compilable<O>;
/** `execute` is never called: it carries the type of the rows. */
type Compilable<O> = {
  compile(): { readonly sql: string; readonly parameters: readonly unknown[] };
  execute(): Promise<O[]>;
};

const LIST_SIZES = [1, 4, 16, 64, limits.sqlItemsPerListMax];

type Values = Readonly<Record<string, unknown>>;

/** Stands in a compiled statement for a value that is known later. */
class Slot {
  readonly index: number;
  readonly key: string;

  constructor(index: number, key: string) {
    this.index = index;
    this.key = key;
  }

  read(params: Values, items: readonly unknown[]): unknown {
    if (this.index < 0) return params[this.key];
    const item = items[this.index];
    return this.key === '' ? item : (item as Values)[this.key];
  }
}

let shapeCount = 0;

class Shape {
  readonly name: string;
  readonly #build: (engine: EngineName) => Compilable<unknown>;
  readonly #compiled = new Map<EngineName, { text: string; slots: readonly unknown[] }>();

  constructor(build: (engine: EngineName) => Compilable<unknown>) {
    this.name = `srx_${++shapeCount}`;
    this.#build = build;
  }

  step(params: Values, items: readonly unknown[] = []): Step {
    return {
      name: this.name,
      sql: (engine) => {
        const { text, slots } = this.#compile(engine);
        const values = slots.map((s) => (s instanceof Slot ? s.read(params, items) : s));
        return { text, values };
      },
    };
  }

  #compile(engine: EngineName) {
    let compiled = this.#compiled.get(engine);
    if (!compiled) {
      const { sql: text, parameters } = this.#build(engine).compile();
      compiled = { text, slots: parameters };
      this.#compiled.set(engine, compiled);
    }
    return compiled;
  }
}

// The type says what will stand in a slot; while the SQL is built, a Slot does.
function slotsOf<P>(): P {
  return new Proxy({}, { get: (_, key) => new Slot(-1, String(key)) }) as P;
}

/**
 * For `limit`. SQLite looks at the value of a bare parameter there to plan by it, and so
 * prepares the statement anew at each call.
 */
export function atMost(rows: number): RawBuilder<number> {
  return sql<number>`${rows} + 0`;
}

/** @param build is called once for each engine; its slots stand for the values of a call. */
export function statement<P extends Values, O>(build: Build<P, O>): (params: P) => Job<O[]> {
  const shape = new Shape((engine) => build(dialects[engine], slotsOf<P>(), engine));
  return function* (params) {
    return (yield shape.step(params)) as O[];
  };
}

/**
 * A statement over a list, in parts of at most `limits.sqlItemsPerListMax`. A list is
 * filled up with its last item to one of few lengths, so that there are few texts:
 * it is for `in (…)`, where saying something twice changes nothing.
 */
export function listStatement<P extends Values, I extends string | number, O>(
  build: (db: Db, slots: P, items: I[]) => Compilable<O>,
): (params: P, items: readonly I[]) => Job<O[]> {
  const shapes = new Map<number, Shape>();
  const shapeOf = (size: number) =>
    kept(shapes, size, (engine) => {
      const items = Array.from({ length: size }, (_, i) => new Slot(i, '') as unknown as I);
      return build(dialects[engine], slotsOf<P>(), items);
    });
  return function* (params, items) {
    const rows: O[] = [];
    const unique = [...new Set(items)];
    for (const part of parts(unique, limits.sqlItemsPerListMax)) {
      const last = part.at(-1);
      const size = LIST_SIZES.find((n) => n >= part.length) ?? limits.sqlItemsPerListMax;
      while (part.length < size && last !== undefined) part.push(last);
      rows.push(...((yield shapeOf(part.length).step(params, part)) as O[]));
    }
    return rows;
  };
}

/** One insert of many rows, in parts of at most `limits.sqlRowsPerInsertMax`. */
export function rowsStatement<R extends Values, O>(
  columns: readonly (keyof R & string)[],
  build: (db: Db, rows: R[]) => Compilable<O>,
): (rows: readonly R[]) => Job<O[]> {
  const shapes = new Map<number, Shape>();
  const rowOf = (i: number) =>
    Object.fromEntries(columns.map((column) => [column, new Slot(i, column)])) as unknown as R;
  const shapeOf = (size: number) =>
    kept(shapes, size, (engine) =>
      build(
        dialects[engine],
        Array.from({ length: size }, (_, i) => rowOf(i)),
      ),
    );
  return function* (rows) {
    const answers: O[] = [];
    for (const part of parts(rows, limits.sqlRowsPerInsertMax)) {
      answers.push(...((yield shapeOf(part.length).step({}, part)) as O[]));
    }
    return answers;
  };
}

function kept(
  shapes: Map<number, Shape>,
  size: number,
  build: (engine: EngineName) => Compilable<unknown>,
): Shape {
  let shape = shapes.get(size);
  if (!shape) {
    shape = new Shape(build);
    shapes.set(size, shape);
  }
  return shape;
}

function* parts<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
