// The registry as a program: signals, exit code, nothing else.
import { Refusal } from '#model/refusal.ts';

import { jsonLog } from '#services/node/log.ts';

import { readRegistryConfig } from './config.ts';
import { startRegistry } from './start.ts';

try {
  const config = await readRegistryConfig(process.env);
  const log = jsonLog('info', { now: () => Date.now() }, (line) => process.stderr.write(line));
  const registry = await startRegistry({ ...config, log });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void registry[Symbol.asyncDispose]());
  }
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause;
  process.stderr.write(`${cause.message}\n`);
  process.exitCode = 1;
}
