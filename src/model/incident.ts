// An error that nobody expected, as it may be told: its kind and the place in our
// own code. Its words stay unsaid, for those of a library could quote content.

/** Fields for a log. */
export function incidentOf(thrown: unknown): { kind: string; at: string } {
  if (!(thrown instanceof Error)) return { kind: typeof thrown, at: '' };
  const at = /\/((?:src|services)\/[\w/-]+\.ts:\d+):\d+\)?$/m.exec(thrown.stack ?? '')?.[1] ?? '';
  return { kind: thrown.constructor.name, at };
}
