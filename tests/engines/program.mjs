// A program that a test starts, and ends with everything that it has started in turn.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const LIMIT_MS = 60_000;

const running = new Set();
const kill = (program) => { try { process.kill(-program.pid, 'SIGKILL'); } catch { /* It has ended by itself. */ } };
// A terminal's Ctrl-C does not reach other groups.
process.on('exit', () => running.forEach(kill));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** In a process group of its own, so that its children can be ended with it. What it says is heard on the streams of `stdio`. */
export function start(command, args, stdio, env = {}) {
  const program = spawn(command, args, { stdio, detached: true, env: { ...process.env, ...env } });
  // One that is not installed says so to whoever waits for its word.
  program.once('error', () => {});
  if (program.pid) running.add(program);
  return program;
}

/** What the first line of a stream says that matches. */
export async function said(stream, pattern) {
  for await (const line of createInterface({ input: stream, signal: AbortSignal.timeout(LIMIT_MS) })) {
    const found = line.match(pattern)?.[1];
    if (!found) continue;
    stream.resume();
    return found;
  }
  throw new Error(`a program never said ${pattern}; has scripts/setup.sh test run?`);
}

/** Ends it and its children. */
export async function end(program) {
  if (program?.pid === undefined || program.exitCode !== null || program.signalCode !== null) return;
  const gone = once(program, 'exit');
  kill(program);
  await gone;
  running.delete(program);
}
