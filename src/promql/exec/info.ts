import { CodedError } from '../../base/errors.ts'
import { type Labels, LabelsBuilder, METRIC_NAME } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import type { CallPlan, Plan, Samples, Selection } from '../plan/plan.ts'
import { inputsOf } from '../plan/rewrite.ts'
import { countSamples, isAnyPresent, type Sink, type StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { SameLabels } from './same-labels.ts'
import { scan } from './scan.ts'
import { pickTimes } from './select.ts'
import { lastReference, referenceTimes, type Steps } from './steps.ts'

// info(v, {matchers}): the series of a vector with labels of the info series (such as target_info) of the same target.
// Source: Prometheus promql/info.go; docs/querying/functions.md, info().

/** What makes an info series one of the same target. */
const IDENTIFYING_LABELS = ['instance', 'job']

/** An info series; its values are the times of the samples seen, in seconds. */
interface InfoSeries {
  readonly labels: Labels
  readonly times: StepSeries
}

export async function runInfo(run: QueryRun, plan: CallPlan, steps: Steps, sink: Sink): Promise<void> {
  const [input, selector] = plan.args
  const base: StepSeries[] = []
  await run.execute(input, steps, (series) => base.push(series))
  const matchers = new InfoMatchers(selector === undefined ? [] : selectorMatchers(selector))
  const enriched = base.filter(({ labels }) => !matchers.isInfo(labels))
  const infos = await readInfos(run, input, matchers, enriched, steps)
  const merged = new SameLabels(run)
  for (const series of base) {
    if (matchers.isInfo(series.labels)) {
      merged.add(series)
      continue
    }
    for (const out of enrich(run, series, infos, matchers)) merged.add(out)
    run.memory.release(series)
    if (run.pacer.isDue()) await run.pacer.rest()
  }
  for (const bySignature of infos.values())
    for (const group of bySignature.values()) for (const { times } of group) run.memory.release(times)
  await merged.drain(sink)
}

/** What the second argument asks for. */
class InfoMatchers {
  /** Of the metric name: `target_info` where none is asked for, names that end in `_info` where some are only ruled out. */
  readonly names: readonly Matcher[]
  /** Of other labels. */
  readonly data: readonly Matcher[]
  readonly #dataNames: ReadonlySet<string>

  constructor(matchers: readonly Matcher[]) {
    const names = matchers.filter(({ name }) => name === METRIC_NAME)
    const isPositive = names.some(({ operator }) => operator === '=' || operator === '=~')
    if (names.length === 0) this.names = [new Matcher('=', METRIC_NAME, 'target_info')]
    else this.names = isPositive ? names : [...names, new Matcher('=~', METRIC_NAME, '.+_info')]
    this.data = matchers.filter(({ name }) => name !== METRIC_NAME)
    this.#dataNames = new Set(this.data.map(({ name }) => name))
  }

  /** Info series are not told about themselves. */
  isInfo(labels: Labels): boolean {
    const name = labels.get(METRIC_NAME)
    return this.names.every((matcher) => matcher.matches(name))
  }

  takes(labelName: string): boolean {
    return labelName !== METRIC_NAME && (this.#dataNames.size === 0 || this.#dataNames.has(labelName))
  }

  /** Whether a series without info series stays. */
  get matchEmpty(): boolean {
    return this.data.every((matcher) => matcher.matchesEmpty)
  }
}

function selectorMatchers(plan: Plan): readonly Matcher[] {
  if (plan.kind === 'select') return plan.selection.matchers
  return plan.kind === 'shared' || plan.kind === 'invariant' ? selectorMatchers(plan.input) : []
}

/** The info series of the targets that `series` have, by metric name, then by target. */
async function readInfos(
  run: QueryRun,
  input: Plan,
  { names, data }: InfoMatchers,
  series: readonly StepSeries[],
  steps: Steps,
): Promise<ReadonlyMap<string, ReadonlyMap<string, readonly InfoSeries[]>>> {
  const infos = new Map<string, Map<string, InfoSeries[]>>()
  const targets: Matcher[] = []
  for (const label of IDENTIFYING_LABELS) {
    const values = new Set(series.map(({ labels }) => labels.get(label)).filter(Boolean))
    let textLength = 0
    for (const value of values) textLength += value.length
    run.memory.chargeText(2 * textLength)
    if (values.size > 0) targets.push(new Matcher('=~', label, [...values].map(quoteRegex).join('|')))
  }
  if (targets.length === 0) return infos
  const { offsetMs, at } = infoReference(input)
  const reference = referenceTimes(steps, offsetMs, at)
  const times = { minTime: reference.first - run.lookbackMs + 1, maxTime: lastReference(reference, steps), stepMs: steps.stepMs }
  const selection: Selection = {
    matchers: [...names, ...targets, ...data],
    offsetMs,
    at,
    hints: { func: 'info' },
    extended: undefined,
    marksResets: false,
  }
  await scan(run, selection, times, (labels, samples) => {
    if (samples.histograms !== undefined) throw new CodedError('execution', 'info sample should be float')
    const seen = run.memory.series(labels, steps.count)
    const count = pickTimes(samples, reference, run.lookbackMs, seen)
    run.tally.addSeries(seen, count)
    run.memory.chargeSamples(seen, count)
    const name = labels.get(METRIC_NAME)
    const bySignature = infos.get(name) ?? new Map<string, InfoSeries[]>()
    infos.set(name, bySignature)
    const signature = targetOf(labels)
    const group = bySignature.get(signature) ?? []
    bySignature.set(signature, group)
    group.push({ labels, times: seen })
  })
  return infos
}

function targetOf(labels: Labels): string {
  return labels.only(IDENTIFYING_LABELS).key()
}

function quoteRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}

/** At which time the first selector below looks at its series. */
export function infoReference(plan: Plan): { readonly offsetMs: number; readonly at: Timestamp | undefined } {
  let offsetMs = 0
  let at: Timestamp | undefined
  const apply = (shift: { readonly offsetMs: number; readonly at: Timestamp | undefined }) => {
    offsetMs = shift.at === undefined ? offsetMs + shift.offsetMs : shift.offsetMs
    at = shift.at ?? at
  }
  const visit = (below: Plan): boolean => {
    if (below.kind === 'select') {
      apply(below.selection)
      return true
    }
    if (below.kind === 'window' || below.kind === 'matrix') return visitSamples(below.samples)
    return inputsOf(below).some(visit)
  }
  const visitSamples = (samples: Samples): boolean => {
    if (samples.kind === 'selected') {
      apply(samples.selection)
      return true
    }
    apply(samples)
    return visit(samples.input)
  }
  visit(plan)
  return { offsetMs, at }
}

/** The series with the labels that its info series add, one for each set of labels that there is at some step. */
function enrich(
  run: QueryRun,
  series: StepSeries,
  infos: ReadonlyMap<string, ReadonlyMap<string, readonly InfoSeries[]>>,
  matchers: InfoMatchers,
): Iterable<StepSeries> {
  const { memory } = run
  const { present, values, histograms } = series
  const target = targetOf(series.labels)
  const groups: (readonly InfoSeries[])[] = []
  for (const bySignature of infos.values()) {
    const group = bySignature.get(target)
    if (group !== undefined) groups.push(group)
  }
  const results = new Map<string, StepSeries>()
  for (let k = 0; k < present.length; k++) {
    if (present[k] === 0) continue
    const seen = groups.map((group) => newestAt(group, k))
    const found = seen.filter((info) => info !== undefined)
    if (found.length === 0 && !matchers.matchEmpty) continue
    const key = seen.map((info) => info?.labels.key() ?? '').join('\n')
    let out = results.get(key)
    if (out === undefined) {
      out = memory.series(enrichedLabels(series.labels, found, matchers), present.length)
      out.dropName = series.dropName
      results.set(key, out)
    }
    out.present[k] = 1
    out.values[k] = values[k]
    const histogram = histograms?.[k]
    if (histogram === undefined) continue
    out.histograms ??= memory.histograms(present.length)
    out.histograms[k] = histogram
  }
  for (const out of results.values()) memory.chargeSamples(out, countSamples(out))
  return [...results.values()].filter(({ present: some }) => isAnyPresent(some))
}

/** The info series of a target with the newest sample. */
function newestAt(group: readonly InfoSeries[], step: number): InfoSeries | undefined {
  let newest: InfoSeries | undefined
  for (const info of group) {
    const { present, values } = info.times
    if (present[step] === 0) continue
    if (newest !== undefined && newest.times.values[step] === values[step]) {
      throw new CodedError('execution', `found duplicate series for info metric ${info.labels.get(METRIC_NAME)}`)
    }
    if (newest === undefined || newest.times.values[step] < values[step]) newest = info
  }
  return newest
}

/** Labels that the series has already stay what they are. */
function enrichedLabels(labels: Labels, infos: readonly InfoSeries[], matchers: InfoMatchers): Labels {
  const added = new Map<string, string>()
  for (const info of infos) {
    for (const [name, value] of info.labels) {
      if (!matchers.takes(name)) continue
      const known = added.get(name)
      if (known !== undefined && known !== value) throw new CodedError('execution', `conflicting label: ${name}`)
      if (!labels.has(name)) added.set(name, value)
    }
  }
  const builder = new LabelsBuilder(labels)
  for (const [name, value] of added) builder.set(name, value)
  return builder.labels()
}
