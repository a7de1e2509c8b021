import type { ServerResponse } from 'node:http'
import { Counter, Gauge } from 'prom-client'
import type { Env, HttpHandler } from '../../base/env.ts'
import { goDurationText } from '../../base/go-duration.ts'
import { type Answer, errorAnswer } from '../../base/http-answer.ts'
import { refuse } from '../../base/web-guard.ts'

export interface RequestLimitsOptions {
  readonly env: Pick<Env, 'clock' | 'metrics'>
  /** Most GET requests at a time, of whatever path; 0: as many as there are processors, at least eight. */
  readonly getsMax: number
  readonly processorCount: number
  /** From the first byte of a request to its answer; 0 or less: as long as it takes. */
  readonly timeoutMs: number
}

const GETS_LEAST = 8

/** How many requests are served at a time, and for how long. Source of texts and names: Alertmanager api/api.go, limitHandler. */
export class RequestLimits {
  readonly #options: RequestLimitsOptions
  readonly #getsMax: number
  readonly #tooLate: string
  readonly #refused: Counter<'method'>
  /** When the time of a request is over, by the clock that never jumps. */
  readonly #deadlines = new WeakMap<ServerResponse, number>()
  #gets = 0

  constructor(options: RequestLimitsOptions) {
    this.#options = options
    this.#getsMax = options.getsMax > 0 ? options.getsMax : Math.max(options.processorCount, GETS_LEAST)
    this.#tooLate = `Exceeded configured timeout of ${goDurationText(options.timeoutMs)}.`
    const registers = [options.env.metrics]
    const labelNames = ['method'] as const
    const running = () => this.#gets
    new Gauge({
      name: 'alertmanager_http_requests_in_flight',
      help: 'Current number of HTTP requests being processed.',
      labelNames,
      registers,
      collect() {
        this.set({ method: 'get' }, running())
      },
    })
    this.#refused = new Counter({
      name: 'alertmanager_http_concurrency_limit_exceeded_total',
      help: 'Total number of times an HTTP request failed because the concurrency limit was reached.',
      labelNames,
      registers,
    })
    this.#refused.inc({ method: 'get' }, 0)
  }

  /** A handler in front of another. A request runs until its answer is with the connection, or the client has gone. */
  wrap(open: HttpHandler): HttpHandler {
    return (request, response) => {
      if (request.method === 'GET') {
        if (this.#gets >= this.#getsMax) {
          this.#refused.inc({ method: 'get' })
          // Upstream's text has an end of line of its own.
          return refuse(response, 503, `Limit of concurrent GET requests reached (${this.#getsMax}), try again later.\n`)
        }
        this.#gets++
        response.once('close', () => this.#gets--)
      }
      if (this.#options.timeoutMs > 0) this.#limitTime(response)
      open(request, response)
    }
  }

  /** What is answered in place of an answer that took too long to make: the timer has no turn while one is made in one piece. */
  late(response: ServerResponse): Answer | undefined {
    const deadline = this.#deadlines.get(response)
    if (deadline === undefined || this.#options.env.clock.monotonic() < deadline) return undefined
    return errorAnswer(503, this.#tooLate)
  }

  #limitTime(response: ServerResponse): void {
    const { env, timeoutMs } = this.#options
    this.#deadlines.set(response, env.clock.monotonic() + timeoutMs)
    const timer = env.clock.setTimer(timeoutMs, () => {
      if (!response.headersSent) refuse(response, 503, this.#tooLate)
    })
    response.once('close', () => timer.cancel())
  }
}
