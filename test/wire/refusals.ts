// What was refused, in short.
import { Refusal } from '#model/refusal.ts';

export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return asCode(error);
  }
  return 'nothing refused';
}

export async function codeOfAsync(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'nothing refused', asCode);
}

function asCode(error: unknown): string {
  return error instanceof Refusal ? error.code : `not a Refusal: ${String(error)}`;
}
