import { errorMessage } from '../../base/errors.ts'
import type { Labels } from '../../model/labels.ts'
import { type MemorySeries, MemorySource } from '../../storage/memory-source.ts'
import type { SeriesSource } from '../../storage/series-source.ts'
import type { Expr } from '../parser/ast.ts'
import { type ParseOptions, parseExpr } from '../parser/parse.ts'
import { FeatureError } from '../parser/parse-error.ts'
import { printExpr } from '../parser/print.ts'
import type { QueryEngine } from '../query-engine.ts'
import type { QueryResult, VectorSample } from '../value.ts'
import { fixedAt } from './at-variants.ts'
import { compareAnnotations, compareValue } from './compare.ts'
import { type LoadedSample, nativeOfClassic } from './native-of-classic.ts'
import type { EvalCommand, LoadCommand } from './script.ts'
import { parseScript } from './script.ts'

export interface ScriptFailure {
  readonly line: number
  readonly expr: string
  readonly reason: string
}

export interface ScriptSkip {
  readonly line: number
  readonly expr: string
  /** `feature <name of the flag>`. */
  readonly why: string
}

/** Evaluations by outcome. */
export interface ScriptResult {
  readonly passed: number
  readonly failed: readonly ScriptFailure[]
  readonly skipped: readonly ScriptSkip[]
}

/** An engine over what a script has loaded so far. */
export type MakeEngine = (source: SeriesSource) => QueryEngine | Promise<QueryEngine>

/**
 * Runs a test script, every evaluation whether those before it passed or not. As upstream does, an instant evaluation must
 * also hold with its selectors fixed by `@` at other times, and in the middle of a range query.
 * Throws `bad_data` when the script itself is wrong. `features`: what the engine has of what is behind a flag.
 */
export async function runScript(
  text: string,
  fileName: string,
  makeEngine: MakeEngine,
  options: { readonly features?: ReadonlySet<string> } = {},
): Promise<ScriptResult> {
  let data = new ScriptData()
  let engine: QueryEngine | undefined
  let passed = 0
  const failed: ScriptFailure[] = []
  const skipped: ScriptSkip[] = []
  for (const command of parseScript(text, fileName)) {
    if (command.kind !== 'eval') {
      engine = undefined
      if (command.kind === 'clear') data = new ScriptData()
      else data.load(command)
      continue
    }
    const { line, expr } = command
    const why = whyNot(command, options)
    if (why !== undefined) {
      skipped.push({ line, expr, why })
      continue
    }
    engine ??= await makeEngine(data.source())
    const reason = await runEval(command, engine, options)
    if (reason === undefined) passed++
    else failed.push({ line, expr, reason })
  }
  return { passed, failed, skipped }
}

/** What the load commands of a script have brought. */
class ScriptData {
  readonly #series = new Map<string, { labels: Labels; samples: Map<number, LoadedSample> }>()

  load(command: LoadCommand): void {
    for (const { labels, values } of command.series) {
      const key = labels.key()
      const series = this.#series.get(key) ?? { labels, samples: new Map() }
      this.#series.set(key, series)
      for (const [i, value] of values.entries()) {
        const time = i * command.stepMs
        if (value.kind === 'value') series.samples.set(time, { value: value.value, histogram: undefined, startTime: 0 })
        if (value.kind === 'histogram') series.samples.set(time, { value: value.histogram.sum, histogram: value.histogram, startTime: 0 })
      }
    }
    for (const { labels, offsets } of command.starts) {
      const samples = this.#series.get(labels.key())?.samples
      for (const [i, offset] of offsets.entries()) {
        const time = i * command.stepMs
        const sample = samples?.get(time)
        if (offset !== undefined && sample !== undefined) samples?.set(time, { ...sample, startTime: time + offset })
      }
    }
    if (command.withNativeHistograms) {
      for (const { labels, samples } of nativeOfClassic(command)) this.#series.set(labels.key(), { labels, samples })
    }
  }

  source(): SeriesSource {
    const series: MemorySeries[] = []
    for (const { labels, samples } of this.#series.values()) {
      const timestamps = [...samples.keys()].sort((a, b) => a - b)
      const values = Float64Array.from(timestamps, (t) => samples.get(t)!.value)
      const histograms = timestamps.map((t) => samples.get(t)!.histogram)
      const startTimes = timestamps.map((t) => samples.get(t)!.startTime)
      series.push({ labels, timestamps, values, histograms, startTimes: startTimes.some((t) => t !== 0) ? startTimes : undefined })
    }
    return new MemorySource(series)
  }
}

/** Why an evaluation cannot be run: it needs what is behind a flag that is off. */
function whyNot({ expr }: EvalCommand, options: ParseOptions): string | undefined {
  try {
    parseExpr(expr, options)
  } catch (error) {
    if (error instanceof FeatureError) return `feature ${error.feature}`
  }
  return undefined
}

async function runEval(command: EvalCommand, engine: QueryEngine, parseOptions: ParseOptions): Promise<string | undefined> {
  if (command.mode === 'range') {
    return check(command, '', () => engine.range(command.expr, command.start, command.end, command.stepMs, options()))
  }
  const reason = await runInstant(command, engine, command.expr, command.time, '')
  if (reason !== undefined) return reason
  let fixed: Expr | undefined
  try {
    fixed = fixedAt(parseExpr(command.expr, parseOptions), command.time)
  } catch {
    // Only an evaluation that expects the failure gets here.
    return undefined
  }
  if (fixed === undefined) return undefined
  const { time } = command
  const expr = printExpr(fixed)
  for (const at of time === 0 ? [-1000, 0, 1000] : [-10 * time, 0, Math.trunc(time / 5), time, 10 * time]) {
    const variantReason = await runInstant(command, engine, expr, at, `${expr} at ${at}: `)
    if (variantReason !== undefined) return variantReason
  }
  return undefined
}

async function runInstant(
  command: EvalCommand,
  engine: QueryEngine,
  expr: string,
  time: number,
  prefix: string,
): Promise<string | undefined> {
  let result: QueryResult | undefined
  const reason = await check(command, prefix, async () => {
    result = await engine.instant(expr, time, options())
    return result
  })
  if (reason !== undefined || result === undefined) return reason
  if (command.expectsRangeVector || command.string !== undefined || /(start|end|range|step)\(\)/.test(expr)) return undefined
  if (result.value.type !== 'vector' && result.value.type !== 'scalar') return undefined
  const asRange = await attempt(() => engine.range(expr, time - 60_000, time + 60_000, 60_000, options()))
  if (asRange instanceof Error) return `${prefix}in range mode: ${errorMessage(asRange)}`
  if (command.expectations.some(({ type }) => type === 'ordered')) return undefined
  const difference = compareMiddle(command, asRange, time, result.value.type)
  return difference === undefined ? undefined : `${prefix}in range mode: ${difference}`
}

function compareMiddle(command: EvalCommand, { value }: QueryResult, time: number, type: 'vector' | 'scalar'): string | undefined {
  if (value.type !== 'matrix') return `expected a matrix, got ${value.type}`
  const samples: VectorSample[] = []
  for (const { labels, timestamps, values, histograms, length } of value.series) {
    const index = timestamps.subarray(0, length).indexOf(time)
    if (index >= 0) samples.push({ labels, t: time, v: values[index], h: histograms?.[index] })
  }
  if (type === 'vector') return compareValue(command, { type, samples })
  return samples.length === 1
    ? compareValue(command, { type, t: time, v: samples[0].v })
    : `expected one point at ${time}, got ${samples.length}`
}

/** Runs one query and holds its outcome against what the script expects. */
async function check(command: EvalCommand, prefix: string, query: () => Promise<QueryResult>): Promise<string | undefined> {
  const failure = command.expectations.find(({ type }) => type === 'fail')
  const outcome = await attempt(query)
  if (outcome instanceof Error) {
    const message = errorMessage(outcome)
    if (failure === undefined) return `${prefix}${message}`
    return failure.matches(message) ? undefined : `${prefix}expected error ${JSON.stringify(failure.text)}, got ${JSON.stringify(message)}`
  }
  if (failure !== undefined) return `${prefix}expected an error, got none`
  const difference = compareAnnotations(command, outcome) ?? compareValue(command, outcome.value)
  return difference === undefined ? undefined : `${prefix}${difference}`
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
