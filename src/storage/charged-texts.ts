import type { QueryBudget } from './series-source.ts'

/** A place in the set, one in the sorted list that is made of it, and the object of the text. */
const BYTES_PER_TEXT = 64

/** Texts, each once, that a budget is charged for; they stay charged. */
export class ChargedTexts extends Set<string> {
  readonly #budget: QueryBudget

  constructor(budget: QueryBudget) {
    super()
    this.#budget = budget
  }

  override add(text: string): this {
    if (!this.has(text)) {
      this.#budget.chargeBytes(BYTES_PER_TEXT + text.length)
      super.add(text)
    }
    return this
  }
}
