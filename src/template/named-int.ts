import { type Callable, GoObject } from './value.ts'

/** A whole number with a name of its own: %d prints the number, %v its text. */
export class GoNamedInt extends GoObject {
  readonly value: bigint
  readonly typeName: string
  readonly #text: string

  constructor(typeName: string, value: bigint, text: string) {
    super()
    this.typeName = typeName
    this.value = value
    this.#text = text
  }

  isTrue(): boolean {
    return this.value !== 0n
  }

  format(): string {
    return this.#text
  }

  override method(name: string): Callable | undefined {
    return name === 'String' ? { params: [], call: () => this.#text } : undefined
  }
}
