import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Child, ChildExit, HttpListener, SpawnOptions } from '../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { runUp, type UpOptions } from './up.ts'

/** A process of the fake machine: it answers at its address as soon as it is told to. */
class FakeProcess implements Child {
  readonly pid: number
  readonly exited: Promise<ChildExit>
  readonly name: string
  readonly #machine: FakeMachine
  readonly #options: SpawnOptions
  #resolve: (exit: ChildExit) => void = () => {}
  #listener: HttpListener | undefined
  #stopAsked = false

  constructor(pid: number, name: string, machine: FakeMachine, options: SpawnOptions) {
    this.pid = pid
    this.name = name
    this.#machine = machine
    this.#options = options
    this.exited = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  async listen(): Promise<void> {
    const address = this.#options.args.find((arg) => arg.startsWith('--web.listen-address='))!.slice('--web.listen-address='.length)
    const colon = address.lastIndexOf(':')
    const at = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
    this.#listener = await this.#machine.env.http.listen(at, ({ url }, response) =>
      response.end(this.#machine.pages[url!.split('?')[0]] ?? ''),
    )
  }

  async end(exit: ChildExit): Promise<void> {
    await this.#listener?.close(0)
    this.#resolve(exit)
  }

  say(line: string): void {
    this.#options.onLine(line, 'out')
  }

  stop(): void {
    this.#machine.log.push(`stop ${this.name}`)
    this.#stopAsked = true
    if (!this.#machine.deaf.has(this.name)) void this.end({ code: 0, signal: null })
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): void {
    this.#machine.log.push(`${signal} ${this.name}`)
    assert.ok(this.#stopAsked)
    void this.end({ code: null, signal })
  }
}

class FakeMachine {
  readonly env: VirtualEnv
  readonly processes: FakeProcess[] = []
  readonly log: string[] = []
  /** Names of instances that do not stop when asked. */
  readonly deaf = new Set<string>()
  readonly commands: string[] = []
  readonly pages: Record<string, string> = {}
  /** What a process does when it starts. */
  onStart: (process: FakeProcess) => void = (process) => void process.listen()

  constructor() {
    this.env = virtualEnv({
      spawn: (options) => {
        const role = options.args[1]
        const name = role === 'server' ? /storage\.tsdb\.path=\/data\/(\w+)/.exec(options.args.join(' '))![1] : role
        const process = new FakeProcess(100 + this.processes.length, name, this, options)
        this.processes.push(process)
        this.log.push(`start ${name}`)
        this.commands.push([options.command, ...options.args].join(' '))
        this.onStart(process)
        return process
      },
    })
  }

  last(name: string): FakeProcess {
    return this.processes.findLast((process) => process.name === name)!
  }
}

function startUp(
  machine: FakeMachine,
  terminal: { columns: number; rows: number } | null = null,
  variables = {},
  options: Partial<UpOptions> = {},
) {
  const stop = new AbortController()
  const lines: string[] = []
  let written = ''
  const io = {
    out: (line: string) => void lines.push(line),
    write: (text: string) => void (written += text),
    terminal: () => terminal,
    variables,
  }
  const all = {
    dataDir: '/data',
    listen: new Map(),
    logLevel: 'warn',
    stopGraceMs: 10_000,
    command: 'node',
    argsPrefix: ['main.js'],
    version: '1.2.3',
  }
  let ended: 'no' | 'well' | Error = 'no'
  const done = runUp({ ...all, ...options }, machine.env, io, stop.signal).then(
    () => {
      ended = 'well'
    },
    (error: Error) => {
      ended = error
    },
  )
  return { stop, lines, written: () => written, ended: () => ended, done }
}

test('up starts the fleet in order, says when it is ready, and stops it in reverse', async () => {
  const machine = new FakeMachine()
  const up = startUp(machine)
  await machine.env.clock.advance(1_000)
  assert.deepEqual(up.lines, [
    'Promontory 1.2.3, data in /data',
    'exporter  started http://127.0.0.1:9100, pid 100',
    'a         started http://127.0.0.1:9090, pid 101',
    'b         started http://127.0.0.1:9091, pid 102',
    'exporter  ready after 0.1 s',
    'a         ready after 0.1 s',
    'b         ready after 0.1 s',
    'Open   http://127.0.0.1:9090',
    'Query  sum by (mode) (rate(node_cpu_seconds_total[30s]))',
  ])
  assert.equal(machine.commands[0], 'node main.js exporter --web.listen-address=127.0.0.1:9100 --log.level=warn')
  assert.match(await machine.env.fs.readText('/data/b/prometheus.yml'), /replica: b/)
  up.stop.abort()
  await machine.env.clock.advance(1_000)
  assert.equal(up.ended(), 'well')
  assert.deepEqual(machine.log, ['start exporter', 'start a', 'start b', 'stop b', 'stop a', 'stop exporter'])
  assert.deepEqual(up.lines.slice(9), [
    'b         stopping',
    'b         stopped',
    'a         stopping',
    'a         stopped',
    'exporter  stopping',
    'exporter  stopped',
  ])
})

test('an instance that does not stop is killed, and said so', async () => {
  const machine = new FakeMachine()
  machine.deaf.add('a')
  const up = startUp(machine)
  await machine.env.clock.advance(1_000)
  up.stop.abort()
  await machine.env.clock.advance(9_000)
  assert.equal(up.ended(), 'no')
  assert.deepEqual(machine.log.slice(3), ['stop b', 'stop a'])
  await machine.env.clock.advance(2_000)
  assert.equal(up.ended(), 'well')
  assert.deepEqual(machine.log.slice(3), ['stop b', 'stop a', 'SIGKILL a', 'stop exporter'])
  assert.ok(up.lines.includes('a         killed did not stop within 10 s'))
})

test('a crashed instance starts again, later each time, at once after it ran long', async () => {
  const machine = new FakeMachine()
  const up = startUp(machine)
  await machine.env.clock.advance(1_000)
  const crash = async () => {
    machine.log.length = 0
    await machine.last('b').end({ code: null, signal: 'SIGKILL' })
    await machine.env.clock.advance(0)
  }
  const startsAfter = async (ms: number) => {
    await machine.env.clock.advance(ms - 1)
    assert.deepEqual(machine.log, [], `not before ${ms} ms`)
    await machine.env.clock.advance(1)
    assert.deepEqual(machine.log, ['start b'])
  }
  machine.last('b').say('level=ERROR msg="out of luck"')
  await crash()
  assert.equal(
    up.lines.at(-1),
    'b         crashed was ended by SIGKILL after 1.0 s; starting again in 0.1 s; it last said: level=ERROR msg="out of luck"',
  )
  assert.equal(up.lines.at(-2), 'b         | level=ERROR msg="out of luck"')
  await startsAfter(100)
  await crash()
  await startsAfter(200)
  for (let delayMs = 400; delayMs <= 25_600; delayMs *= 2) {
    await crash()
    await startsAfter(delayMs)
  }
  await crash()
  await startsAfter(30_000)
  await machine.env.clock.advance(60_000)
  await crash()
  await startsAfter(100)
  up.stop.abort()
  await machine.env.clock.advance(1_000)
  assert.equal(up.ended(), 'well')
})

test('up stops while an instance waits to start again', async () => {
  const machine = new FakeMachine()
  const up = startUp(machine)
  await machine.env.clock.advance(1_000)
  for (let times = 0; times < 8; times++) {
    await machine.last('a').end({ code: 1, signal: null })
    await machine.env.clock.advance(100 * 2 ** times)
  }
  await machine.last('a').end({ code: 1, signal: null })
  await machine.env.clock.advance(10)
  up.stop.abort()
  await machine.env.clock.advance(1_000)
  assert.equal(up.ended(), 'well')
  assert.deepEqual(machine.log.slice(-2), ['stop b', 'stop exporter'])
})

test('an instance that ends before it is ready is given up: its last words are the error, and its file is as it was', async () => {
  const machine = new FakeMachine()
  await machine.env.fs.mkdir('/data/a')
  await machine.env.fs.mkdir('/data/b')
  for (const name of ['a', 'b']) await machine.env.fs.writeFile(`/data/${name}/prometheus.yml`, 'of the fleet that runs here')
  machine.onStart = (process) => {
    if (process.name === 'exporter') return void process.listen()
    // The other one is slower to find out.
    if (process.name === 'b') return
    process.say('promontory server: data directory /data/a is in use by process 4711')
    void process.end({ code: 1, signal: null })
  }
  const up = startUp(machine)
  await machine.env.clock.advance(1_000)
  const error = up.ended()
  assert.ok(error instanceof Error)
  assert.equal(
    error.message,
    'server a: ended with exit code 1 after 0.0 s, before it was ready; its last words:\n  promontory server: data directory /data/a is in use by process 4711',
  )
  assert.deepEqual(
    machine.log.filter((line) => line.startsWith('start a')),
    ['start a'],
  )
  assert.deepEqual(machine.log.filter((line) => line.startsWith('stop')).at(-1), 'stop exporter')
  for (const name of ['a', 'b']) assert.equal(await machine.env.fs.readText(`/data/${name}/prometheus.yml`), 'of the fleet that runs here')
})

test('one that is killed before it is ready was not asked for wrongly: it starts again', async () => {
  const machine = new FakeMachine()
  machine.onStart = (process) => void (machine.processes.length <= 3 ? process.end({ code: null, signal: 'SIGKILL' }) : process.listen())
  const up = startUp(machine)
  await machine.env.clock.advance(2_000)
  assert.deepEqual(up.lines.filter((line) => / ready /.test(line)).length, 3)
  up.stop.abort()
  await machine.env.clock.advance(1_000)
  assert.equal(up.ended(), 'well')
})

test('a default port that is busy is shown to have moved', async () => {
  const machine = new FakeMachine()
  await machine.env.http.listen({ host: '127.0.0.1', port: 9100 }, () => {})
  const up = startUp(machine)
  await machine.env.clock.advance(1_000)
  assert.ok(up.lines.includes('exporter: port 9100 is busy, the exporter listens on 9101'))
  assert.match(await machine.env.fs.readText('/data/a/prometheus.yml'), /127\.0\.0\.1:9101/)
  up.stop.abort()
  await machine.env.clock.advance(1_000)
})

test('a busy port that was asked for: nothing starts', async () => {
  const machine = new FakeMachine()
  await machine.env.http.listen({ host: '127.0.0.1', port: 9300 }, () => {})
  const up = startUp(machine, null, {}, { listen: new Map([['b', { host: '127.0.0.1', port: 9300 }]]) })
  await up.done
  assert.match(String(up.ended()), /listen on 127\.0\.0\.1:9300 \(server b, --listen=b=127\.0\.0\.1:9300\): address already in use/)
  assert.deepEqual(machine.log, [])
})

test('a file that cannot be written: what has started is stopped', async () => {
  const machine = new FakeMachine()
  machine.env.fs.failing.write = 'EROFS'
  const up = startUp(machine)
  await machine.env.clock.advance(1_000)
  assert.match(String(up.ended()), /^Error: server a: EROFS/)
  assert.deepEqual(machine.log, ['start exporter', 'stop exporter'])
})

const FRAME = /\x1b\[\d+A\x1b\[0J/

test('in a terminal the fleet is a table that is drawn again in place', async () => {
  const machine = new FakeMachine()
  const up = startUp(machine, { columns: 100, rows: 30 }, { NO_COLOR: '1' })
  const page = (samples: number) =>
    `prometheus_tsdb_head_series 1200\nprometheus_tsdb_head_samples_appended_total{type="float"} ${samples}\n`
  machine.pages['/metrics'] = page(1000)
  machine.pages['/api/v1/query'] = '{"status":"success","data":{"result":[{"value":[1,"1"]},{"value":[1,"1"]},{"value":[1,"0"]}]}}'
  await machine.env.fs.mkdir('/proc/101')
  await machine.env.fs.writeFile('/proc/101/status', 'Name:\tnode\nVmRSS:\t  102400 kB\n')
  await machine.env.clock.advance(1_500)
  machine.pages['/metrics'] = page(1600)
  await machine.env.clock.advance(1_000)
  machine.last('b').say('level=WARN msg="slow disk"')
  assert.equal(
    up.written().split(FRAME).at(-1),
    `Promontory 1.2.3, data in /data, running for 2 s. Ctrl-C stops it.

INSTANCE  ROLE      ADDRESS         HEALTH  TARGETS UP  SERIES  SAMPLES/S   MEMORY
exporter  exporter  127.0.0.1:9100  ready            -       -          -        -
a         server    127.0.0.1:9090  ready          2/3   1,200        600  100 MiB
b         server    127.0.0.1:9091  ready          2/3   1,200        600        -

Open   http://127.0.0.1:9090
Query  sum by (mode) (rate(node_cpu_seconds_total[30s]))

b | level=WARN msg="slow disk"
`,
  )
  assert.ok(!/\x1b\[\d*m/.test(up.written()), 'no colours when NO_COLOR is set')
  assert.deepEqual(up.lines, [])
  up.stop.abort()
  await machine.env.clock.advance(3_000)
  assert.equal(up.ended(), 'well')
  assert.match(up.written().split(FRAME).at(-1)!, /exporter .* stopped/)
})

test('a narrow terminal cuts lines, colours are used unless refused', async () => {
  const machine = new FakeMachine()
  const up = startUp(machine, { columns: 40, rows: 30 })
  await machine.env.clock.advance(1_500)
  for (const line of up.written().split(FRAME).at(-1)!.split('\n')) assert.ok(line.replaceAll(/\x1b\[\d*m/g, '').length <= 40, line)
  up.stop.abort()
  await machine.env.clock.advance(3_000)

  const roomy = new FakeMachine()
  const wide = startUp(roomy, { columns: 100, rows: 30 })
  await roomy.env.clock.advance(1_500)
  assert.ok(wide.written().includes('\x1b[32mready'))
  wide.stop.abort()
  await roomy.env.clock.advance(3_000)
  assert.equal(wide.ended(), 'well')
})

test('a dumb terminal gets plain lines', async () => {
  const machine = new FakeMachine()
  const up = startUp(machine, { columns: 80, rows: 24 }, { TERM: 'dumb' })
  await machine.env.clock.advance(1_000)
  assert.equal(up.written(), '')
  assert.ok(up.lines.some((line) => line.startsWith('a         ready')))
  up.stop.abort()
  await machine.env.clock.advance(1_000)
})
