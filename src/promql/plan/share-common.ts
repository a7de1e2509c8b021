import { METRIC_NAME } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import { printMatching } from '../parser/print.ts'
import type { Plan, Samples, Selection, SharedPlan } from './plan.ts'
import { inputsOf, mapInputs } from './rewrite.ts'

// Sharing is within a scope: plans that are evaluated at the same steps. The input of a subquery is a scope of its own,
// and so is what is evaluated once because it is invariant.
// What may say something about its place in the query (an annotation) is not shared: the other place would keep silent.

/** Evaluates once what a query says twice. */
export function shareCommon(plan: Plan): Plan {
  return new Sharing().scope(plan)
}

class Sharing {
  #nextId = 0

  /** Shares below `plan`, the root of a scope. */
  scope(plan: Plan): Plan {
    const inner = this.#innerScopes(plan)
    const counts = new Map<string, number>()
    countVectors(inner, counts)
    const ids = new Map<string, SharedPlan>()
    return this.#share(inner, counts, ids)
  }

  /** Turns to the scopes inside this one first. */
  #innerScopes(plan: Plan): Plan {
    if (plan.kind === 'invariant') return { ...plan, input: this.scope(plan.input) }
    if ((plan.kind === 'window' || plan.kind === 'matrix') && plan.samples.kind === 'subquery') {
      const samples = { ...plan.samples, input: this.scope(plan.samples.input) }
      if (plan.kind === 'matrix') return { ...plan, samples }
      return { ...plan, samples, parameters: plan.parameters.map((parameter) => this.#innerScopes(parameter)) }
    }
    return mapInputs(plan, (input) => this.#innerScopes(input))
  }

  #share(plan: Plan, counts: ReadonlyMap<string, number>, shared: Map<string, SharedPlan>): Plan {
    const key = vectorKey(plan)
    const uses = key === undefined ? 1 : (counts.get(key) ?? 1)
    const known = key === undefined ? undefined : shared.get(key)
    if (known !== undefined) return known
    const input = mapScope(plan, (below) => this.#share(below, counts, shared))
    if (key === undefined || uses < 2) return input
    const fresh: SharedPlan = { kind: 'shared', id: this.#nextId++, uses, input, range: plan.range }
    shared.set(key, fresh)
    return fresh
  }
}

/** Counts plans that could be shared; what is inside one that occurs again is counted with it alone. */
function countVectors(plan: Plan, counts: Map<string, number>): void {
  const key = vectorKey(plan)
  if (key !== undefined) {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    if (count > 1) return
  }
  mapScope(plan, (input) => {
    countVectors(input, counts)
    return input
  })
}

/** The plans directly below that are evaluated at the same steps. */
function mapScope(plan: Plan, change: (input: Plan) => Plan): Plan {
  if (plan.kind === 'invariant') return plan
  if (plan.kind === 'matrix') return plan
  if (plan.kind === 'window') return { ...plan, parameters: plan.parameters.map(change) }
  return mapInputs(plan, change)
}

/** The same for plans that answer the same, whatever their place; undefined for what is not worth sharing or may annotate. */
function vectorKey(plan: Plan): string | undefined {
  if (plan.kind !== 'select' && plan.kind !== 'window' && plan.kind !== 'aggregate') return undefined
  return mayAnnotate(plan) ? undefined : keyOf(plan)
}

function mayAnnotate(plan: Plan): boolean {
  if (plan.kind === 'window') {
    if (plan.func === 'quantile_over_time') return true
    if ((plan.func === 'rate' || plan.func === 'increase') && !isNamedCounter(plan.samples)) return true
  }
  if (plan.kind === 'aggregate' && (plan.operator === 'quantile' || plan.operator === 'limit_ratio')) return true
  if (plan.kind === 'call' && /^(histogram_|sort)/.test(plan.func)) return true
  return inputsOf(plan).some(mayAnnotate)
}

function isNamedCounter(samples: Samples): boolean {
  if (samples.kind === 'subquery') return false
  return samples.selection.matchers.some(
    ({ name, operator, value }) => name === METRIC_NAME && operator === '=' && /_(total|sum|count|bucket)$/.test(value),
  )
}

function keyOf(plan: Plan): string {
  switch (plan.kind) {
    case 'number':
      return String(plan.value)
    case 'string':
      return JSON.stringify(plan.value)
    case 'select':
      return `${plan.reads === 'values' ? '' : plan.reads}${selectionKey(plan.selection)}`
    case 'window':
      return `${plan.func}(${samplesKey(plan.samples)},${plan.parameters.map(keyOf)})`
    case 'matrix':
      return samplesKey(plan.samples)
    case 'call':
      return `${plan.func}(${plan.args.map(keyOf)})${plan.absentLabels}`
    case 'negate':
      return `-(${keyOf(plan.input)})`
    case 'binary':
      return `(${keyOf(plan.left)})${plan.operator}${plan.returnBool}${plan.matching?.cardinality}${printMatching(plan.matching)}(${keyOf(plan.right)})`
    case 'aggregate':
      return `${plan.operator} ${plan.without} ${JSON.stringify(plan.grouping)}(${plan.parameter === undefined ? '' : keyOf(plan.parameter)},${keyOf(plan.input)})`
    case 'invariant':
      return `@(${keyOf(plan.input)})`
    case 'shared':
      return keyOf(plan.input)
  }
}

function selectionKey({ matchers, offsetMs, at, extended, marksResets }: Selection): string {
  return `{${matchers.map((matcher: Matcher) => matcher.toString())}}${offsetMs}@${at}${marksResets ? 'r' : ''}${extended ?? ''}`
}

function samplesKey(samples: Samples): string {
  if (samples.kind === 'selected') return `${selectionKey(samples.selection)}[${samples.rangeMs}]`
  return `${keyOf(samples.input)}[${samples.rangeMs}:${samples.stepMs}]${samples.offsetMs}@${samples.at}`
}
