import { computeScalar } from '../functions/arithmetic.ts'
import type { Plan } from './plan.ts'
import { rewrite } from './rewrite.ts'

/** Computes what holds numbers only: `2 * 60` is `120`, `-(3)` is `-3`. */
export function foldConstants(plan: Plan): Plan {
  return rewrite(plan, (node) => {
    if (node.kind === 'negate' && node.input.kind === 'number') {
      return { kind: 'number', value: -node.input.value, range: node.range }
    }
    if (node.kind === 'binary' && node.left.kind === 'number' && node.right.kind === 'number') {
      return { kind: 'number', value: computeScalar(node.operator, node.left.value, node.right.value), range: node.range }
    }
    if (node.kind === 'call' && node.func === 'pi') return { kind: 'number', value: Math.PI, range: node.range }
    return node
  })
}
