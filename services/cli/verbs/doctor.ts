// srx doctor: is the node well? Each line is ok, or says what to do.
import { Refusal } from '#model/refusal.ts';
import { loadConfig } from '#services/node/config.ts';

import { folderOf, withNode } from '../connection.ts';
import { type Finding, findings } from '../doctor-checks.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { WIDTH, wrap } from '../text.ts';
import { type Call, CONNECTION_OPTIONS, type Verb } from '../verb.ts';

export const doctor: Verb = {
  noun: '',
  name: 'doctor',
  summary: 'checks config, files, clock, keys, certificate, NATS, registry and the running node',
  examples: ['srx doctor', 'srx doctor --folder home --json'],
  options: CONNECTION_OPTIONS,
  async run(call) {
    const found = await examine(call);
    const ok = found.every((finding) => finding.ok);
    const width = Math.max(...found.map(({ name }) => name.length));
    call.out.answer(
      { ok, checks: found },
      found.flatMap((finding) => lines(call, finding, width)),
      found.map((one) => [one.ok ? 'ok' : 'not ok', one.name, one.detail]),
    );
    if (!ok) throw new Ended(EXIT.failure);
  },
};

async function examine(call: Call): Promise<Finding[]> {
  try {
    const config = await loadConfig(folderOf(call), call.env);
    const first = { name: 'config', ok: true, detail: `node.json of ${config.organisation}` };
    const offline = await findings(config, call.io, call.out);
    const names = new Set(offline.map(({ name }) => name));
    // The certificate is the same; the node's own view of the registry is another.
    const asked = (await askNode(call, config.organisation))
      .filter(({ name }) => name !== 'certificate')
      .map((one) => (names.has(one.name) ? { ...one, name: `node's ${one.name}` } : one));
    return [first, ...offline, ...asked];
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return [{ name: 'config', ok: false, detail: cause.message }];
  }
}

async function askNode(call: Call, expected: string): Promise<Finding[]> {
  try {
    const status = await withNode(call, (client) => client.getNodeStatus({}));
    const { organisation, version, checks } = status;
    if (organisation !== expected) {
      const detail = `Another node answers at this address, of ${organisation}: correct the port of casework in node.json, or stop that one.`;
      return [{ name: 'node', ok: false, detail }];
    }
    return [{ name: 'node', ok: true, detail: `runs, srx ${version}` }, ...checks];
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const remedy = cause.code === 'UNAVAILABLE' ? ' Start it with srx serve.' : '';
    return [{ name: 'node', ok: false, detail: `${cause.message}${remedy}` }];
  }
}

function lines({ out }: Call, { name, ok, detail }: Finding, width: number): string[] {
  const mark = ok ? 'ok    ' : out.bad('not ok');
  const margin = ' '.repeat(width + 10);
  const [first = '', ...rest] = wrap(detail, WIDTH - margin.length);
  return [`${mark}  ${name.padEnd(width)}  ${first}`, ...rest.map((line) => margin + line)];
}
