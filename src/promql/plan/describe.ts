import { quote } from '../../base/go-quote.ts'
import { formatDuration } from '../../model/duration.ts'
import { formatFloat } from '../../model/go-text.ts'
import { compareStrings, isLegacyLabelName, METRIC_NAME } from '../../model/labels.ts'
import { printGrouping, printMatching } from '../parser/print.ts'
import type { Plan, Samples, Selection } from './plan.ts'

/** What a node of a plan does, on one line and without what stands below it. */
export function describePlan(plan: Plan): string {
  switch (plan.kind) {
    case 'number':
      return formatFloat(plan.value)
    case 'string':
      return quote(plan.value)
    case 'select':
      return `${READS[plan.reads]}${describeSelection(plan.selection, '')}`
    case 'window':
      return `${plan.func} over ${describeSamples(plan.samples)}`
    case 'matrix':
      return describeSamples(plan.samples)
    case 'call':
      return `${plan.func}()`
    case 'negate':
      return 'negate'
    case 'binary':
      return `${plan.operator}${plan.returnBool ? ' bool' : ''}${printMatching(plan.matching)}`
    case 'aggregate':
      return `${plan.operator}${printGrouping(plan)}`.trimEnd()
    case 'invariant':
      return 'once for all steps'
    case 'split':
      return 'in parts'
    case 'shared':
      return `once for ${plan.uses} places, number ${plan.id + 1}`
  }
}

const READS = { values: '', times: 'times of ', startTimes: 'start times of ' }

function describeSamples(samples: Samples): string {
  if (samples.kind === 'selected') return describeSelection(samples.selection, `[${formatDuration(samples.rangeMs)}]`)
  const { rangeMs, stepMs, offsetMs, at } = samples
  return `[${formatDuration(rangeMs)}:${formatDuration(stepMs)}]${describeTimes(at, offsetMs)}`
}

function describeSelection({ matchers, offsetMs, at, extended }: Selection, range: string): string {
  const name = matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.operator === '=')
  const isPlain = name !== undefined && isLegacyLabelName(name.value)
  const others = matchers
    .filter((matcher) => !isPlain || matcher !== name)
    .map(String)
    .sort(compareStrings)
  const braces = others.length === 0 ? '' : `{${others.join(',')}}`
  return `${isPlain ? name.value : ''}${braces}${range}${describeTimes(at, offsetMs)}${extended === undefined ? '' : ` ${extended}`}`
}

function describeTimes(at: number | undefined, offsetMs: number): string {
  const fixed = at === undefined ? '' : ` @ ${formatFloat(at / 1000)}`
  return offsetMs === 0 ? fixed : `${fixed} offset ${formatDuration(offsetMs)}`
}
