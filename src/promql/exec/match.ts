import { assert } from '../../base/assert.ts'
import { CodedError } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { compareLabels, isLegacyLabelName, type Labels } from '../../model/labels.ts'
import { compareColumns, computeColumns, isComparison, keepsSchema } from '../functions/arithmetic.ts'
import type { VectorMatching } from '../parser/ast.ts'
import type { BinaryPlan } from '../plan/plan.ts'
import { countSamples, isAnyPresent, type Sink, type StepSeries } from './columns.ts'
import { combineMixed, mayMixTypes } from './combine.ts'
import { dropMetricName, type QueryRun } from './query-run.ts'
import { SameLabels } from './same-labels.ts'
import { SignatureIndex, Signatures } from './signatures.ts'
import type { Steps } from './steps.ts'

// Arithmetic and comparison of two vectors. The 'one' side is held by signature, then each series of the other side,
// called 'many' here even when both are 'one', is paired with what has its signature. What is found about pairs is found
// once; only whether both have a value is asked per step, and where two of a side have one at the same step it is an error.
// Source: Prometheus promql/engine.go, VectorBinop and resultMetric.

export async function runMatched(run: QueryRun, plan: BinaryPlan, steps: Steps, sink: Sink): Promise<void> {
  const { matching } = plan
  assert(matching !== undefined, 'both sides are vectors')
  const signatures = new Signatures(matching, run.memory)
  const oneIsLeft = matching.cardinality === 'one-to-many'
  const left: StepSeries[] = []
  const right: StepSeries[] = []
  await run.execute(plan.left, steps, (series) => left.push(series))
  await run.execute(plan.right, steps, (series) => right.push(series))
  const [one, many] = oneIsLeft ? [left, right] : [right, left]

  const index = new SignatureIndex()
  for (const series of one) {
    index.add(signatures.indexOf(series.labels), series)
    if (run.pacer.isDue()) await run.pacer.rest()
  }
  // With group_right too: upstream's "left" is then the side of the many.
  const { fillRight: fillOne, fillLeft: fillMany } = matching
  checkOneSide(index, fillMany === undefined ? unionOf(many) : everyStep(steps), signatures, oneIsLeft ? 'left' : 'right')

  const pairing = new Pairing(run, plan, matching, steps)
  const merged = new SameLabels(run)
  const filling = new Filling(run, signatures)
  const filled = (out: StepSeries | undefined, made: StepSeries) => {
    run.memory.release(made)
    if (out !== undefined) merged.add(out)
  }
  for (const series of many) {
    const signature = signatures.find(series.labels)
    for (const other of signature === undefined ? [] : index.get(signature)) {
      const out = pairing.pair(signature!, series, other)
      if (out !== undefined) merged.add(out)
    }
    if (fillOne !== undefined) {
      const known = signatures.indexOf(series.labels)
      const other = filling.counterpart(series, index.get(known), fillOne)
      if (other !== undefined) filled(pairing.pair(known, series, other), other)
    }
    if (fillMany !== undefined) filling.note(signatures.indexOf(series.labels), series.present)
    run.memory.release(series)
    if (run.pacer.isDue()) await run.pacer.rest()
  }
  for (const series of one) {
    if (fillMany !== undefined) {
      const signature = signatures.indexOf(series.labels)
      const other = filling.counterpart(series, filling.noted(signature), fillMany)
      if (other !== undefined) filled(pairing.pair(signature, other, series), other)
    }
    run.memory.release(series)
    if (run.pacer.isDue()) await run.pacer.rest()
  }
  await merged.drain(sink)
}

/** Two of the 'one' side must not match the same, at a step at which the other side has anything at all. */
function checkOneSide(index: SignatureIndex, anyOfMany: Uint8Array | undefined, signatures: Signatures, side: 'left' | 'right'): void {
  if (anyOfMany === undefined) return
  for (const group of index.repeated()) {
    const seen: (StepSeries | undefined)[] = new Array(anyOfMany.length)
    for (const series of group) {
      for (let k = 0; k < anyOfMany.length; k++) {
        if (series.present[k] === 0 || anyOfMany[k] === 0) continue
        const before = seen[k]
        if (before !== undefined) throw duplicateError(before.labels, series.labels, signatures, side)
        seen[k] = series
      }
    }
  }
}

function unionOf(all: readonly StepSeries[]): Uint8Array | undefined {
  if (all.length === 0) return undefined
  const union = new Uint8Array(all[0].present.length)
  for (const { present } of all) for (let k = 0; k < union.length; k++) union[k] |= present[k]
  return union
}

function everyStep(steps: Steps): Uint8Array {
  return new Uint8Array(steps.count).fill(1)
}

/** Makes up the series that one side lacks, at the steps at which it has none of the signature. */
class Filling {
  readonly #run: QueryRun
  readonly #signatures: Signatures
  readonly #present = new Map<number, { readonly present: Uint8Array }>()

  constructor(run: QueryRun, signatures: Signatures) {
    this.#run = run
    this.#signatures = signatures
  }

  /** Remembers at which steps a side has something of a signature. */
  note(signature: number, present: Uint8Array): void {
    const known = this.#present.get(signature)?.present ?? this.#run.memory.flags(present.length)
    for (let k = 0; k < known.length; k++) known[k] |= present[k]
    this.#present.set(signature, { present: known })
  }

  noted(signature: number): readonly { readonly present: Uint8Array }[] {
    const known = this.#present.get(signature)
    return known === undefined ? [] : [known]
  }

  /** What stands for the other side of `series`, which has `others` of the signature; undefined where it has one at every step. */
  counterpart(series: StepSeries, others: readonly { readonly present: Uint8Array }[], value: number): StepSeries | undefined {
    const { memory } = this.#run
    const made = memory.series(this.#signatures.labelsOf(series.labels), series.present.length)
    made.present.set(series.present)
    made.values.fill(value)
    for (const { present } of others) for (let k = 0; k < present.length; k++) if (present[k] === 1) made.present[k] = 0
    if (isAnyPresent(made.present)) return made
    memory.release(made)
    return undefined
  }
}

function duplicateError(a: Labels, b: Labels, signatures: Signatures, side: 'left' | 'right'): CodedError {
  const [first, second] = compareLabels(a, b) <= 0 ? [a, b] : [b, a]
  return new CodedError(
    'execution',
    `found duplicate series for the match group ${labelText(signatures.labelsOf(a))} on the ${side} hand-side of the operation: [${labelText(first)}, ${labelText(second)}];many-to-many matching not allowed: matching labels must be unique on one side`,
  )
}

/** Labels as upstream's errors write them: the metric name is one of them. */
function labelText(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${isLegacyLabelName(name) ? name : quote(name)}=${quote(value)}`).join(', ')}}`
}

/** Makes the series of pairs, and sees to it that no step has two where one is allowed. */
class Pairing {
  readonly #run: QueryRun
  readonly #plan: BinaryPlan
  readonly #matching: VectorMatching
  readonly #steps: Steps
  readonly #oneToOne: boolean
  /** By signature, or by signature and labels: at which steps there was a match. */
  readonly #matched = new Map<number | string, Uint8Array>()

  constructor(run: QueryRun, plan: BinaryPlan, matching: VectorMatching, steps: Steps) {
    this.#run = run
    this.#plan = plan
    this.#matching = matching
    this.#steps = steps
    this.#oneToOne = matching.cardinality === 'one-to-one'
  }

  /** The result for two series of a signature; undefined when there is none at any step. Takes neither over. */
  pair(signature: number, many: StepSeries, one: StepSeries): StepSeries | undefined {
    const { operator, returnBool } = this.#plan
    const { memory } = this.#run
    const out = memory.series(this.#resultLabels(many.labels, one.labels), this.#steps.count)
    for (let k = 0; k < out.present.length; k++) out.present[k] = many.present[k] & one.present[k]
    if (!isAnyPresent(out.present)) {
      memory.release(out)
      return undefined
    }
    if (returnBool) dropMetricName(this.#run, out)
    const oneIsLeft = this.#matching.cardinality === 'one-to-many'
    if (mayMixTypes(this.#plan, many, one)) return this.#pairMixed(signature, oneIsLeft ? one : many, oneIsLeft ? many : one, out)
    // What a comparison leaves out has matched all the same.
    this.#noteMatch(signature, out)
    const left = oneIsLeft ? one.values : many.values
    const right = oneIsLeft ? many.values : one.values
    if (returnBool) {
      const truths = out.present.slice()
      compareColumns(operator, left, right, truths)
      out.values.set(truths)
    } else if (isComparison(operator)) {
      compareColumns(operator, left, right, out.present)
      // A comparison answers the left value, on whichever side the 'one' is.
      out.values.set(left)
    } else {
      computeColumns(operator, left, right, out.values)
    }
    return this.#charged(out)
  }

  /** The same where some samples are histograms. What does not go together is no match. */
  #pairMixed(signature: number, left: StepSeries, right: StepSeries, out: StepSeries): StepSeries | undefined {
    const holds = combineMixed(this.#run, this.#plan, left, right, out)
    this.#noteMatch(signature, out)
    if (this.#plan.returnBool) {
      out.values.set(holds)
      out.histograms = undefined
    } else {
      for (let k = 0; k < out.present.length; k++) out.present[k] &= holds[k]
    }
    return this.#charged(out)
  }

  #charged(out: StepSeries): StepSeries | undefined {
    const { memory } = this.#run
    const count = countSamples(out)
    if (count === 0) {
      memory.release(out)
      return undefined
    }
    memory.chargeSamples(out, count)
    return out
  }

  #noteMatch(signature: number, { labels, present }: StepSeries): void {
    const key = this.#oneToOne ? signature : `${signature} ${labels.key()}`
    const known = this.#matched.get(key)
    if (known === undefined) {
      if (typeof key === 'string') this.#run.memory.chargeText(key.length)
      const first = this.#run.memory.flags(present.length)
      first.set(present)
      this.#matched.set(key, first)
      return
    }
    for (let k = 0; k < known.length; k++) {
      if (present[k] === 0) continue
      if (known[k] === 1) throw this.#multipleMatches()
      known[k] = 1
    }
  }

  #multipleMatches(): CodedError {
    const reason = this.#oneToOne
      ? 'many-to-one matching must be explicit (group_left/group_right)'
      : 'grouping labels must ensure unique matches'
    return new CodedError('execution', `multiple matches for labels: ${reason}`)
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { on, labels, include } = this.#matching
    let result = keepsSchema(this.#plan.operator) ? many : many.unnamed()
    if (this.#oneToOne) result = on ? result.only(labels) : result.without(...labels)
    for (const name of include) result = result.withLabel(name, one.get(name))
    return result
  }
}
