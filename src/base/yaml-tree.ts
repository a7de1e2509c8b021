import type { Alias, Node, Pair, Scalar } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'

/** A scalar as it stands in the file. What it means is decided by the field it is bound to: `017` is a fine text and the number 15. */
export class YamlScalar {
  /** The source text of a plain scalar, the content of a quoted or block one. */
  readonly text: string
  /** Neither quoted nor a block: may stand for a number or a boolean. */
  readonly plain: boolean

  constructor(text: string, plain: boolean) {
    this.text = text
    this.plain = plain
  }
}

/** `undefined` stands for null, which sets nothing, as upstream. Mappings have no prototype. */
export type YamlValue = YamlScalar | readonly YamlValue[] | { readonly [field: string]: YamlValue } | undefined

export type YamlPath = readonly (string | number)[]

/** From 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface YamlProblem extends Position {
  readonly message: string
}

export interface YamlTree {
  readonly root: YamlValue
  readonly problems: readonly YamlProblem[]
  /** False when the text is no YAML, so that the values are guesses. */
  readonly wellFormed: boolean
  /** Documents after the first, which nobody reads. */
  readonly extraDocuments: readonly Position[]
  /** Where a value stands; where it is empty or missing, the nearest field that holds it. */
  valuePosition(path: YamlPath): Position
  /** Where the field's name (or the list item) stands. */
  fieldPosition(path: YamlPath): Position
}

/** Aliases may repeat what they stand for, so that a small file could become huge. */
const NODES_MAX = 2_000_000

/** Parses YAML (and so JSON) into values with positions. Never throws: problems are listed. Merge keys (`<<`) are resolved. */
export function parseYamlTree(text: string): YamlTree {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const problems: YamlProblem[] = []
  const positions = new WeakMap<object, Map<string | number, { field: number; value: number }>>()
  const list = Array.isArray(documents) ? documents : []
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problem = (offset: number, message: string) => problems.push({ ...at(offset), message })

  const [first] = list
  for (const error of first?.errors ?? []) problem(error.pos[0], plainMessage(error.message))
  let nodesLeft = NODES_MAX
  const resolving = new Set<Node>()

  const convert = (node: Node | null | undefined): YamlValue => {
    if (node === null || node === undefined) return undefined
    if (nodesLeft-- <= 0) {
      if (nodesLeft === -1) problem(offsetOf(node), `more than ${NODES_MAX} values, aliases counted`)
      return undefined
    }
    if (isAlias(node)) return convert(target(node))
    if (isScalar(node)) return scalarValue(node)
    if (resolving.has(node)) {
      problem(offsetOf(node), 'an alias stands inside of what it stands for')
      return undefined
    }
    resolving.add(node)
    const value = isMap(node)
      ? convertMap(node.items as Pair<Node, Node | null>[])
      : isSeq(node)
        ? convertList(node.items as Node[])
        : undefined
    resolving.delete(node)
    return value
  }
  const target = (alias: Alias): Node | undefined => {
    const node = first && alias.resolve(first)
    if (node === undefined) problem(offsetOf(alias), `unknown anchor "${alias.source}"`)
    return node
  }
  const convertList = (items: readonly Node[]): YamlValue => {
    const out: YamlValue[] = []
    const places = new Map<string | number, { field: number; value: number }>()
    for (const [index, item] of items.entries()) {
      places.set(index, { field: offsetOf(item), value: offsetOf(item) })
      out.push(convert(item))
    }
    positions.set(out, places)
    return out
  }
  const convertMap = (items: readonly Pair<Node, Node | null>[]): YamlValue => {
    const out: Record<string, YamlValue> = Object.create(null)
    const places = new Map<string | number, { field: number; value: number }>()
    const merges: Node[] = []
    for (const { key, value } of items) {
      if (!isScalar(key)) {
        problem(offsetOf(key), 'a field name must be a plain text')
        continue
      }
      const name = String(key.value ?? '')
      if (name === '<<' && key.type === 'PLAIN') {
        if (value !== null) merges.push(value)
        continue
      }
      const earlier = places.get(name)
      if (earlier !== undefined) {
        problem(offsetOf(key), `field ${name} is given twice, first on line ${at(earlier.field).line}`)
        continue
      }
      places.set(name, { field: offsetOf(key), value: value === null || isEmpty(value) ? offsetOf(key) : offsetOf(value) })
      out[name] = convert(value)
    }
    for (const merge of merges) mergeInto(out, places, merge)
    positions.set(out, places)
    return out
  }
  const mergeInto = (out: Record<string, YamlValue>, places: Map<string | number, { field: number; value: number }>, node: Node): void => {
    const source = isAlias(node) ? target(node) : node
    if (isSeq(source)) {
      for (const item of source.items as Node[]) mergeInto(out, places, item)
      return
    }
    if (source === undefined) return
    const value = isMap(source) ? convert(source) : undefined
    if (value === undefined) {
      problem(offsetOf(node), 'a merge key (<<) needs a mapping or a list of mappings')
      return
    }
    const from = positions.get(value)!
    for (const [name, merged] of Object.entries(value)) {
      if (places.has(name)) continue
      places.set(name, from.get(name)!)
      out[name] = merged
    }
  }

  const root = convert(first?.contents as Node | null | undefined)
  const start = offsetOf(first?.contents as Node | null | undefined)
  const place = (path: YamlPath): { field: number; value: number } => {
    let current: YamlValue = root
    let found = { field: start, value: start }
    for (const key of path) {
      const next = typeof current === 'object' ? positions.get(current)?.get(key) : undefined
      if (next === undefined) break
      found = next
      current = (current as Record<string | number, YamlValue>)[key]
    }
    return found
  }
  return {
    root,
    problems,
    wellFormed: (first?.errors.length ?? 0) === 0,
    extraDocuments: list.slice(1).map((document) => at(document.range[0])),
    valuePosition: (path) => at(place(path).value),
    fieldPosition: (path) => at(place(path).field),
  }
}

function scalarValue(node: Scalar): YamlValue {
  const text = String(node.value ?? '')
  const plain = node.type === 'PLAIN' && node.tag === undefined
  return plain && isNull(text) ? undefined : new YamlScalar(text, plain)
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.type === 'PLAIN' && node.value === ''
}

function isNull(text: string): boolean {
  return text === '' || text === '~' || text === 'null' || text === 'Null' || text === 'NULL'
}

function offsetOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0
}

/** The parser's messages, in the style of ours. */
function plainMessage(message: string): string {
  const [line] = message.split('\n')
  return line.charAt(0).toLowerCase() + line.slice(1).replace(/\.$/, '')
}
