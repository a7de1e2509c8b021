import type { Node, Pair } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml'
import type { YamlValue } from './yaml-tree.ts'
import { YamlScalar } from './yaml-tree.ts'

// YAML as plain data, where nobody says what its scalars are to be: as the library that upstream reads it with has it (YAML 1.1).
// Source: go-yaml 2, resolve.go.

/** Numbers that are whole are bigint; a mapping is a Map of its names that are texts. */
export type Plain = null | boolean | bigint | number | string | readonly Plain[] | ReadonlyMap<string, Plain>

/** Aliases may repeat what they stand for, so that a small text could become huge. */
const NODES_MAX = 200_000

/** Who walks through it does so by recursion. Upstream's library has a limit too. */
const DEPTH_MAX = 1000

/** The first document of a text; undefined: it is no YAML, or has more values, or deeper ones, than anybody means. */
export function parseYamlPlain(text: string): Plain | undefined {
  try {
    const easy = plainLine(text) ?? jsonPlain(text)
    return easy === undefined ? parseWhole(text) : easy
  } catch (error) {
    // The parsers themselves run out of stack where it is very deep.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** One line that can be nothing but a plain scalar: names, numbers and times are, and most of the texts that are read. */
function plainLine(text: string): Plain | undefined {
  if (!/^[A-Za-z\d][\x20-\x7e]*$/.test(text) || /#|:(?:\s|$)/.test(text)) return undefined
  return scalarOf(text.trimEnd(), true)
}

/** JSON is YAML: what templates write as such may have megabytes. */
function jsonPlain(text: string): Plain | undefined {
  if (!/^[{[]/.test(text)) return undefined
  try {
    return ofJson(JSON.parse(text, sourced), 0)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A number is what its text is: it may have more digits than fit. */
class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function sourced(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? new JsonNumber(context.source) : value
}

function ofJson(value: unknown, depth: number): Plain {
  if (value instanceof JsonNumber) return scalarOf(value.text, true)
  checkDepth(depth)
  if (Array.isArray(value)) return value.map((item) => ofJson(item, depth + 1))
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([name, item]) => [name, ofJson(item, depth + 1)]))
  return value as null | boolean | string
}

function checkDepth(depth: number): void {
  if (depth > DEPTH_MAX) throw new RangeError(`deeper than ${DEPTH_MAX} values`)
}

function parseWhole(text: string): Plain | undefined {
  let left = NODES_MAX
  const convert = (node: Node | null | undefined, depth: number): Plain => {
    checkDepth(depth)
    if (left-- <= 0) throw new RangeError(`more than ${NODES_MAX} values`)
    if (node === null || node === undefined) return null
    if (isAlias(node)) {
      const target = node.resolve(first)
      if (target === undefined) throw new RangeError(`unknown anchor ${node.source}`)
      return convert(target, depth)
    }
    if (isScalar(node)) return scalarOf(String(node.value ?? ''), node.type === 'PLAIN' && node.tag === undefined)
    if (isSeq(node)) return (node.items as Node[]).map((item) => convert(item, depth + 1))
    const out = new Map<string, Plain>()
    for (const { key, value } of isMap(node) ? (node.items as Pair<Node, Node | null>[]) : []) {
      const name = convert(key, depth + 1)
      if (typeof name === 'string') out.set(name, convert(value, depth + 1))
    }
    return out
  }
  const [first] = [parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })].flat()
  if (first === undefined) return null
  const { contents, errors } = first
  // What follows a list or mapping in brackets is not read.
  const close = (isMap(contents) || isSeq(contents)) && contents.flow ? contents.range?.[1] : undefined
  const end = close !== undefined && /[\]}]/.test(text[close - 1] ?? '') ? close : Infinity
  if (errors.some(({ pos }) => pos[0] < end)) return undefined
  return convert(contents as Node | null, 0)
}

/** What was read by `parseYamlTree`. */
export function plainOf(value: YamlValue): Plain {
  if (value === undefined) return null
  if (value instanceof YamlScalar) return scalarOf(value.text, value.plain)
  if (Array.isArray(value)) return (value as readonly YamlValue[]).map(plainOf)
  return new Map(Object.entries(value).map(([name, item]) => [name, plainOf(item)]))
}

const NAMED = new Map<string, Plain>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((text) => [text, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((text) => [text, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, Number.NEGATIVE_INFINITY] as const),
])

const INT64_MIN = -(2n ** 63n)
const UINT64_MAX = 2n ** 64n - 1n

function scalarOf(text: string, plain: boolean): Plain {
  if (!plain) return text
  const named = NAMED.get(text)
  if (named !== undefined) return named
  if (!/^[-+.\d]/.test(text)) return text
  const digits = text.replaceAll('_', '')
  const whole = /^([-+]?)(?:0o?([0-7]+)|(0[xX][\da-fA-F]+|0[bB][01]+|0|[1-9]\d*))$/.exec(digits)
  if (whole !== null) {
    const magnitude = BigInt(whole[2] === undefined ? whole[3]! : `0o${whole[2]}`)
    const value = whole[1] === '-' ? -magnitude : magnitude
    if (value >= INT64_MIN && value <= UINT64_MAX) return value
  }
  if (!/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(digits)) return text
  const number = Number(digits)
  // What is too large for a number is a text: fingerprints of alerts are of such digits.
  return Number.isFinite(number) ? number : text
}
