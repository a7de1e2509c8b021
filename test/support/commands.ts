// Commands as a user types them, in this process: starting one of its own for each of hundreds takes longer than what they do.
import { realEnv } from '../../src/base/env-real.ts'
import { createLog } from '../../src/base/log-lines.ts'
import { realClock } from '../../src/base/real/clock.ts'
import type { CommandContext } from '../../src/commands/command.ts'
import { findCommand } from '../../src/commands/program.ts'
import { ROOT } from './program.ts'

export interface CommandAnswer {
  readonly code: number
  /** What it printed on standard output. */
  readonly out: string
  /** What it printed on standard error; what it threw is there, too. */
  readonly err: string
}

/** Runs a command with nothing on its standard input, and no terminal. */
export async function runCommand(args: readonly string[]): Promise<CommandAnswer> {
  const found = findCommand(args)
  if ('problem' in found) return { code: 2, out: '', err: found.problem }
  const [out, err]: [string[], string[]] = [[], []]
  const env = realEnv(createLog({ level: 'error', format: 'logfmt', now: realClock.now, write: (line) => void err.push(line) }))
  const context: CommandContext = {
    env: () => env,
    io: {
      out: (line) => void out.push(`${line}\n`),
      err: (line) => void err.push(`${line}\n`),
      write: (text) => void out.push(text),
      progress: () => {},
      input: () => Promise.resolve(new Uint8Array()),
      terminal: () => null,
      variables: process.env,
    },
    signal: new AbortController().signal,
    onHangup: () => {},
    self: { command: process.execPath, args: [] },
    root: ROOT,
    version: '0',
    build: { version: '0', revision: '', branch: '', buildUser: '', buildDate: '', goVersion: process.version },
    machine: { hostname: 'test', cpuCount: 1, workingDirectory: process.cwd(), memoryLimitBytes: 0 },
    pid: process.pid,
  }
  try {
    return { code: await found.command.run(found.args, context), out: out.join(''), err: err.join('') }
  } catch (error) {
    return { code: 1, out: out.join(''), err: `${err.join('')}${error}\n` }
  }
}
