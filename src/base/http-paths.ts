import { assert } from './assert.ts'

/** What a path leads to, with the parts of it that its pattern names; `*`: the rest. */
export interface FoundPath<T> {
  readonly value: T
  readonly params: Readonly<Record<string, string>>
}

interface Node<T> {
  readonly named: Map<string, Node<T>>
  any: Node<T> | undefined
  leaf: Leaf<T> | undefined
  rest: Leaf<T> | undefined
}

interface Leaf<T> {
  readonly value: T
  readonly names: readonly string[]
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

/** Patterns of paths. A part may be `:name`, which takes any one part, be it empty; the last `*`, which takes the rest. */
export class PathTree<T> {
  readonly #root: Node<T> = newNode()
  /** Those without names, by their path. */
  readonly #plain = new Map<string, FoundPath<T>>()

  add(pattern: string, value: T): void {
    const names: string[] = []
    let node = this.#root
    for (const part of pattern.split('/').slice(1)) {
      if (part === '*') {
        assert(node.rest === undefined, `${pattern} is added once`)
        node.rest = { value, names: [...names, '*'] }
        return
      }
      if (part.startsWith(':')) {
        names.push(part.slice(1))
        node = node.any ??= newNode()
      } else {
        const next = node.named.get(part) ?? newNode<T>()
        node.named.set(part, next)
        node = next
      }
    }
    assert(node.leaf === undefined, `${pattern} is added once`)
    node.leaf = { value, names }
    if (names.length === 0) this.#plain.set(pattern, { value, params: NO_PARAMS })
  }

  /** Names before `:name` before `*`. `path` as it was sent, without a query. Throws a URIError where it is not well escaped. */
  find(path: string): FoundPath<T> | undefined {
    const plain = this.#plain.get(path)
    if (plain !== undefined) return plain
    const parts = path.split('/')
    if (parts[0] !== '') return undefined
    const decoded = path.includes('%') ? parts.map(decodeURIComponent) : parts
    return find(this.#root, decoded, 1, [])
  }
}

function newNode<T>(): Node<T> {
  return { named: new Map(), any: undefined, leaf: undefined, rest: undefined }
}

function find<T>(node: Node<T>, parts: readonly string[], at: number, taken: readonly string[]): FoundPath<T> | undefined {
  if (at === parts.length) return node.leaf && found(node.leaf, taken)
  const named = node.named.get(parts[at])
  const inNamed = named && find(named, parts, at + 1, taken)
  if (inNamed !== undefined) return inNamed
  const inAny = node.any && find(node.any, parts, at + 1, [...taken, parts[at]])
  if (inAny !== undefined) return inAny
  return node.rest && found(node.rest, [...taken, parts.slice(at).join('/')])
}

function found<T>({ value, names }: Leaf<T>, taken: readonly string[]): FoundPath<T> {
  const params: Record<string, string> = Object.create(null)
  names.forEach((name, index) => {
    params[name] = taken[index]
  })
  return { value, params }
}
