import { Alertmanager } from '../alertmanager/alertmanager.ts'
import type { Integration, NotifyRequest } from '../alertmanager/receivers/integration.ts'
import { buildReceiver, type ReceiverSection } from '../alertmanager/receivers/registry.ts'
import { loadTemplates } from '../alertmanager/template-library.ts'
import type { SentNotification } from '../alertmanager/unit-test/compare-notifications.ts'
import type { AlertTestWorld } from '../alertmanager/unit-test/run-alert-tests.ts'
import type { Clock, Env, FileSystem, HttpRequest, Timer } from '../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { LoneMember } from '../cluster/lone-member.ts'
import type { LoadedAlertmanagerConfig } from '../config/alertmanager.ts'
import { resolvePath } from '../config/file.ts'
import { toHttpClientConfig } from '../config/http-client.ts'
import { HttpClients } from '../http-client/clients.ts'
import { isResolved } from '../model/alert.ts'
import { mailTexts, recordingSmtp } from './recording-smtp.ts'

// An Alertmanager with the receivers of a configuration, whose messages are made as ever and go nowhere.

export interface AlertTestConfig {
  readonly loaded: LoadedAlertmanagerConfig
  readonly externalUrl: string
  /** Of this machine: what the configuration names is read from there. */
  readonly fs: FileSystem
}

const HOUR_MS = 3_600_000

export async function openAlertTestWorld(config: AlertTestConfig, startTime: number): Promise<AlertTestWorld> {
  const env = virtualEnv({ startTime })
  await env.fs.mkdir('/data')
  const manager = await Alertmanager.open({
    env,
    cluster: new LoneMember(),
    dir: '/data',
    retentionMs: 120 * HOUR_MS,
    maintenanceIntervalMs: 24 * HOUR_MS,
    silencesMax: 0,
    silenceBytesMax: 0,
    logsSilences: false,
    alertsCollectIntervalMs: HOUR_MS / 2,
    alertsPerNameMax: 0,
    dispatchMaintenanceIntervalMs: 30_000,
    dispatchStartDelayMs: 0,
    peerTimeoutMs: 15_000,
    historyRecordsMax: 1000,
    integrations: [],
  })
  const sent: Promise<SentNotification>[] = []
  const receivers = new Map<string, readonly Integration[]>()
  for (const [name, section] of config.loaded.config.receivers) {
    const integrations: Integration[] = []
    for (const [field, entries] of Object.entries(section as Readonly<Record<string, readonly unknown[] | undefined>>)) {
      for (const [index, entry] of (entries ?? []).entries()) {
        integrations.push(await recording({ env, config, index, tell: (told) => sent.push(told) }, { [field]: [entry] }))
      }
    }
    receivers.set(name, integrations)
  }
  await manager.apply({ ...config.loaded.config, receivers })
  const stopping = new AbortController()
  const running = manager.run(stopping.signal, () => {})
  return {
    manager,
    now: () => env.clock.now(),
    advance: (byMs) => env.clock.advance(byMs),
    sent: () => Promise.all(sent),
    async close() {
      stopping.abort()
      await running
    },
  }
}

interface Recording {
  readonly env: VirtualEnv
  readonly config: AlertTestConfig
  readonly index: number
  /** Takes what will be known of a notification when its message is made. */
  tell(sent: Promise<SentNotification>): void
}

/** An entry of a receiver that says what it would send, and always arrives, at once. */
async function recording({ env, config, index, tell }: Recording, section: ReceiverSection): Promise<Integration> {
  const startTime = env.clock.now()
  const requests: HttpRequest[] = []
  const mails: string[] = []
  const clock = new StandingClock(startTime)
  const context = await contextOf(
    { ...env, clock, http: recordingHttp(requests), tcp: recordingSmtp((mail) => mails.push(mail)), fs: secretFs(config.fs, env.fs) },
    config,
  )
  const [real] = await buildReceiver(section, context)
  let previous: Promise<unknown> = Promise.resolve()
  const make = async (request: NotifyRequest): Promise<SentNotification> => {
    requests.length = 0
    mails.length = 0
    clock.time = request.now
    const failure = await real.notify(request, new AbortController().signal)
    const [firing, resolved] = [false, true].map((isOver) =>
      request.alerts.filter((alert) => isResolved(alert, request.now) === isOver).map(({ labels }) => labels),
    )
    return {
      at: request.now - startTime,
      receiver: request.receiver,
      integration: real.kind,
      group: request.groupLabels,
      firing,
      resolved,
      texts: [...requests.flatMap(textsOf), ...mails.flatMap(mailTexts)],
      // To what answers like no server that it knows the answer may be a failure; the message was made all the same.
      problem: requests.length + mails.length === 0 && failure !== undefined ? failure.message : undefined,
    }
  }
  return {
    kind: real.kind,
    index,
    sendResolved: real.sendResolved,
    notify(request) {
      // Files of this machine are read while its clock goes on, so nobody waits for it; one after the other, so that it is known whose a request is.
      const made = previous.then(() => make(request))
      previous = made.catch(() => undefined)
      tell(made)
      return Promise.resolve(undefined)
    },
  }
}

/** Stands at the time of what is made; nothing takes so long that it is given up. */
class StandingClock implements Clock {
  time: number

  constructor(time: number) {
    this.time = time
  }

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  setTimer(): Timer {
    return { cancel() {} }
  }

  setTicker(): Timer {
    return { cancel() {} }
  }
}

async function contextOf(env: Env, { loaded, externalUrl, fs }: AlertTestConfig) {
  const path = (name: string) => resolvePath(loaded.file, name)
  return {
    env,
    clients: new HttpClients(env),
    templates: await loadTemplates({ fs, clock: env.clock }, loaded.config.templates),
    externalUrl,
    global: loaded.config.global,
    httpClient: (section: Parameters<typeof toHttpClientConfig>[0]) =>
      toHttpClientConfig(section, { file: (_field, name) => path(name), variables: {} }),
    path,
    variables: {},
  }
}

function recordingHttp(requests: HttpRequest[]): Env['http'] {
  const body = Buffer.from('{}')
  const head = { status: 200, headers: { 'content-type': 'application/json' } }
  return {
    async request(request) {
      requests.push(request)
      return { ...head, body }
    },
    async stream(request) {
      requests.push(request)
      return {
        ...head,
        body: (async function* () {
          yield body
        })(),
      }
    },
    listen: () => Promise.reject(new Error('nobody listens in a test of alerts')),
  }
}

/** A URL, since some secrets are. */
const MADE_UP_SECRET = 'http://secret.example/secret'

/** Files of secrets that are not there, as on the machine of a developer, hold a made-up one. */
function secretFs(real: FileSystem, virtual: FileSystem): FileSystem {
  const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'
  const overlay: Partial<FileSystem> = {
    readText: (path) =>
      real.readText(path).catch((error: unknown) => {
        if (isMissing(error)) return MADE_UP_SECRET
        throw error
      }),
    stat: async (path) => (await real.stat(path)) ?? { ...(await virtual.stat('/data'))! },
  }
  return new Proxy(virtual, {
    get(target, name) {
      const own = overlay[name as keyof FileSystem]
      if (own !== undefined) return own
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** All texts of a message: of JSON each by itself, of a form its values. */
function textsOf({ body }: HttpRequest): readonly string[] {
  if (body === undefined) return []
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8')
  try {
    return stringsIn(JSON.parse(text))
  } catch {
    return /^[\w.~%+-]+=/.test(text) ? [...new URLSearchParams(text).values()] : [text]
  }
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(stringsIn)
}
