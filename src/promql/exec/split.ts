import type { Labels } from '../../model/labels.ts'
import { divideSelection } from '../../storage/label-range.ts'
import type { SplitPlan } from '../plan/plan.ts'
import { openSplitReducer } from './aggregate.ts'
import { countSamples, type Sink, type StepSeries } from './columns.ts'
import { growFlags, growFloats, NO_FLAGS, NO_FLOATS } from './group-columns.ts'
import { packLabels, unpackLabels } from './packed-labels.ts'
import type { QueryRun } from './query-run.ts'
import { reachOf } from './reach.ts'
import { Reduction } from './reduction.ts'
import { bytesOfColumns, type FragmentPart } from './split-helpers.ts'
import type { Steps } from './steps.ts'

/** What is split: as a whole where nobody helps, and otherwise part by part, in the order of the parts. */
export async function runSplit(run: QueryRun, plan: SplitPlan, steps: Steps, sink: Sink): Promise<void> {
  const { helpers, context } = run
  const [reach] = helpers === undefined ? [] : reachOf(plan.input, steps, run.lookbackMs)
  const ranges = helpers === undefined || reach === undefined ? [] : await divideSelection(run.source, reach, helpers.partCount, context)
  if (helpers === undefined || ranges.length < 2) return run.execute(plan.input, steps, sink)
  const work = helpers.begin({ id: plan.id, steps, ranges })
  const gathering = openGathering(run, plan, steps, sink)
  for (const [part, range] of ranges.entries()) {
    const found = work.claim(part) ? undefined : await work.result(part)
    if (found === undefined) {
      await gathering.evaluate(run.within(range))
      continue
    }
    const { remarks, samplesTotal, samplesRead } = found
    const bytes = bytesOfColumns(found)
    context.budget.chargeBytes(bytes)
    run.tally.total += samplesTotal
    run.tally.read += samplesRead
    run.annotations.repeat(remarks, 0)
    await gathering.take(found)
    context.budget.releaseBytes(bytes)
  }
  await gathering.finish(sink)
}

/** One part, to be sent to who puts the parts together. Undefined: it has histograms, which are not sent. */
export async function evaluatePart(run: QueryRun, plan: SplitPlan, steps: Steps): Promise<FragmentPart | undefined> {
  const remarksBefore = run.annotations.remarkCount
  const gathering = openGathering(run, plan, steps, undefined)
  await gathering.evaluate(run)
  const part = gathering.part()
  if (part === undefined) return undefined
  const { labels, dropNames, columns } = part
  const { total, read } = run.tally
  return {
    labels: packLabels(labels),
    dropNames,
    columns,
    remarks: run.annotations.remarksSince(remarksBefore),
    samplesTotal: total,
    samplesRead: read,
  }
}

type OwnPart = Pick<FragmentPart, 'dropNames' | 'columns'> & { readonly labels: readonly Labels[] }

/** Takes parts in, in their order, whoever has evaluated them. */
interface Gathering {
  /** Evaluates what lies in the label range of a run. */
  evaluate(run: QueryRun): Promise<void>
  take(part: FragmentPart): Promise<void>
  /** All that was evaluated, for another one to take in. */
  part(): OwnPart | undefined
  finish(sink: Sink): Promise<void>
}

function openGathering(run: QueryRun, { input }: SplitPlan, steps: Steps, sink: Sink | undefined): Gathering {
  const reducer = input.kind === 'aggregate' ? openSplitReducer(run, input) : undefined
  if (input.kind === 'aggregate' && reducer !== undefined) {
    const reduction = new Reduction(run, input, steps, reducer)
    return {
      evaluate: (within) => within.execute(input.input, steps, (series) => reduction.add(series)),
      take: (part) => reduction.merge(part),
      part: () => reduction.part(),
      finish: (to) => reduction.finish(to),
    }
  }
  const rows = new Rows(run, steps)
  return {
    evaluate: (within) => within.execute(input, steps, sink ?? ((series) => rows.add(series))),
    take: (part) => rows.show(part, sink!),
    part: () => rows.part(),
    finish: async () => {},
  }
}

/** Series one behind the other in two columns. */
class Rows {
  readonly #run: QueryRun
  readonly #stepCount: number
  readonly #labels: Labels[] = []
  readonly #dropNames: boolean[] = []
  #values: Float64Array = NO_FLOATS
  #present: Uint8Array = NO_FLAGS
  #hasHistograms = false

  constructor(run: QueryRun, steps: Steps) {
    this.#run = run
    this.#stepCount = steps.count
  }

  /** Takes a series over. */
  add(series: StepSeries): void {
    const { memory } = this.#run
    const row = this.#labels.length
    const at = row * this.#stepCount
    if (at + this.#stepCount > this.#values.length) {
      this.#values = growFloats(memory, this.#values, row + 1, this.#stepCount)
      this.#present = growFlags(memory, this.#present, row + 1, this.#stepCount)
    }
    this.#values.set(series.values, at)
    this.#present.set(series.present, at)
    this.#labels.push(series.labels)
    this.#dropNames.push(series.dropName)
    if (series.histograms !== undefined) this.#hasHistograms = true
    memory.release(series)
  }

  part(): OwnPart | undefined {
    if (this.#hasHistograms) return undefined
    const length = this.#labels.length * this.#stepCount
    return {
      labels: this.#labels,
      dropNames: Uint8Array.from(this.#dropNames, Number),
      columns: [this.#values.slice(0, length), this.#present.slice(0, length)],
    }
  }

  /** Hands on the series of another one. */
  async show({ labels, dropNames, columns }: FragmentPart, sink: Sink): Promise<void> {
    const { memory, pacer } = this.#run
    const [values, present] = columns
    for (const [row, set] of unpackLabels(labels).entries()) {
      const series = memory.series(set, this.#stepCount)
      const [from, to] = [row * this.#stepCount, (row + 1) * this.#stepCount]
      series.values.set(values.subarray(from, to))
      series.present.set(present.subarray(from, to))
      series.dropName = dropNames[row] === 1
      memory.chargeSamples(series, countSamples(series))
      sink(series)
      if (pacer.isDue()) await pacer.rest()
    }
  }
}
