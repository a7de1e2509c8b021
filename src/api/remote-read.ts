import { Gauge, type Registry } from 'prom-client'
import { CodedError, errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { QueryGate } from '../promql/query-gate.ts'
import type { ApiDeps } from './deps.ts'

/** Bounds of /api/v1/read, of the flags `--storage.remote.read-…`. */
export interface RemoteReadLimits {
  readonly samplesMax: number
  readonly concurrentMax: number
  readonly frameBytesMax: number
}

/** /api/v1/read: stored samples for others. What answers is loaded with the first request: few servers are read from. */
export class RemoteReadRoute {
  readonly #deps: ApiDeps
  readonly #gate: QueryGate
  #queries = 0

  constructor(deps: ApiDeps, registry: Registry) {
    this.#deps = deps
    this.#gate = new QueryGate(deps.remoteReadLimits.concurrentMax)
    const count = () => this.#queries
    new Gauge({
      name: 'prometheus_remote_read_handler_queries',
      help: 'The current number of remote read queries that are either in execution or queued on the handler.',
      registers: [registry],
      collect() {
        this.set(count())
      },
    })
  }

  async serve({ body, signal }: RouteRequest): Promise<Answer> {
    this.#queries++
    const leave = () => {
      this.#queries--
      this.#gate.leave()
    }
    try {
      await this.#gate.enter(signal)
    } catch (error) {
      this.#queries--
      throw error
    }
    let isStreamed = false
    try {
      const answer = await this.#answer(body, signal)
      if (answer.body instanceof Uint8Array) return answer
      isStreamed = true
      return { ...answer, body: untilDone(answer.body as AsyncIterable<Uint8Array>, signal, leave) }
    } finally {
      if (!isStreamed) leave()
    }
  }

  async #answer(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const { answerReadRequest } = await import('../remote/read/answer-read-request.ts')
    const { ReadRequestFault } = await import('../remote/read/read-request.ts')
    const { source, env, externalLabels, newBudget, remoteReadLimits } = this.#deps
    try {
      const place = { source, clock: env.clock, signal, budget: newBudget(), externalLabels: externalLabels(), ...remoteReadLimits }
      return { status: 200, ...(await answerReadRequest(body, place)) }
    } catch (error) {
      const isAskers = error instanceof ReadRequestFault || (error instanceof CodedError && error.code === 'limit')
      return errorAnswer(isAskers ? 400 : 500, errorMessage(error))
    }
  }
}

/** The parts; `onEnd` once, when all were taken, or the one who takes them is gone. */
function untilDone(parts: AsyncIterable<Uint8Array>, signal: AbortSignal, onEnd: () => void): AsyncIterable<Uint8Array> {
  let isOver = false
  const end = () => {
    if (!isOver) onEnd()
    isOver = true
  }
  // A body that nobody begins to take has no end of its own.
  signal.addEventListener('abort', end, { once: true })
  return (async function* () {
    try {
      yield* parts
    } finally {
      signal.removeEventListener('abort', end)
      end()
    }
  })()
}
