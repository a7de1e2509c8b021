import { Matcher } from '../../model/matcher.ts'
import type { Plan, Selection } from './plan.ts'
import { rewrite } from './rewrite.ts'

/** Leaves out matchers that say nothing new, and turns a regular expression that is plain text into an equality. */
export function mergeMatchers(plan: Plan): Plan {
  return rewrite(plan, (node) => {
    if (node.kind === 'select') return { ...node, selection: simplify(node.selection) }
    if ((node.kind === 'window' || node.kind === 'matrix') && node.samples.kind === 'selected') {
      return { ...node, samples: { ...node.samples, selection: simplify(node.samples.selection) } }
    }
    return node
  })
}

function simplify(selection: Selection): Selection {
  const kept = new Map<string, Matcher>()
  for (const matcher of selection.matchers) {
    const simple = asEquality(matcher)
    kept.set(`${simple.operator} ${simple.name} ${simple.value}`, simple)
  }
  const matchers = [...kept.values()]
  // The last one stays: a source may want one to start from.
  const telling = matchers.filter((matcher) => !matchesAll(matcher))
  return { ...selection, matchers: telling.length > 0 ? telling : matchers.slice(0, 1) }
}

const SPECIAL = /[\\.+*?()|[\]{}^$]/

function asEquality(matcher: Matcher): Matcher {
  if (matcher.operator === '=~' && !SPECIAL.test(matcher.value)) return new Matcher('=', matcher.name, matcher.value)
  if (matcher.operator === '!~' && !SPECIAL.test(matcher.value)) return new Matcher('!=', matcher.name, matcher.value)
  return matcher
}

function matchesAll(matcher: Matcher): boolean {
  return matcher.operator === '=~' && (matcher.value === '.*' || matcher.value === '(.*)')
}
