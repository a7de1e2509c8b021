// Starts the program as a user would, on 127.0.0.1 and free ports, and ends it by its own process id.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
export const PROMONTORY = join(ROOT, 'bin/promontory')

// Below those that the kernel hands out: one of its own choice is soon that of somebody's connection, before the program listens on it.
// And above 10080, which neither `fetch` nor a browser connects to (one of the bad ports of https://fetch.spec.whatwg.org/#port-blocking).
const PORTS = { first: 10_100, count: 20_000 }
const given = new Set<number>()

/** A port of 127.0.0.1 on which nobody listens, and which no test that runs has been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = PORTS.first + randomInt(PORTS.count)
    if (given.has(port) || !(await isFree(port))) continue
    if (!(await reserve(port))) continue
    given.add(port)
    return port
  }
  throw new Error('no free port found in 1000 attempts')
}

/** Whether no other process of tests has the port: for as long as this one lives its reservation is a socket in the kernel's list of names. */
function reserve(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true)
  return new Promise((resolve) => {
    const server = createServer().unref()
    server.once('error', () => resolve(false))
    server.listen(`\0promontory-test-port-${port}`, () => resolve(true))
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Asks until `condition` answers something, or throws after `timeoutMs` with what it last said. */
export async function until<T>(what: string, timeoutMs: number, condition: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const answer = await condition()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms${last ? `, last: ${last}` : ''}`)
    await delay(50)
  }
}

/** Repeats assertions until they hold, for what programs do in their own time; throws what the last of them said. */
export async function eventually(check: () => Promise<void>, timeoutMs = 60_000): Promise<void> {
  const begun = Date.now()
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > begun + timeoutMs) throw error
    }
    // What is nearly there is not waited for long.
    await delay(Math.min(20 + (Date.now() - begun) / 10, 500))
  }
}

export class Program {
  readonly child: ChildProcess
  readonly url: string
  output = ''
  /** When all is read of what it printed. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>

  constructor(
    command: string,
    args: readonly string[],
    url: string,
    options: { readonly cwd?: string; readonly variables?: Readonly<Record<string, string>> } = {},
  ) {
    this.url = url
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: { ...process.env, ...options.variables },
    })
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (bytes: Buffer) => {
        this.output += bytes
      })
    }
    const closed = new Promise((resolve) => this.child.once('close', resolve))
    this.exited = new Promise((resolve) =>
      this.child.once('exit', async (code, signal) => {
        // What it said last may still be on its way. Children of its own that outlive it hold the streams open.
        await Promise.race([closed, delay(2000)])
        resolve({ code, signal })
      }),
    )
  }

  /** Waits for 200 of `path`. */
  async ready(path = '/-/ready', timeoutMs = 60_000): Promise<this> {
    let gone = false
    void this.exited.then(() => {
      gone = true
    })
    await until(`${this.url}${path}`, timeoutMs, async () => {
      if (gone) throw new Error(`it ended: ${this.output.slice(-2000)}`)
      return (await fetch(`${this.url}${path}`)).status === 200
    })
    return this
  }

  async text(path: string): Promise<string> {
    return (await fetch(`${this.url}${path}`)).text()
  }

  /** The `data` of an API answer; throws what the API says is wrong. */
  async api<T = unknown>(path: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<T> {
    const search = new URLSearchParams(Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]))
    const response = await fetch(`${this.url}/api/v1/${path}?${search}`)
    const answer = (await response.json()) as { status: string; data: T; error?: string }
    if (answer.status !== 'success') throw new Error(`${path} ${search}: ${answer.error}`)
    return answer.data
  }

  /** The instant vector of a query as [labels, value] pairs. */
  async query(
    query: string,
    time?: number,
  ): Promise<readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[]> {
    const { result } = await this.api<{ result: { metric: Record<string, string>; value: [number, string] }[] }>('query', {
      query,
      ...(time ? { time } : {}),
    })
    return result
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal)
    return this.exited
  }
}

/** `promontory server` on a free port (or the given one). */
export async function startServer(options: {
  readonly configFile: string
  readonly dataDir: string
  readonly port?: number
  readonly flags?: readonly string[]
  /** An agent has another one. */
  readonly directoryFlag?: string
}): Promise<Program> {
  const port = options.port ?? (await freePort())
  const args = [
    'server',
    `--config.file=${options.configFile}`,
    `--${options.directoryFlag ?? 'storage.tsdb.path'}=${options.dataDir}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...(options.flags ?? []),
  ]
  return new Program(PROMONTORY, args, `http://127.0.0.1:${port}`)
}
