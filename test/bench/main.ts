// npm run bench: durable handovers beside their floor. Prints a table for
// people; --json the same as one document.
import { parseArgs } from 'node:util';

import { startBenchNodes, startFloor } from './ends.ts';
import { measureFloor, measureNodes, measureShares } from './measure.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    count: { type: 'string', default: '2000' },
  },
});
const count = Number(values.count);
const say = (line: string) => void (values.json || process.stdout.write(`${line}\n`));

await using nodes = await startBenchNodes();
await using floor = await startFloor();
say('warming up');
await measureNodes(nodes, nodes.client, 400, 32);
await measureFloor(floor, 400, 32);

const rows = [];
for (const atOnce of [1, 32]) {
  const some = atOnce === 1 ? Math.ceil(count / 5) : count;
  // In turns, so that a noisy machine is noisy for both.
  const floorFirst = await measureFloor(floor, Math.ceil(some / 2), atOnce);
  const durable = await measureNodes(nodes, nodes.client, some, atOnce);
  const floorLast = await measureFloor(floor, Math.ceil(some / 2), atOnce);
  const floorCpu = (floorFirst.cpuMicrosPerHandover + floorLast.cpuMicrosPerHandover) / 2;
  const ratio = Math.round((durable.cpuMicrosPerHandover / floorCpu) * 100) / 100;
  rows.push({ atOnce, durable, floor: [floorFirst, floorLast], cpuRatio: ratio });
  say(
    `${atOnce} in flight: ${durable.perSecond} durable handovers/s, ` +
      `CPU ${durable.cpuMicrosPerHandover} µs each, floor ${Math.round(floorCpu)} µs, ` +
      `ratio ${ratio}; latency ms p50 ${durable.latencyMs.p50} p95 ${durable.latencyMs.p95} ` +
      `p99 ${durable.latencyMs.p99}; ${floorFirst.bytesOnWire} bytes on the wire`,
  );
}
const nodeShares = await measureShares(nodes, () => measureNodes(nodes, nodes.client, count, 32));
const floorShares = await measureShares(floor, () => measureFloor(floor, count, 32));
say('µs of the main threads per handover, by part:');
say(`  nodes  ${JSON.stringify(nodeShares)}`);
say(`  floor  ${JSON.stringify(floorShares)}`);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ rows, nodeShares, floorShares }, null, 2)}\n`);
}
