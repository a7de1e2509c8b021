import type { Matcher } from '../../model/matcher.ts'
import { printMatching } from '../parser/print.ts'
import type { Plan, Samples, Selection, SharedPlan } from './plan.ts'
import { inputsOf, mapInputs } from './rewrite.ts'

// Sharing is within a scope: plans that are evaluated at the same steps. The input of a subquery is a scope of its own,
// and so is what is evaluated once because it is invariant.
// What says something about its place in the query (an annotation) says it of each.

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
    if (known !== undefined) return { ...known, range: plan.range }
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

/** The same for plans that answer the same and are written alike; undefined for what is not worth sharing. */
function vectorKey(plan: Plan): string | undefined {
  if (plan.kind !== 'select' && plan.kind !== 'window' && plan.kind !== 'aggregate') return undefined
  return isToldForMany(plan) ? undefined : `${keyOf(plan)} ${placesOf(plan, plan.range.start)}`
}

/** Whether a plan may have what is told once for many samples: that cannot be told again of another place. */
function isToldForMany(plan: Plan): boolean {
  if (plan.kind === 'call' && /^histogram_quantile/.test(plan.func)) return true
  return inputsOf(plan).some(isToldForMany)
}

/** Where all of a plan stands, against its beginning: annotations of one place then are those of another, moved. */
function placesOf(plan: Plan, origin: number): string {
  const samples = plan.kind === 'window' || plan.kind === 'matrix' ? plan.samples.range.start - origin : ''
  return `${plan.range.start - origin}${samples}(${inputsOf(plan).map((input) => placesOf(input, origin))})`
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
    case 'split':
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
