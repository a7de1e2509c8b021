import { CodedError } from '../../base/errors.ts'
import type { BinaryOperator } from '../parser/ast.ts'

/** Comparisons, set operators and trimming leave a series what it is; arithmetic makes something else of it, without a name. */
export function keepsSchema(operator: BinaryOperator): boolean {
  return isComparison(operator) || isSetOperator(operator) || isTrim(operator)
}

/** Cuts off one end of native histograms; means nothing for floats. */
export function isTrim(operator: BinaryOperator): boolean {
  return operator === '</' || operator === '>/'
}

export function isComparison(operator: BinaryOperator): boolean {
  return operator === '==' || operator === '!=' || operator === '<' || operator === '>' || operator === '<=' || operator === '>='
}

export function isSetOperator(operator: BinaryOperator): boolean {
  return operator === 'and' || operator === 'or' || operator === 'unless'
}

export function compare(operator: BinaryOperator, a: number, b: number): boolean {
  switch (operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '>':
      return a > b
    case '<=':
      return a <= b
    case '>=':
      return a >= b
    default:
      throw new Error(`${operator} is not a comparison`)
  }
}

/** Go's math.Pow: 1 to the power of anything is 1, -1 to the power of an infinity too. */
export function power(a: number, b: number): number {
  if (a === 1) return 1
  if (a === -1 && (b === Infinity || b === -Infinity)) return 1
  return a ** b
}

/** Both operands scalar; a comparison answers 1 or 0. */
export function computeScalar(operator: BinaryOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      return power(a, b)
    case 'atan2':
      return Math.atan2(a, b)
    case '</':
    case '>/':
      throw new CodedError('execution', `operator "${operator}" not allowed for Scalar operations`)
    default:
      return compare(operator, a, b) ? 1 : 0
  }
}

/**
 * Whole columns: `out[k] = a[k] operator b[k]` for an arithmetic operator. `out` may be one of the operands.
 * Hot: one loop an operator, so that each is compiled for itself.
 */
export function computeColumns(operator: BinaryOperator, a: Float64Array, b: Float64Array, out: Float64Array): void {
  const length = out.length
  switch (operator) {
    case '+':
      for (let k = 0; k < length; k++) out[k] = a[k] + b[k]
      return
    case '-':
      for (let k = 0; k < length; k++) out[k] = a[k] - b[k]
      return
    case '*':
      for (let k = 0; k < length; k++) out[k] = a[k] * b[k]
      return
    case '/':
      for (let k = 0; k < length; k++) out[k] = a[k] / b[k]
      return
    case '%':
      for (let k = 0; k < length; k++) out[k] = a[k] % b[k]
      return
    case '^':
      for (let k = 0; k < length; k++) out[k] = power(a[k], b[k])
      return
    case 'atan2':
      for (let k = 0; k < length; k++) out[k] = Math.atan2(a[k], b[k])
      return
    default:
      throw new Error(`${operator} is not arithmetic`)
  }
}

/**
 * Whole columns: keeps of `present` the steps at which `a[k] operator b[k]` holds. Hot, as `computeColumns`.
 */
export function compareColumns(operator: BinaryOperator, a: Float64Array, b: Float64Array, present: Uint8Array): void {
  const length = present.length
  switch (operator) {
    case '==':
      for (let k = 0; k < length; k++) if (a[k] !== b[k]) present[k] = 0
      return
    case '!=':
      for (let k = 0; k < length; k++) if (a[k] === b[k]) present[k] = 0
      return
    case '<':
      for (let k = 0; k < length; k++) if (!(a[k] < b[k])) present[k] = 0
      return
    case '>':
      for (let k = 0; k < length; k++) if (!(a[k] > b[k])) present[k] = 0
      return
    case '<=':
      for (let k = 0; k < length; k++) if (!(a[k] <= b[k])) present[k] = 0
      return
    case '>=':
      for (let k = 0; k < length; k++) if (!(a[k] >= b[k])) present[k] = 0
      return
    default:
      throw new Error(`${operator} is not a comparison`)
  }
}
