// The demo as a child process, as somebody starts it, and what it leaves behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type DemoProcess = {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves once standard output holds it, with the whole of it so far. */
  said(text: string | RegExp): Promise<string>;
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
};

const WAIT_MS = 120_000;

export function startDemo(flags: readonly string[], env: NodeJS.ProcessEnv = {}): DemoProcess {
  const child = spawn(process.execPath, ['services/cli/srx.mjs', 'demo', ...flags], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => {
    return (code ?? signal) as number | NodeJS.Signals;
  });
  const said = async (text: string | RegExp) => {
    for (const endMs = Date.now() + WAIT_MS; Date.now() < endMs; ) {
      if (typeof text === 'string' ? stdout.includes(text) : text.test(stdout)) return stdout;
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the demo never said ${String(text)}; it said:\n${stdout}\n${stderr}`);
  };
  return { child, stdout: () => stdout, stderr: () => stderr, said, ended };
}

/** Command lines of processes that name the folder. */
export async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(folder)).map((line) => line.replaceAll('\0', ' '));
}
