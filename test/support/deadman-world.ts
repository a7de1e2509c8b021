// The deadman role, Alertmanagers of ours, and a receiver that remembers, on machines of a simulated world.
import { type VirtualProcess, VirtualWorld } from '../../src/base/env-virtual.ts'
import { runServices } from '../../src/base/service.ts'
import type { CommandContext } from '../../src/commands/command.ts'
import { alertmanagerFlags } from '../../src/config/alertmanager-flags.ts'
import { deadmanFlags } from '../../src/config/deadman-flags.ts'
import { parseFlags } from '../../src/config/flags.ts'
import { alertmanagerServices } from '../../src/roles/alertmanager-services.ts'
import { deadmanServices } from '../../src/roles/deadman-services.ts'

export const DEADMAN = 'http://10.0.0.1:9096'
export const RECEIVER = 'http://10.0.2.1'
export const SECOND = 1000
export const MINUTE = 60_000

/** What somebody was told. */
export interface Told {
  /** Since the world began, in seconds. */
  readonly at: number
  /** Of the URL. */
  readonly path: string
  readonly status: string
  /** Of the first alert. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly key: string
  readonly reason: string
}

export class DeadmanWorld {
  readonly world = new VirtualWorld()
  readonly told: Told[] = []
  /** What the receiver answers, by path. */
  answer: (path: string) => number = () => 200
  readonly #startTime = this.world.clock.now()
  readonly #running: { readonly process: VirtualProcess; stop(): Promise<void> }[] = []

  static async start(): Promise<DeadmanWorld> {
    const world = new DeadmanWorld()
    await world.#listen()
    return world
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.world.clock.advance(ms)
  }

  /** `status path labels` of what was told, with the seconds when, since the last call. */
  news(): readonly string[] {
    return this.told
      .splice(0)
      .map(({ at, path, status, labels }) => `${Math.round(at)} ${path} ${status} ${labels.heartbeat ?? labels.drill}`)
  }

  async startDeadman(config?: string): Promise<VirtualProcess> {
    const process = this.world.start('10.0.0.1')
    const { env } = process
    await env.fs.mkdir('/data')
    if (config !== undefined) await env.fs.writeFile('/deadman.yml', config)
    const services = await deadmanServices({
      context: context(),
      env,
      values: parseFlags(['--config.file=/deadman.yml'], deadmanFlags).values,
      addresses: [{ host: '10.0.0.1', port: 9096 }],
      routePrefix: '',
      externalUrl: DEADMAN,
      dir: '/data',
    })
    this.#run(process, services)
    return process
  }

  /** `name` is the last part of its address: `1` is 10.0.1.1. */
  async startAlertmanager(name: number, config: string): Promise<VirtualProcess> {
    const host = `10.0.1.${name}`
    const process = this.world.start(host)
    const { env } = process
    await env.fs.mkdir('/data')
    await env.fs.writeFile('/alertmanager.yml', config)
    const services = await alertmanagerServices({
      context: context(),
      env,
      values: parseFlags(['--config.file=/alertmanager.yml'], alertmanagerFlags).values,
      matcherMode: 'fallback',
      addresses: [{ host, port: 9093 }],
      routePrefix: '',
      externalUrl: `http://${host}:9093`,
      dir: '/data',
      clusterOptions: undefined,
    })
    this.#run(process, services)
    return process
  }

  /** Ends a process as SIGTERM would. */
  async stop(process: VirtualProcess): Promise<void> {
    await this.#running.find((each) => each.process === process)!.stop()
  }

  async stopAll(): Promise<void> {
    for (const { stop } of this.#running) await stop()
  }

  async ask(url: string, { method = 'GET', body = '' } = {}): Promise<{ readonly status: number; readonly body: string }> {
    const response = this.world.start('10.0.9.9').env.http.request({ url, method, body, headers: { 'content-type': 'application/json' } })
    let answer: { status: number; body: Uint8Array } | undefined
    let failure: unknown
    response.then(
      (value) => {
        answer = value
      },
      (error: unknown) => {
        failure = error
      },
    )
    for (let i = 0; i < 50 && answer === undefined && failure === undefined; i++) await this.pass(20)
    if (answer === undefined) throw failure ?? new Error(`${url}: no answer`)
    return { status: answer.status, body: Buffer.from(answer.body).toString() }
  }

  /** A sample of the deadman's metrics, as text; empty: there is none. */
  async metric(series: string): Promise<string> {
    const { body } = await this.ask(`${DEADMAN}/metrics`)
    return (
      body
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length + 1) ?? ''
    )
  }

  #run(process: VirtualProcess, services: Awaited<ReturnType<typeof deadmanServices>>): void {
    const controller = new AbortController()
    let failure: unknown
    // Without what probes the event loop every second: most of what happens would be that.
    const played = services.filter(({ name }) => name !== 'process metrics')
    const done = runServices(played, controller.signal, process.env.log).catch((error: unknown) => {
      failure = error
    })
    const stop = async () => {
      controller.abort()
      let ended = false
      void done.then(() => {
        ended = true
      })
      for (let i = 0; i < 100 && !ended; i++) await this.pass(100)
      if (failure !== undefined) throw failure
    }
    this.#running.push({ process, stop })
  }

  async #listen(): Promise<void> {
    const { env } = this.world.start('10.0.2.1')
    await env.http.listen({ host: '10.0.2.1', port: 80 }, (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const path = request.url ?? ''
        const status = this.answer(path)
        response.writeHead(status).end()
        if (status >= 300) return
        const message = JSON.parse(Buffer.concat(parts).toString())
        const [alert] = message.alerts
        this.told.push({
          at: (this.world.clock.now() - this.#startTime) / 1000,
          path,
          status: message.status,
          labels: alert.labels,
          annotations: alert.annotations,
          startsAt: alert.startsAt,
          endsAt: alert.endsAt,
          key: String(request.headers['idempotency-key']),
          reason: message.notification_reason,
        })
      })
    })
  }
}

function context(): Pick<CommandContext, 'io' | 'build' | 'version' | 'root' | 'machine' | 'onHangup'> {
  const io = { variables: {} } as CommandContext['io']
  const build = { version: '1', revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '' }
  const machine = { hostname: 'h', cpuCount: 1, workingDirectory: '/', memoryLimitBytes: 0 }
  return { io, build, version: '1', root: '/', machine, onHangup: () => {} }
}
