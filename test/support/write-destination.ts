// A receiver of remote write for tests of who sends: our own, into memory, that can be away in all the ways in which receivers are.
import { uncompressSync } from 'snappy'
import type { Env, Http, HttpRequest, HttpStream } from '../../src/base/env.ts'
import { sleep } from '../../src/base/env.ts'
import type { VirtualEnv } from '../../src/base/env-virtual.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { PLAIN_HTTP_CLIENT } from '../../src/http-client/client-config.ts'
import { Labels } from '../../src/model/labels.ts'
import type { RemoteWriteConfig } from '../../src/remote/write/remote-write-config.ts'
import { WriteReceiver } from '../../src/remote/write-receiver.ts'
import { type Appender, AppendStatus, type SeriesRef } from '../../src/storage/appender.ts'
import { MemoryAppendable } from './memory-appendable.ts'

export interface Received {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Unix ms. */
  readonly time: number
  readonly body: Uint8Array
  /** The message. */
  readonly message: Uint8Array
}

/** An answer of its own instead of what the receiver would do. `deaf`: none comes. `lost`: it is stored, and the answer is lost. */
export type Answer =
  | { readonly status: number; readonly text?: string; readonly headers?: Readonly<Record<string, string>> }
  | 'refused'
  | 'deaf'
  | 'lost'
  | undefined

/** Asked for every request. */
export type Behaviour = (request: Received) => Answer

export class WriteDestination {
  readonly store = new MemoryAppendable()
  readonly requests: Received[] = []
  /** How often a sample came that was there already. */
  duplicates = 0
  /** Samples that were refused. */
  refused = 0
  behave: Behaviour = () => undefined
  latencyMs = 5
  readonly #world: VirtualEnv
  readonly #receiver: WriteReceiver

  constructor(world: VirtualEnv) {
    this.#world = world
    // Its clock is ahead of all that is sent.
    const env: Env = {
      ...virtualEnv(),
      clock: {
        ...world.clock,
        now: () => world.clock.now() + 1e9,
        monotonic: () => world.clock.monotonic(),
        setTimer: (d, c) => world.clock.setTimer(d, c),
        setTicker: (d, c) => world.clock.setTicker(d, c),
      },
    }
    this.#receiver = new WriteReceiver({ env, appendable: { appender: () => this.#counting() } })
  }

  /** The network of a process that sends to it. */
  get http(): Http {
    return {
      request: () => Promise.reject(new Error('only streams here')),
      stream: (request) => this.#take(request),
      listen: () => Promise.reject(new Error('nobody listens here')),
    }
  }

  #counting(): Appender {
    const inner = this.store.appender()
    const newest = new Map<SeriesRef, number>()
    const count = (ref: SeriesRef, t: number, status: AppendStatus, isThere: boolean) => {
      if (status !== AppendStatus.ok) this.refused++
      else if (isThere) this.duplicates++
      newest.set(ref, t)
      return status
    }
    const inStore = (ref: SeriesRef, t: number) => {
      const times = this.store.timesOf(ref)
      return times.length > 0 && t <= times[times.length - 1]
    }
    return {
      ...inner,
      append: (ref, t, v, startTime) => {
        const isThere = inStore(ref, t)
        // What is there already with the same value is no news to any store.
        if (isThere && this.store.has(ref, t, v)) return count(ref, t, AppendStatus.ok, true)
        return count(ref, t, inner.append(ref, t, v, startTime), false)
      },
      appendHistogram: (ref, t, h, startTime) => {
        if (inStore(ref, t) && this.store.has(ref, t, h.sum)) return count(ref, t, AppendStatus.ok, true)
        return count(ref, t, inner.appendHistogram(ref, t, h, startTime), false)
      },
    }
  }

  async #take(request: HttpRequest): Promise<HttpStream> {
    const { clock } = this.#world
    const signal = request.signal
    const wait = async (ms: number) => {
      await sleep(clock, ms, signal)
      if (signal?.aborted) throw new Error('aborted')
    }
    await wait(this.latencyMs)
    const body = request.body as Uint8Array
    const headers = request.headers as Record<string, string>
    const received: Received = { url: request.url, headers, time: clock.now(), body, message: uncompressSync(Buffer.from(body)) as Buffer }
    const answer = this.behave(received)
    if (answer === 'refused') throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    this.requests.push(received)
    if (answer === 'deaf') {
      await wait(1e9)
      throw new Error('nobody answers')
    }
    if (answer !== undefined && answer !== 'lost') return stream(answer.status, answer.text ?? '', answer.headers ?? {})
    const outcome = await this.#receiver.receive({
      contentType: headers['content-type'],
      contentEncoding: headers['content-encoding'],
      body,
    })
    await wait(this.latencyMs)
    if (answer === 'lost') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    return stream(outcome.status, outcome.text ?? '', outcome.headers)
  }
}

function stream(status: number, text: string, headers: Readonly<Record<string, string>>): HttpStream {
  async function* body() {
    yield Buffer.from(text)
  }
  return { status, headers, body: body() }
}

/** A destination as it is configured, with upstream's defaults. */
export function writeConfig(changes: Partial<RemoteWriteConfig> = {}): RemoteWriteConfig {
  return {
    name: 'far',
    key: 'far',
    url: 'http://far/api/v1/write',
    version: 1,
    remoteTimeoutMs: 30_000,
    headers: {},
    relabeling: { externalLabels: Labels.empty, steps: [] },
    sendExemplars: true,
    sendNativeHistograms: true,
    roundRobinDns: false,
    http: PLAIN_HTTP_CLIENT,
    sigv4: undefined,
    azureAd: undefined,
    googleIam: undefined,
    tokenProxy: undefined,
    metadata: { send: true, sendIntervalMs: 60_000, maxSamplesPerSend: 2000 },
    fingerprint: 'a',
    ...changes,
    queue: {
      capacity: 10_000,
      minShards: 1,
      maxShards: 50,
      maxSamplesPerSend: 2000,
      batchSendDeadlineMs: 5000,
      minBackoffMs: 30,
      maxBackoffMs: 5000,
      retryOnHttp429: false,
      sampleAgeLimitMs: 0,
      ...changes.queue,
    },
  }
}
