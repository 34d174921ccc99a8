// The flags of one call, by their names; each getter says how its value is read.
import { UsageError } from './usage-error.ts';

export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  isSet(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** @throws UsageError */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UsageError(`--${name} is needed.`);
    return value;
  }

  /** A whole number in bounds. @throws UsageError */
  count(name: string, max: number, min = 1): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}.`);
  }
}
