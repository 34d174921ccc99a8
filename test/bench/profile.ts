// Where a process spends its time: V8's sampling profile, summed by the room or
// library that a sample stands in (native work counts for whoever called it).
import { Session } from 'node:inspector/promises';

type Node = {
  id: number;
  callFrame: { functionName: string; url: string };
  children?: number[];
};

export type Shares = Record<string, number>;

export async function startProfile(): Promise<() => Promise<Shares>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return sharesOf(profile.nodes as Node[], profile.samples ?? [], profile.timeDeltas ?? []);
  };
}

/** Milliseconds of the main thread by part; 'idle' is left out. */
function sharesOf(nodes: Node[], samples: number[], deltas: number[]): Shares {
  const parts = new Map<number, string>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const label = (node: Node, inherited: string): void => {
    const part = partOf(node.callFrame) ?? inherited;
    parts.set(node.id, part);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child) label(child, part);
    }
  };
  if (nodes[0]) label(nodes[0], 'node');
  const shares: Shares = {};
  for (const [index, id] of samples.entries()) {
    const part = parts.get(id) ?? 'node';
    if (part === 'idle') continue;
    shares[part] = (shares[part] ?? 0) + (deltas[index] ?? 0) / 1000;
  }
  return shares;
}

const LIBRARIES: readonly [RegExp, string][] = [
  [/node_modules\/@grpc\//, 'grpc'],
  [/node_modules\/@nats-io\//, 'nats'],
  [/node_modules\/jose\//, 'crypto'],
  [/node_modules\/(protobufjs|long|@protobufjs)\//, 'wire'],
  [/node_modules\/zod\//, 'zod'],
  [/node_modules\/(kysely|pg[^/]*)\//, 'store'],
  [/node:internal\/(http2|tls|net)|node:(_tls|net|http2)/, 'grpc'],
  [/node:sqlite|node:internal\/sqlite/, 'store'],
  [/node:internal\/crypto/, 'crypto'],
  [/\/src\/([a-z]+)\//, '$1'],
];

function partOf({ functionName, url }: Node['callFrame']): string | null {
  if (functionName === '(idle)') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collection';
  for (const [pattern, part] of LIBRARIES) {
    const found = pattern.exec(url);
    if (found) return part === '$1' ? (found[1] ?? null) : part;
  }
  return null;
}
