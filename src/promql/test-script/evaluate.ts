import { errorMessage } from '../../base/errors.ts'
import type { Expr } from '../parser/ast.ts'
import { parseExpr } from '../parser/parse.ts'
import { printExpr } from '../parser/print.ts'
import type { QueryEngine } from '../query-engine.ts'
import type { QueryResult, VectorSample } from '../value.ts'
import { fixedAt } from './at-variants.ts'
import { compareAnnotations, compareValue, type SameHistogram } from './compare.ts'
import type { EvalCommand } from './script.ts'

export interface ScriptOptions {
  /** What the engine has of what is behind a flag. Default: nothing. */
  readonly features?: ReadonlySet<string>
  /** Default: schema, bounds and counts are the same but for rounding, and hints where one is expected. */
  readonly isSameHistogram?: SameHistogram | undefined
}

/** Asks an engine what scripts evaluate. */
export class Evaluator {
  readonly #engine: QueryEngine
  readonly #options: ScriptOptions

  constructor(engine: QueryEngine, options: ScriptOptions) {
    this.#engine = engine
    this.#options = options
  }

  /** What is wrong with the answer, if anything is. */
  async run(command: EvalCommand): Promise<string | undefined> {
    if (command.mode === 'range') {
      return this.#check(command, '', () => this.#engine.range(command.expr, command.start, command.end, command.stepMs, options()))
    }
    const reason = await this.#runInstant(command, command.expr, command.time, '')
    if (reason !== undefined) return reason
    let fixed: Expr | undefined
    try {
      fixed = fixedAt(parseExpr(command.expr, this.#options), command.time)
    } catch {
      // Only an evaluation that expects the failure gets here.
      return undefined
    }
    if (fixed === undefined) return undefined
    const { time } = command
    const expr = printExpr(fixed)
    for (const at of time === 0 ? [-1000, 0, 1000] : [-10 * time, 0, Math.trunc(time / 5), time, 10 * time]) {
      const variantReason = await this.#runInstant(command, expr, at, `${expr} at ${at}: `)
      if (variantReason !== undefined) return variantReason
    }
    return undefined
  }

  async #runInstant(command: EvalCommand, expr: string, time: number, prefix: string): Promise<string | undefined> {
    let result: QueryResult | undefined
    const reason = await this.#check(command, prefix, async () => {
      result = await this.#engine.instant(expr, time, options())
      return result
    })
    if (reason !== undefined || result === undefined) return reason
    if (command.expectsRangeVector || command.string !== undefined || /(start|end|range|step)\(\)/.test(expr)) return undefined
    if (result.value.type !== 'vector' && result.value.type !== 'scalar') return undefined
    const asRange = await attempt(() => this.#engine.range(expr, time - 60_000, time + 60_000, 60_000, options()))
    if (asRange instanceof Error) return `${prefix}in range mode: ${errorMessage(asRange)}`
    if (command.expectations.some(({ type }) => type === 'ordered')) return undefined
    const difference = this.#compareMiddle(command, asRange, time, result.value.type)
    return difference === undefined ? undefined : `${prefix}in range mode: ${difference}`
  }

  #compareMiddle(command: EvalCommand, { value }: QueryResult, time: number, type: 'vector' | 'scalar'): string | undefined {
    if (value.type !== 'matrix') return `expected a matrix, got ${value.type}`
    const samples: VectorSample[] = []
    for (const { labels, timestamps, values, histograms, length } of value.series) {
      const index = timestamps.subarray(0, length).indexOf(time)
      if (index >= 0) samples.push({ labels, t: time, v: values[index], h: histograms?.[index] })
    }
    if (type === 'vector') return compareValue(command, { type, samples }, this.#options.isSameHistogram)
    return samples.length === 1
      ? compareValue(command, { type, t: time, v: samples[0].v }, this.#options.isSameHistogram)
      : `expected one point at ${time}, got ${samples.length}`
  }

  /** Runs one query and holds its outcome against what the script expects. */
  async #check(command: EvalCommand, prefix: string, query: () => Promise<QueryResult>): Promise<string | undefined> {
    const failure = command.expectations.find(({ type }) => type === 'fail')
    const outcome = await attempt(query)
    if (outcome instanceof Error) {
      const message = errorMessage(outcome)
      if (failure === undefined) return `${prefix}${message}`
      return failure.matches(message)
        ? undefined
        : `${prefix}expected error ${JSON.stringify(failure.text)}, got ${JSON.stringify(message)}`
    }
    if (failure !== undefined) return `${prefix}expected an error, got none`
    const difference = compareAnnotations(command, outcome) ?? compareValue(command, outcome.value, this.#options.isSameHistogram)
    return difference === undefined ? undefined : `${prefix}${difference}`
  }
}

async function attempt(query: () => Promise<QueryResult>): Promise<QueryResult | Error> {
  try {
    return await query()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function options(): { signal: AbortSignal } {
  return { signal: new AbortController().signal }
}
