// The demo for programs: a line of JSON for each thing that happens.
import type { Io } from '#services/cli/io.ts';
import { ORGANISATIONS } from './federation.ts';
import type { Teller } from './teller.ts';

export function ndjsonTeller(io: Io): Teller {
  const say = (event: string, fields: object) =>
    io.stdout(`${JSON.stringify({ event, ...fields })}\n`);
  const silent = () => {};
  return {
    opening: silent,
    progress: silent,
    notice: (text) => io.stderr(`${text}\n`),
    cast: ({ federation, folder }) =>
      say('started', {
        folder,
        registry: federation.registry.entityId,
        ...ORGANISATIONS,
        timesAre: 'story time',
      }),
    beat: ({ written: _inTheClear, atMs, ...told }) =>
      say('beat', { at: new Date(atMs).toISOString(), ...told }),
    stopped: (code, message) => say('stopped', { code, message }),
    check: (check) => say('check', check),
    logs: (lines) => say('logs', { lines }),
    closing: (summary) => say('ended', summary),
    commands: (chapters) => say('ready', { chapters }),
    farewell: silent,
  };
}
