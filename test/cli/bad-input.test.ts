import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePorts } from '#deploy/demo/federation.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { inFolder } from '#services/registry/registry-folder.ts';

import {
  pathOnly,
  type Running,
  type Surroundings,
  srx,
  startSrx,
  wordsOfLine,
} from './command.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const CANARY = 'canary-of-a-file';

let root: string;
let registry: Running;
let node: string;
let ports: { registry: number; exchange: number; other: number };
/** node.json as srx init wrote it. */
let config: Record<string, unknown>;
const at = (name: string) => join(root, name);

/** A registry that runs, and a member's node that does not. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'srx-bad-input-'));
  const [first = 0, exchange = 0, other = 0] = await freePorts(3);
  ports = { registry: first, exchange, other };
  await done(
    `registry init --registry-folder ${at('registry')} --address localhost:${first} --name "Federation"`,
  );
  registry = startSrx(wordsOfLine(`registry serve --registry-folder ${at('registry')}`));
  await registry.until('ready');
  node = at('node');
  await done(initLine(node));
  await done(`member admit ${node}/member.jws --registry-folder ${at('registry')}`);
  config = JSON.parse(await readFile(join(node, 'node.json'), 'utf8')) as Record<string, unknown>;
});
afterAll(async () => {
  await registry.stop();
  await rm(root, { recursive: true, force: true });
});

function initLine(folder: string, more = ''): string {
  const who = '--id https://node.example --name "A node" --country NL --role destination';
  const address = more.includes('--exchange') ? '' : ` --exchange localhost:${ports.exchange}`;
  return `init --folder ${folder} ${who}${address} --registry-folder ${at('registry')} ${more}`.trim();
}

async function done(line: string): Promise<void> {
  const said = await srx(wordsOfLine(line));
  if (said.code !== 0) throw new Error(`srx ${line}: ${said.err}`);
}

/** What a person is told; nothing of it is private, internal or too wide. */
async function told(line: string, code: number, around: Surroundings = {}): Promise<string> {
  const said = await srx(wordsOfLine(line), around);
  const whole = said.out + said.err.replaceAll(/^\{"time".*\n/gm, '');
  expect([said.code, whole]).toEqual([code, expect.stringMatching(/^(srx|not ok|ok)/)]);
  expect(whole).not.toMatch(/\n\s+at |inside srx|ENOENT|EACCES|EISDIR|SyntaxError|undefined/);
  expect(whole).not.toContain(CANARY);
  expect(whole.split('\n').filter((one) => one.length > 80)).toEqual([]);
  return whole.replaceAll(/\s+/g, ' ');
}

async function withConfig(changes: object, work: () => Promise<void>): Promise<void> {
  const file = join(node, NODE_FILES.config);
  await writeFile(file, JSON.stringify({ ...config, ...changes }));
  try {
    await work();
  } finally {
    await writeFile(file, JSON.stringify(config));
  }
}

describe('srx init', () => {
  it.each([
    ['--country Bulgaria', 1, '--country: Write the two capital letters'],
    ['--id http://plain.example', 2, '--id stands twice'],
    ['--role orign', 2, 'Did you mean origin?'],
    ['--exchange localhost', 2, '--exchange: write HOST:PORT'],
    ['--exchange localhost:70000', 2, '--exchange: write HOST:PORT'],
    [
      '--casework-listen 0.0.0.0:7444',
      1,
      '--casework-listen: staff tokens would travel in the clear',
    ],
    ['--database postgres://u:pw@h/db', 1, '--database: holds a password'],
    ['--database mysql://h/db', 1, '--database: must be sqlite:FILE or postgres://'],
    ['--staff "Maria M"', 1, 'small letters, digits'],
  ])('names the flag at fault and the remedy: %s', async (flags, code, words) => {
    expect(await told(initLine(at('new'), flags), code)).toContain(words);
  });

  it('touches no folder that has something in it, is a file, or cannot be made', async () => {
    const before = await readFile(join(node, 'keyring.json'));
    expect(await told(initLine(node), 6)).toContain('holds a node already');
    expect(await readFile(join(node, 'keyring.json'))).toEqual(before);
    expect(await told(initLine(root), 6)).toContain('not empty');
    await writeFile(at('file'), CANARY);
    expect(await told(initLine(at('file')), 1)).toContain('name another');
    for (const folder of ['/proc/srx', '/dev/null/srx']) {
      expect(await told(initLine(folder), 1)).toContain('check its owner, rights and free space');
    }
  });

  it('judges what it is told of the registry at once', async () => {
    const who = initLine(at('new')).replace(/ --registry-folder \S+/, '');
    expect(await told(`${who} --registry-folder ${at('nothing')}`, 1)).toContain('no registry');
    const { anchorKey, tlsCertificate } = inFolder(at('registry'));
    const place = '--registry-id https://r.example --registry-address r.example:1';
    const files = (anchor: string, ca: string) =>
      `${who} ${place} --registry-anchor ${anchor} --registry-ca ${ca}`;
    await writeFile(at('garbage'), CANARY);
    expect(await told(files(at('nothing'), tlsCertificate), 1)).toContain(
      'anchor file cannot be read',
    );
    expect(await told(files(at('garbage'), tlsCertificate), 1)).toContain(
      'federation key as a JWK',
    );
    expect(await told(files(anchorKey, at('garbage')), 1)).toContain('not a certificate in PEM');
    expect(await told(`${who} --registry-id https://r.example`, 2)).toContain('--registry-');
  });
});

describe('srx serve', () => {
  it.each([
    [{ exchnge: 1 }, 'no field exchnge; did you mean exchange?'],
    [
      { exchange: { host: '127.0.0.1', port: 99_999, address: 'localhost:1' } },
      'exchange.port: must be a port',
    ],
    [{ countries: [] }, 'countries: must name one'],
    [{ databaseUrl: 'mysql://h/db' }, 'databaseUrl: must be sqlite:FILE'],
    [
      { casework: { host: '0.0.0.0', port: 1 } },
      'casework.host: staff tokens would travel in the clear',
    ],
    [{ nats: { mode: 'external', url: 'nats://h.example:4222' } }, 'nats.url'],
    [{ nats: { mode: 'other' } }, 'nats.mode: must have the mode own, external or off'],
    [{ registry: null }, 'registry: name the registry'],
    [{ [`srx_${CANARY}!`]: 1 }, 'there is no field: take it out'],
  ])('names the field of node.json that is wrong: %j', async (changes, words) => {
    await withConfig(changes, async () => {
      expect(await told(`serve --folder ${node}`, 1)).toContain(words);
    });
  });

  it.each([
    [{ SRX_FOLER: 'x' }, 'SRX_FOLER: no such variable; did you mean SRX_FOLDER?'],
    [{ SRX_NOTHING_LIKE_IT: CANARY }, 'no such variable; known are'],
    [{ SRX_LOG_LEVEL: CANARY }, 'SRX_LOG_LEVEL: must be one of info, warn, error'],
    [{ SRX_DATABASE_URL: '' }, 'SRX_DATABASE_URL: is empty'],
    [{ SRX_NATS_URL: 'tls://h:1', SRX_NATS_SERVER: '/x' }, 'set only one of them'],
    [{ SRX_NATS_SERVER: '/bin/true' }, 'apt install nats-server'],
    [{ SRX_NODE_KEY_FILE: '/nowhere/key' }, 'node key file is not there: restore it'],
    [{ SRX_CASEWORK_ADDRESS: 'here' }, 'SRX_CASEWORK_ADDRESS: write host:port'],
  ])('refuses an environment that cannot be right: %j', async (env, words) => {
    expect(await told(`serve --folder ${node}`, 1, { env: { ...pathOnly(), ...env } })).toContain(
      words,
    );
  });

  it('says what is wrong with the folder, its key, its database, its config', async () => {
    expect(await told(`serve --folder ${at('nothing')}`, 1)).toContain('make a node with srx init');
    await writeFile(at('short-key'), '1.abc', { mode: 0o600 });
    await writeFile(at('text'), CANARY, { mode: 0o600 });
    const cases: [object, string][] = [
      [{ nodeKeyFile: at('short-key') }, 'must hold 32 bytes'],
      [{ nodeKeyFile: inFolder(at('registry')).nodeKey }, 'does not open with this node key'],
      [{ keyFilePlaces: [at('nothing.keys')] }, 'There is no key file'],
      [{ keyFilePlaces: [at('text')] }, 'key file'],
      [{ databaseUrl: `sqlite:${at('text')}` }, 'not an SQLite database'],
      [{ databaseUrl: `sqlite:${at('nothing/srx.db')}` }, 'its folder must exist'],
      [{ databaseUrl: 'postgres://nobody@127.0.0.1:9/x' }, 'PostgreSQL does not answer'],
    ];
    for (const [changes, words] of cases) {
      await withConfig(changes, async () => {
        expect(await told(`serve --folder ${node}`, 1), words).toContain(words);
      });
    }
    const file = join(node, NODE_FILES.config);
    await writeFile(file, `{ ${CANARY}`);
    expect(await told(`serve --folder ${node}`, 1)).toContain('node.json is not JSON');
    await writeFile(file, JSON.stringify(config));
  });

  it('says which port is in use, of the node or of the registry', async () => {
    const taken = createServer().listen(ports.exchange, '127.0.0.1');
    await once(taken, 'listening');
    expect(await told(`serve --folder ${node}`, 1)).toContain(`ort ${ports.exchange} `);
    taken.close();
    const serve = `registry serve --registry-folder ${at('registry')}`;
    expect(await told(serve, 1)).toContain(`port ${ports.registry} is in use`);
  });

  it('says that another one runs on the folder, and that a key cannot change meanwhile', async () => {
    const first = startSrx(wordsOfLine(`serve --folder ${node}`));
    await first.until('ready');
    expect(await told(`serve --folder ${node}`, 1)).toContain('Another srx runs on this folder');
    expect(await told(`key rotate message --folder ${node}`, 1)).toContain('Another srx');
    expect(await first.stop()).toMatchObject({ code: 0 });
  });

  it('starts without its registry, and says so to whoever stands at the terminal', async () => {
    const changes = { registry: { ...(config['registry'] as object), address: 'localhost:9' } };
    await withConfig(changes, async () => {
      const running = startSrx(wordsOfLine(`serve --folder ${node}`), { isTty: true });
      await running.until('not ok: registry');
      const { err } = await running.stop();
      expect(err.replaceAll(/\s+/g, ' ')).toContain('see whether it runs and can be reached');
    });
  });
});

describe('srx doctor', () => {
  const doctor = (around: Surroundings = {}) => told(`doctor --folder ${node}`, 1, around);

  it('says that the clock is off, and by how much', async () => {
    for (const [ms, words] of [
      [3 * DAY_MS, '3 days after the registry'],
      [-3 * DAY_MS, '3 days before the registry'],
      [10 * 60_000, '10 minutes after the registry'],
    ] as const) {
      expect(await doctor({ clock: { now: () => Date.now() + ms } })).toContain(words);
    }
    expect(await doctor()).toMatch(/ok clock \S+ \S+ UTC, as the registry's/);
  });

  it('tells a registry that is away from one with another certificate, and from another key', async () => {
    await done(
      `registry init --registry-folder ${at('other')} --address localhost:${ports.other} --name "Other"`,
    );
    const { anchorKey, tlsCertificate } = inFolder(at('other'));
    const own = config['registry'] as object;
    for (const [changes, words] of [
      [{ address: `localhost:${ports.other}` }, 'cannot be reached: see whether it runs'],
      [{ caFile: tlsCertificate }, 'another certificate than the pinned one'],
      [{ anchorFile: anchorKey }, 'Get its anchor file anew'],
      [{ anchorFile: at('nothing') }, 'anchor file cannot be read'],
    ] as const) {
      await withConfig({ registry: { ...own, ...changes } }, async () => {
        expect(await doctor()).toMatch(new RegExp(`not ok registry .*${words}.* not ok node`));
      });
    }
  });

  it('says that the node does not run, and how to start it', async () => {
    expect(await doctor()).toContain('Start it with srx serve');
    expect(await told(`doctor --folder ${at('nothing')}`, 1)).toContain('not ok config');
  });
});

describe('srx member admit', () => {
  const admit = (file: string, folder = at('registry')) =>
    `member admit ${file} --registry-folder ${folder}`;

  it('says what is wrong with a member file, and to have it made anew', async () => {
    const whole = await readFile(join(node, 'member.jws'), 'utf8');
    const [head = '', body = '', signature = ''] = whole.split('.');
    const signed = `${head}.${body}.${signature.slice(0, 20)}${signature[20] === 'A' ? 'B' : 'A'}${signature.slice(21)}`;
    for (const [text, words] of [
      [CANARY, 'not as a node wrote it'],
      [whole.slice(0, -20), 'not as a node wrote it'],
      [signed, 'signature does not hold'],
    ] as const) {
      await writeFile(at('member.jws'), text);
      const said = await told(admit(at('member.jws')), 5);
      expect(said).toContain(words);
      expect(said).toContain('srx member export');
    }
    expect(await told(admit(at('nothing')), 3)).toContain('correct its path');
  });

  it('refuses one that is too old, of the future, for another registry, or admitted already', async () => {
    const file = join(node, 'member.jws');
    const shifted = (days: number) => ({ clock: { now: () => Date.now() + days * DAY_MS } });
    expect(await told(admit(file), 5, shifted(2))).toContain('older than a day');
    expect(await told(admit(file), 5, shifted(-2))).toContain('compare the clocks');
    await copyFile(file, at('again.jws'));
    expect(await told(admit(at('again.jws')), 6)).toContain('taken');
    const [port = 0] = await freePorts(1);
    await done(
      `registry init --registry-folder ${at('third')} --address localhost:${port} --name "Third"`,
    );
    expect(await told(admit(file, at('third')), 5)).toContain('made for another registry');
  });
});

describe('a staff token', () => {
  it('that is missing, of others to read, garbage, or one of several is told with the remedy', async () => {
    await writeFile(at('open.token'), `srx_${'A'.repeat(43)}`, { mode: 0o644 });
    await writeFile(at('garbage.token'), CANARY, { mode: 0o600 });
    const inbox = (file: string) => `inbox --folder ${node} --token-file ${file}`;
    expect(await told(inbox(at('none.token')), 1)).toContain('There is no token file');
    expect(await told(inbox(at('open.token')), 1)).toContain('chmod 600');
    expect(await told(inbox(at('garbage.token')), 1)).toContain('that srx staff add wrote');
    expect(await told(inbox(root), 1)).toContain('token file');
    const second = join(node, 'staff', 'second.token');
    await writeFile(second, `srx_${'B'.repeat(43)}`, { mode: 0o600 });
    expect(await told(`inbox --folder ${node}`, 1)).toContain('several tokens');
    await rm(second);
    expect(await told(`inbox --folder ${node}`, 7)).toContain('Check its address and that it runs');
  });
});
