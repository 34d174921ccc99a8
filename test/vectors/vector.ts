// The form of every vector, and of a file of them.

export type Vector<Input = unknown, Expect = unknown> = {
  /** Says what is in the input, and so what it proves. */
  name: string;
  /** Number of the rule in proto/*.md that it proves. */
  check: string;
  /** False: a reader must not take it as it stands. */
  valid: boolean;
  input: Input;
  expect: Expect;
};

export type Family<V extends Vector = Vector> = {
  about: string;
  /** Signed texts that vectors name by digest: SHA-256 of the JWS, base64url. */
  signed?: Record<string, string>;
  vectors: V[];
};

/** A text too long to be written out. */
export type Repeated = { repeat: string; times: number };

export function textOf(text: string | Repeated): string {
  return typeof text === 'string' ? text : text.repeat.repeat(text.times);
}
