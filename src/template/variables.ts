import type { Value } from './value.ts'

interface Variable {
  readonly name: string
  value: Value
}

/** The variables that an executing template sees: those of inner blocks behind those of outer ones, `$` before all. */
export class Variables {
  readonly #stack: Variable[]

  constructor(data: Value) {
    this.#stack = [{ name: '$', value: data }]
  }

  get count(): number {
    return this.#stack.length
  }

  /** The innermost of the name. */
  find(name: string): Variable | undefined {
    return this.#stack.findLast((candidate) => candidate.name === name)
  }

  push(name: string, value: Value): void {
    this.#stack.push({ name, value })
  }

  /** Forgets those that came when there were so many. */
  cut(count: number): void {
    this.#stack.length = count
  }

  /** Sets the nth from the top. */
  setTop(fromTop: number, value: Value): void {
    ;(this.#stack[this.#stack.length - fromTop] as Variable).value = value
  }
}
