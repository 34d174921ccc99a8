// Where the main thread of a process spends its CPU: V8's samples, summed by
// the part of the program that each stands in.
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { StatementSync } from 'node:sqlite';

type Node = Profiler.ProfileNode;

/** Part to microseconds of the main thread. */
export type PartMicros = Record<string, number>;

const INTERVAL_MICROS = 1000;

export async function startProfile(): Promise<() => Promise<PartMicros>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS });
  await session.post('Profiler.start');
  const ofSql = countSql();
  const before = threadMicros();
  return async () => {
    const spent = { main: threadMicros() - before, sql: ofSql() };
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return microsOf(profile, spent);
  };
}

function threadMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** SQL is counted by itself: a sample cannot tell its work from its wait for the disk. */
function countSql(): () => number {
  const { prototype } = StatementSync;
  const { all } = prototype;
  let micros = 0;
  prototype.all = new Proxy(all, {
    apply(target, statement, values) {
      const before = threadMicros();
      try {
        return Reflect.apply(target, statement, values);
      } finally {
        micros += threadMicros() - before;
      }
    },
  });
  return () => {
    prototype.all = all;
    return micros;
  };
}

function microsOf(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  spent: { main: number; sql: number },
): PartMicros {
  const parts = partsOf(nodes);
  const sampled: PartMicros = {};
  let all = 0;
  for (const [index, id] of samples.entries()) {
    const part = parts.get(id) ?? REST;
    if (part === 'idle' || part === 'counted') continue;
    // A longer one is time in which the thread had no core.
    const micros = Math.min(timeDeltas[index] ?? 0, INTERVAL_MICROS * 1.2);
    sampled[part] = (sampled[part] ?? 0) + micros;
    all += micros;
  }
  const scale = (spent.main - spent.sql) / Math.max(all, 1);
  const micros = Object.fromEntries(
    Object.entries(sampled).map(([part, sum]) => [part, sum * scale]),
  );
  return { ...micros, ...(spent.sql > 0 && { [SQL]: (micros[SQL] ?? 0) + spent.sql }) };
}

/** A frame belongs to its own part, or to that of the nearest caller that has one. */
function partsOf(nodes: Node[]): Map<number, string> {
  const parts = new Map<number, string>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const label = (node: Node, inherited: string | null): void => {
    const part = partOf(node.callFrame) ?? inherited;
    parts.set(node.id, part ?? fallbackOf(node.callFrame));
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child) label(child, part);
    }
  };
  if (nodes[0]) label(nodes[0], null);
  return parts;
}

const SQL = 'SQL';
const REST = 'Node itself';

const PARTS: readonly [RegExp, string][] = [
  [/\/src\/crypto\/jws|\/jose\/.*jws/, 'sign and verify'],
  [/\/src\/crypto\/jwe|\/jose\/.*(jwe|key_management|content_encryption)/, 'seal and open'],
  [/\/src\/crypto\//, 'digests, keys at rest'],
  [/\/src\/store\/|node:sqlite|node_modules\/kysely\//, SQL],
  [/\/src\/(nats|tracking)\/|node_modules\/@nats-io\//, 'events on NATS'],
  [/\/src\/wire\/|node_modules\/protobufjs\//, 'wire: encode, decode, judge'],
  [/node_modules\/@grpc\//, 'gRPC, HTTP/2 and TLS'],
  [/\/src\/model\//, 'fold and rules'],
  [/\/src\/exchange\/|\/src\/casework\//, 'send, receive, deliver'],
  [/\/test\/bench\//, 'the bench itself'],
];

function partOf({ functionName, url }: Node['callFrame']): string | null {
  if (functionName === '(idle)') return 'idle';
  if (functionName === 'all' && url === '') return 'counted';
  if (functionName === '(garbage collector)') return 'garbage collection';
  return PARTS.find(([pattern]) => pattern.test(url))?.[1] ?? null;
}

function fallbackOf({ url }: Node['callFrame']): string {
  return /node:(internal\/)?(_?tls|http2|net)/.test(url) ? 'gRPC, HTTP/2 and TLS' : REST;
}
