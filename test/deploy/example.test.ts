import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { freePorts } from '#deploy/demo/federation.ts';
import { parseConfig } from '#services/node/config.ts';
import { readEnvironment } from '#services/node/environment.ts';
import { readIdentity } from '#services/registry/registry-folder.ts';
import { EXAMPLE, MACHINES, type Machine, type Step, srx, stepsByHand } from './by-hand.ts';

const NODES = ['harbour-house', 'homeward-hands'] as const;
const ROOT = fileURLToPath(new URL('../../', EXAMPLE));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-by-hand-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (machine: Machine, name = '') => join(folder, machine, name);
const readJson = (file: string | URL): unknown => JSON.parse(readFileSync(file, 'utf8'));
const steps = stepsByHand();
const stepsWith = (...words: string[]): Step[] =>
  steps.filter((step) => words.every((word, index) => step.words[index] === word));

describe('the example configs', () => {
  it.each(NODES)('%s: the node takes it', (name) => {
    expect(parseConfig(readJson(new URL(`${name}/node.json`, EXAMPLE)))).toMatchObject({
      organisation: `https://${name}.example`,
      registry: { entityId: 'https://registry.example' },
    });
  });

  it('of the registry: the registry takes it, under the id that the nodes name', async () => {
    const identity = await readIdentity(fileURLToPath(new URL('registry/', EXAMPLE)));
    expect(identity.entityId).toBe('https://registry.example');
  });

  it('are what the commands of the page write', async () => {
    const inits = [...stepsWith('srx', 'registry', 'init'), ...stepsWith('srx', 'init')];
    expect(inits.map(({ on }) => on)).toEqual([...MACHINES]);
    for (const { on, words } of inits) {
      const local = words.map((word) => {
        if (word.startsWith('/var/lib/srx/')) return at(on);
        return word.replace('/etc/srx', at('registry'));
      });
      const made = await srx(local.slice(1));
      expect(made.exitCode, made.stderr).toBe(0);
      const name = on === 'registry' ? 'registry.json' : 'node.json';
      const written = readFileSync(at(on, name), 'utf8').replaceAll(at('registry'), '/etc/srx');
      expect(JSON.parse(written)).toEqual(readJson(new URL(`${on}/${name}`, EXAMPLE)));
    }
  });
});

describe('the page of three machines', () => {
  const stop = new AbortController();
  const serving: Promise<unknown>[] = [];
  const env: Record<Machine, Record<string, string | undefined>> = {
    registry: {},
    'harbour-house': {},
    'homeward-hands': {},
  };
  afterEach(async () => {
    stop.abort();
    await Promise.all(serving);
  });

  /** As a shell of its own would keep it. */
  function serve(on: Machine, words: string[]): Promise<void> {
    const { PATH, HOME } = process.env;
    return new Promise<void>((resolve, reject) => {
      const options = { signal: stop.signal, onReady: resolve };
      const running = srx(words, { PATH, HOME, ...env[on] }, options);
      serving.push(running);
      void running.then(({ stderr }) => reject(new Error(stderr)));
    });
  }

  it('leads to a referral in the partner’s inbox, here on one machine', async () => {
    const local = await localNames();
    const ran: string[] = [];
    for (const { on, words } of steps) {
      const [program, ...rest] = words.map((word) => local(on, word));
      const [name = '', value = ''] = rest[0]?.split('=') ?? [];
      if (program === 'export') {
        env[on] = { ...env[on], [name]: value };
        continue;
      }
      if (rest[0] === 'init') rest.push('--casework-listen', local(on, 'casework'));
      if (rest.includes('serve')) {
        await serve(on, rest);
        continue;
      }
      const { exitCode, stdout, stderr } = await srx(rest, env[on]);
      expect(exitCode, `${on}: ${words.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
      ran.push(`${on} ${rest.slice(0, 2).join(' ')}`);
      if (rest[0] !== 'inbox') continue;
      const inbox = async () => (await srx(rest, env[on])).stdout;
      await expect.poll(inbox, { timeout: 20_000 }).toContain('confirm-receipt');
    }
    expect(ran.at(-1)).toBe('homeward-hands inbox');
    expect(serving).toHaveLength(3);
  });
});

/** Names, ports and paths of the page, as they are on this one machine. */
async function localNames(): Promise<(on: Machine, word: string) => string> {
  const [registry, ...ports] = await freePorts(7);
  const [hhExchange, hhFederation, hhCasework, handsExchange, handsFederation, handsCasework] =
    ports;
  const addresses: Record<string, string> = {
    'registry.example:7440': `localhost:${registry}`,
    'node.harbour-house.example:7443': `localhost:${hhExchange}`,
    'node.harbour-house.example:7445': `localhost:${hhFederation}`,
    'node.homeward-hands.example:7443': `localhost:${handsExchange}`,
    'node.homeward-hands.example:7445': `localhost:${handsFederation}`,
    '/etc/srx/anchor.jwk.json': at('registry', 'anchor.jwk.json'),
    '/etc/srx/tls.pem': at('registry', 'tls.pem'),
    'harbour-house.jws': at('harbour-house', 'member.jws'),
    'homeward-hands.jws': at('homeward-hands', 'member.jws'),
  };
  return (on, word) => {
    if (word === 'second.token') return join(folder, `${on}.token`);
    if (word === 'casework') {
      return `127.0.0.1:${on === 'harbour-house' ? hhCasework : handsCasework}`;
    }
    return (addresses[word] ?? word)
      .replace(/\/var\/lib\/srx\/(registry|node)/, at(on))
      .replace('/opt/srx/', ROOT);
  };
}

describe('the systemd units', () => {
  it.each(['srx', 'srx-registry'])(
    '%s starts what is there, with variables that are known',
    async (name) => {
      const unit = await readFile(new URL(`${name}.service`, EXAMPLE), 'utf8');
      const [, node = '', program = ''] =
        /^ExecStart=\/opt\/srx\/(\S+) \/opt\/srx\/(\S+)/m.exec(unit) ?? [];
      expect([node, program].map((file) => existsSync(join(ROOT, file)))).toEqual([true, true]);
      const variables = [...unit.matchAll(/^#?Environment=(\w+)=(\S+)$/gm)];
      expect(variables.length).toBeGreaterThan(0);
      for (const [, variable = '', value = ''] of variables) {
        expect(() => readEnvironment({ [variable]: value })).not.toThrow();
      }
      expect(unit).toMatch(/^NoNewPrivileges=yes$/m);
      // Node compiles while it runs.
      expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
    },
  );
});
