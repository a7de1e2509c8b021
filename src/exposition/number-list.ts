const NONE = new Float64Array(0)

/** Numbers in a row, used again and again: `length = 0` on a plain array gives its memory back each time, and costs more than filling it. */
export class NumberList {
  values: Float64Array = NONE
  length = 0

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(Math.max(16, this.length * 2))
      grown.set(this.values)
      this.values = grown
    }
    this.values[this.length++] = value
  }

  at(index: number): number {
    return this.values[index]
  }

  set(index: number, value: number): void {
    this.values[index] = value
  }

  clear(): void {
    this.length = 0
  }

  /** The numbers, good until the list changes. */
  get used(): Float64Array {
    return this.values.subarray(0, this.length)
  }
}
