// Arguments → command → its exit code. What a role consists of stands in roles/, what a tool does in commands/.
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { hostname, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realEnv, STOP_FD_VARIABLE } from './base/env-real.ts'
import { errorMessage } from './base/errors.ts'
import { createLog } from './base/log-lines.ts'
import { realClock } from './base/real/clock.ts'
import { settleHeap } from './base/real/settle-heap.ts'
import { type Command, type CommandContext, EXIT } from './commands/command.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }

/** By then a role has loaded its code, its configuration and what was in its log, and has seen most of its targets. */
const STARTED_MS = 15_000
/** An Alertmanager is ready in a fifth of a second, and takes less than a server for as long as it runs: what its start has left is a third of its heap. */
const ALERTMANAGER_STARTED_MS = 1_500

const stop = new AbortController()
const hangups: (() => void)[] = []

const context: CommandContext = {
  env: ({ level, format }) => realEnv(createLog({ level, format, now: realClock.now, write: (line) => void process.stderr.write(line) })),
  io: {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    write: (text) => void process.stdout.write(text),
    input: () => readAll(process.stdin),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns - 1)}`)
    },
    terminal: () => (process.stdout.isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : null),
    variables: process.env,
  },
  signal: stop.signal,
  onHangup: (callback) => void hangups.push(callback),
  self: { command: process.execPath, args: [...process.execArgv, fileURLToPath(import.meta.url)] },
  root,
  version,
  build: { version, ...builtFrom(), buildUser: '', goVersion: process.version },
  machine: {
    hostname: hostname(),
    cpuCount: navigator.hardwareConcurrency,
    workingDirectory: process.cwd(),
    memoryLimitBytes: memoryLimit(),
  },
  pid: process.pid,
}

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    stop.abort(new Error(`got ${name}`))
  })
}
process.on('SIGHUP', () => {
  for (const callback of hangups) callback()
})
// A reader that went away (`promontory … | head`) is not an error of ours.
process.stdout.on('error', () => process.exit(EXIT.ok))
watchStopChannel()
settleHeap(STARTED_MS)
if (process.argv[2] === 'alertmanager') settleHeap(ALERTMANAGER_STARTED_MS)

process.exitCode = await main(process.argv.slice(2))
// To a pipe whose reader is slow, what was written may still wait here.
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve))
// What still holds the event loop (kept connections, timers of libraries) does not hold us.
process.exit()

async function main(args: readonly string[]): Promise<number> {
  // All commands together bring the code of the server: 5 MB that an Alertmanager can do without. And a server need not wait for all others.
  if (args[0] === 'alertmanager') return await run((await import('./roles/alertmanager.ts')).alertmanagerCommand, args.slice(1))
  if (args[0] === 'server') return await run((await import('./roles/server.ts')).serverCommand, args.slice(1))
  if (args[0] === '--version' || args[0] === 'version') {
    const { revision, branch } = context.build
    context.io.out(`promontory, version ${version}${revision === '' ? '' : ` (branch: ${branch}, revision: ${revision})`}`)
    context.io.out(`  node:     ${process.version}`)
    context.io.out(`  platform: ${process.platform}/${process.arch}`)
    return EXIT.ok
  }
  const { findCommand, groupHelp, programHelp } = await import('./commands/program.ts')
  if (args.length === 0 || args[0] === '--help' || args[0] === '-h' || (args[0] === 'help' && args.length === 1)) {
    context.io.out(programHelp())
    return args.length === 0 ? EXIT.usage : EXIT.ok
  }
  const words = args[0] === 'help' ? [...args.slice(1), '--help'] : args
  const group = words[1] === '--help' || words[1] === '-h' ? groupHelp(words[0]) : undefined
  if (group !== undefined) {
    context.io.out(group)
    return EXIT.ok
  }
  const found = findCommand(words)
  if ('problem' in found) {
    context.io.err(`promontory: ${found.problem}`)
    return EXIT.usage
  }
  return await run(found.command, found.args)
}

async function run(command: Command, args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    context.io.out(command.help())
    return EXIT.ok
  }
  try {
    return await command.run(args, context)
  } catch (error) {
    context.io.err(`promontory ${command.name}: ${errorMessage(error)}`)
    return EXIT.failed
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

/** Of the container we are in; 0 where there is none. */
function memoryLimit(): number {
  const limit = process.constrainedMemory()
  return limit < totalmem() ? limit : 0
}

/** What the bundle was built from; sources that run as they are know nothing of it. */
function builtFrom(): { revision: string; branch: string; buildDate: string } {
  try {
    return JSON.parse(readFileSync(`${root}/dist/build.json`, 'utf8'))
  } catch {
    return { revision: '', branch: '', buildDate: '' }
  }
}

/** A parent that starts us gives us a pipe; its end, whether asked for or because the parent vanished, is our signal to stop. */
function watchStopChannel(): void {
  const fd = Number(process.env[STOP_FD_VARIABLE])
  delete process.env[STOP_FD_VARIABLE]
  if (!Number.isInteger(fd) || fd < 3) return
  const channel = new Socket({ fd, readable: true, writable: false })
  const ended = () => stop.abort(new Error('the stop channel ended'))
  channel.on('end', ended)
  channel.on('close', ended)
  channel.on('error', ended)
  channel.resume()
  channel.unref()
}
