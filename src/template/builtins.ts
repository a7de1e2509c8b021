import { escapeQuery } from '../base/url-escape.ts'
import { GoNamedInt } from './named-int.ts'
import { sprint, sprintf, sprintln } from './sprintf.ts'
import {
  type Callable,
  compareBytes,
  type FunctionTable,
  GoList,
  GoMap,
  GoSafeText,
  isTrue,
  type Kind,
  typeNameOf,
  type Value,
} from './value.ts'

// The functions that every Go template has. Source: Go text/template, "Functions"; funcs.go. `and` and `or` are in the
// interpreter, which evaluates their arguments one by one.

const any = (call: Callable['call'], params: readonly Kind[], rest?: Kind): Callable => ({ params, call, rest })

export const BUILTINS: FunctionTable = new Map<string, Callable>([
  ['and', any((args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1), ['any'], 'any')],
  ['or', any((args) => args.find(isTrue) ?? args.at(-1), ['any'], 'any')],
  ['not', any(([arg]) => !isTrue(arg), ['any'])],
  ['len', any(([arg]) => lengthOf(arg), ['any'])],
  ['index', any(([item, ...indexes]) => index(item, indexes), ['any'], 'any')],
  ['slice', any(([item, ...indexes]) => slice(item, indexes), ['any'], 'any')],
  ['print', any((args) => sprint(args), [], 'any')],
  ['printf', any(([format, ...args]) => sprintf(format as string, args), ['string'], 'any')],
  ['println', any((args) => sprintln(args), [], 'any')],
  ['html', any((args) => escapeHtml(textOf(args)), [], 'any')],
  ['js', any((args) => escapeJs(textOf(args)), [], 'any')],
  ['urlquery', any((args) => escapeQuery(textOf(args)), [], 'any')],
  ['eq', any(([first, ...others]) => equalsOne(first, others), ['any'], 'any')],
  ['ne', any(([a, b]) => !equals(a, b), ['any', 'any'])],
  ['lt', any(([a, b]) => less(a, b), ['any', 'any'])],
  ['le', any(([a, b]) => less(a, b) || equals(a, b), ['any', 'any'])],
  ['gt', any(([a, b]) => !(less(a, b) || equals(a, b)), ['any', 'any'])],
  ['ge', any(([a, b]) => !less(a, b), ['any', 'any'])],
])

function lengthOf(counted: Value): bigint {
  const value = unmarked(counted)
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (value instanceof GoList) return BigInt(value.items.length)
  if (value instanceof GoMap) return BigInt(value.entries.size)
  if (value === null || value === undefined) throw new Error('len of nil pointer')
  throw new Error(`len of type ${typeNameOf(value)}`)
}

function index(item: Value, indexes: readonly Value[]): Value {
  if (item === null || item === undefined) throw new Error('index of untyped nil')
  let at: Value = unmarked(item)
  for (const key of indexes) {
    if (at === null || at === undefined) throw new Error('index of nil pointer')
    if (at instanceof GoMap) {
      if (typeof key !== 'string')
        throw new Error(
          key === null || key === undefined
            ? 'value is nil; should be of type string'
            : `value has type ${typeNameOf(key)}; should be string`,
        )
      at = at.entries.has(key) ? at.entries.get(key) : at.zero
    } else if (at instanceof GoList) at = at.items[position(key, at.items.length - 1)]
    else if (typeof at === 'string') {
      const bytes = Buffer.from(at)
      at = BigInt(bytes[position(key, bytes.length - 1)] ?? 0)
    } else throw new Error(`can't index item of type ${typeNameOf(at)}`)
  }
  return at
}

/** A whole number from 0 to `max`. */
function position(key: Value, max: number): number {
  if (typeof key !== 'bigint') {
    throw new Error(
      key === null || key === undefined ? 'cannot index slice/array with nil' : `cannot index slice/array with type ${typeNameOf(key)}`,
    )
  }
  if (key < 0n || key > BigInt(max)) throw new Error(`index out of range: ${key}`)
  return Number(key)
}

function slice(sliced: Value, indexes: readonly Value[]): Value {
  const item = unmarked(sliced)
  if (item === null || item === undefined) throw new Error('slice of untyped nil')
  if (indexes.length > 3) throw new Error(`too many slice indexes: ${indexes.length}`)
  if (typeof item !== 'string' && !(item instanceof GoList)) throw new Error(`can't slice item of type ${typeNameOf(item)}`)
  if (typeof item === 'string' && indexes.length === 3) throw new Error('cannot 3-index slice a string')
  const bytes = typeof item === 'string' ? Buffer.from(item) : null
  const length = bytes?.length ?? (item as GoList).items.length
  const at = indexes.map((key) => position(key, length))
  const [from = 0, to = length, capacity = length] = at
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`)
  if (to > capacity) throw new Error(`invalid slice index: ${to} > ${capacity}`)
  if (bytes !== null) return bytes.subarray(from, to).toString()
  const list = item as GoList
  return new GoList(list.items.slice(from, to), list.typeName)
}

/** What html, js and urlquery escape: one text as it is, else all as print prints it. */
function textOf(args: readonly Value[]): string {
  const first = unmarked(args[0])
  return args.length === 1 && typeof first === 'string' ? first : sprint(args)
}

const HTML: Readonly<Record<string, string>> = { '\0': '\ufffd', '"': '&#34;', "'": '&#39;', '&': '&amp;', '<': '&lt;', '>': '&gt;' }

export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (char) => HTML[char] as string)
}

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\p{C}\p{Zl}\p{Zp}]/gu, (char) => {
    const known = JS[char]
    if (known !== undefined) return known
    return [...char].map((unit) => `\\u${(unit.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`).join('')
  })
}

const unmarked = (value: Value): Value => (value instanceof GoSafeText ? value.text : value)
const plain = (value: Value): Value => (value instanceof GoNamedInt ? value.value : unmarked(value))

function basicKind(value: Value): 'bool' | 'int' | 'float' | 'string' | undefined {
  if (value instanceof GoNamedInt) return 'int'
  switch (typeof unmarked(value)) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float'
    case 'string':
      return 'string'
    default:
      return undefined
  }
}

function equalsOne(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison')
  return others.some((other) => equals(first, other))
}

function equals(a: Value, b: Value): boolean {
  const isNil = (value: Value) => value === null || value === undefined
  const kindA = basicKind(a)
  const kindB = basicKind(b)
  if (kindA !== kindB) {
    if (isNil(a) || isNil(b)) return false
    throw new Error(`incompatible types for comparison: ${typeNameOf(a)} and ${typeNameOf(b)}`)
  }
  if (kindA !== undefined) return plain(a) === plain(b)
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b)
  if (a instanceof GoList || a instanceof GoMap) throw new Error(`non-comparable type ${a.print(false)}: ${a.typeName}`)
  if (b instanceof GoList || b instanceof GoMap) throw new Error(`non-comparable type ${b.print(false)}: ${b.typeName}`)
  return a === b
}

function less(a: Value, b: Value): boolean {
  const kindA = basicKind(a)
  const kindB = basicKind(b)
  if (kindA === undefined || kindB === undefined) throw new Error('invalid type for comparison')
  if (kindA !== kindB) throw new Error(`incompatible types for comparison: ${typeNameOf(a)} and ${typeNameOf(b)}`)
  if (kindA === 'bool') throw new Error('invalid type for comparison')
  if (kindA === 'string') return compareBytes(plain(a) as string, plain(b) as string) < 0
  return (plain(a) as number) < (plain(b) as number)
}
