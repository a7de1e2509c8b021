// Which values a parameter takes, and what a constant becomes for it. Source: Go text/template, exec.go: validateType, evalArg.

import type { Meter } from './meter.ts'
import { type Operand, print } from './nodes.ts'
import { GoList, GoObject, type Kind, type Value } from './value.ts'

const KIND_NAMES = {
  any: 'interface {}',
  string: 'string',
  int: 'int',
  float: 'float64',
  bool: 'bool',
  list: '[]interface {}',
  strings: '[]string',
} as const

/** As errors name it. */
export const kindName = (kind: Kind): string => (typeof kind === 'string' ? KIND_NAMES[kind] : kind.type)

/** A constant by itself; `dot` where the operand is none. */
export function constant(operand: Operand, dot: Value): Value {
  switch (operand.kind) {
    case 'bool':
    case 'string':
      return operand.value
    case 'number':
      return operand.looksFloat || operand.int === null ? operand.float : operand.int
    default:
      return dot
  }
}

export function fits(value: Value, kind: Kind): boolean {
  switch (kind) {
    case 'any':
      return true
    case 'string':
      return typeof value === 'string'
    case 'int':
      return typeof value === 'bigint'
    case 'float':
      return typeof value === 'number'
    case 'bool':
      return typeof value === 'boolean'
    case 'list':
    case 'strings':
      return value === null || value === undefined || (value instanceof GoList && value.typeName === KIND_NAMES[kind])
    default:
      return value instanceof GoObject && value.typeName === kind.type
  }
}

/** A constant as a parameter of the kind takes it; ends the execution where it takes none such. */
export function constantAs(operand: Operand & { kind: 'bool' | 'number' | 'string' }, kind: Kind, meter: Pick<Meter, 'fail'>): Value {
  const expected = (what: string): never => meter.fail(`expected ${what}; found ${print(operand)}`)
  switch (kind) {
    case 'any':
      return constant(operand, null)
    case 'string':
      return operand.kind === 'string' ? operand.value : expected('string')
    case 'bool':
      return operand.kind === 'bool' ? operand.value : expected('boolean')
    case 'int':
      return operand.kind === 'number' && operand.int !== null ? operand.int : expected('integer')
    case 'float':
      return operand.kind === 'number' ? operand.float : expected('float')
    default:
      return meter.fail(`can't handle ${print(operand)} for arg of type ${kindName(kind)}`)
  }
}
