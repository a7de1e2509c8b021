import { CounterResetHint, type Histogram } from '../../model/histogram.ts'
import { areHistogramsEqual } from '../../model/histogram-equality.ts'
import { HistogramSum, SumOutcome } from '../../model/histogram-sum.ts'
import type { Annotations } from '../exec/annotations.ts'
import type { BinaryOperator, PositionRange } from '../parser/ast.ts'
import { trimmed } from './histogram-trim.ts'

// Operators with a native histogram on one side at least.
// Source: Prometheus promql/engine.go, vectorElemBinop.

/** Where an operator stands, and where what is to be said of it goes. */
export interface OperatorPlace {
  readonly annotations: Annotations
  readonly range: PositionRange
}

/** The result of an operator for one pair: a histogram, and whether a comparison holds. */
export interface HistogramResult {
  readonly histogram: Histogram
  readonly holds: boolean
}

export function scaled(histogram: Histogram, factor: number): Histogram {
  return new HistogramSum(histogram).multiply(factor).toHistogram()
}

/** What an operator makes of two samples, not both floats: undefined where the types, or the buckets, do not go together. */
export function combineSamples(
  operator: BinaryOperator,
  left: Histogram | number,
  right: Histogram | number,
  place: OperatorPlace,
): HistogramResult | undefined {
  if (typeof left === 'number') {
    if (operator === '*' && typeof right !== 'number') return kept(scaled(right, left))
  } else if (typeof right === 'number') {
    if (operator === '*') return kept(scaled(left, right))
    if (operator === '/') return kept(new HistogramSum(left).divide(right).toHistogram())
    if (operator === '</' || operator === '>/') return kept(trimmed(left, right, operator === '</' ? 'upper' : 'lower'))
  } else {
    if (operator === '==') return { histogram: left, holds: areHistogramsEqual(left, right) }
    if (operator === '!=') return { histogram: left, holds: !areHistogramsEqual(left, right) }
    if (operator === '+' || operator === '-') return addHistograms(operator, left, right, place)
  }
  place.annotations.incompatibleTypes(typeName(left), operator, typeName(right), place.range)
  return undefined
}

function kept(histogram: Histogram): HistogramResult {
  return { histogram, holds: true }
}

function typeName(sample: Histogram | number): string {
  return typeof sample === 'number' ? 'float' : 'histogram'
}

function addHistograms(operator: '+' | '-', left: Histogram, right: Histogram, place: OperatorPlace): HistogramResult | undefined {
  const { annotations, range } = place
  const sum = new HistogramSum(left)
  const outcome = operator === '+' ? sum.add(right) : sum.subtract(right)
  if ((outcome & SumOutcome.incompatible) !== 0) {
    annotations.incompatibleBuckets(operator, range)
    return undefined
  }
  const operation = operator === '+' ? 'addition' : 'subtraction'
  if ((outcome & SumOutcome.boundsReconciled) !== 0) annotations.boundsReconciled(operation, range)
  if ((outcome & SumOutcome.resetsCollide) !== 0) {
    annotations.resetsCollide(operation, range)
    return undefined
  }
  return kept(operator === '+' ? sum.toHistogram() : sum.toHistogram(CounterResetHint.gauge))
}
