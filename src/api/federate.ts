import { Counter, type Registry } from 'prom-client'
import { CodedError, errorMessage } from '../base/errors.ts'
import { type Answer, errorAnswer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import { askerOf } from './asker.ts'
import type { ApiDeps } from './deps.ts'

/** Pages go over the wire again and again, often between regions. At 6 they would be 2 % smaller, for half as much CPU again. */
const GZIP_LEVEL = 5

export class Federation {
  readonly #deps: ApiDeps
  readonly #errors: Counter

  constructor(deps: ApiDeps, registry: Registry) {
    this.#deps = deps
    this.#errors = new Counter({
      name: 'prometheus_web_federation_errors_total',
      help: 'Total number of errors that occurred while sending federation responses.',
      registers: [registry],
    })
  }

  /** /federate: the newest sample inside the lookback of every series that a selector finds, in the format that is asked for. */
  async serve(request: RouteRequest): Promise<Answer> {
    const { reads, env, lookbackMs, externalLabels } = this.#deps
    const selectors = request.form.all('match[]')
    try {
      for (const selector of selectors) parseMetricSelector(selector)
    } catch (error) {
      return errorAnswer(400, errorMessage(error))
    }
    const maxTime = Math.floor(env.clock.now())
    const minTime = maxTime - lookbackMs
    const { accept } = request.headers
    try {
      const read = { kind: 'federate', selectors, minTime, maxTime, accept, externalLabels: externalLabels().pairs } as const
      return { ...(await reads.answer(read, askerOf(request))), gzipLevel: GZIP_LEVEL }
    } catch (error) {
      this.#errors.inc()
      return errorAnswer(error instanceof CodedError && error.code === 'timeout' ? 503 : 500, errorMessage(error))
    }
  }
}
