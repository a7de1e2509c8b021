import type { Breather } from '../../base/breather.ts'
import { sortNumbers } from '../../base/sort-numbers.ts'

/** Label pairs, each kept once, as two numbers of symbols; and how many series have each. Numbered as they come. */
export class PairCollector {
  count = 0
  names = new Uint32Array(1024)
  values = new Uint32Array(1024)
  seriesCounts = new Uint32Array(1024)
  /** Open addressing; number + 1, 0 for none. */
  #slots = new Uint32Array(2048)

  get heldBytes(): number {
    return 3 * this.names.byteLength + this.#slots.byteLength
  }

  name(pair: number): number {
    return this.names[pair]
  }

  value(pair: number): number {
    return this.values[pair]
  }

  /** The number of a pair that one more series has. */
  add(name: number, value: number): number {
    const slot = this.#find(name, value)
    if (this.#slots[slot] !== 0) {
      const pair = this.#slots[slot] - 1
      this.seriesCounts[pair]++
      return pair
    }
    const pair = this.count++
    if (pair === this.names.length) {
      this.names = doubled(this.names)
      this.values = doubled(this.values)
      this.seriesCounts = doubled(this.seriesCounts)
    }
    this.names[pair] = name
    this.values[pair] = value
    this.seriesCounts[pair] = 1
    this.#slots[slot] = pair + 1
    if (this.count * 2 > this.#slots.length) {
      this.#slots = new Uint32Array(2 * this.#slots.length)
      for (let i = 0; i < this.count; i++) this.#slots[this.#find(this.names[i], this.values[i])] = i + 1
    }
    return pair
  }

  /** All numbers, by the ranks of name and value. */
  async sorted(ranks: Uint32Array, breather: Breather): Promise<Uint32Array> {
    const order = new Uint32Array(this.count)
    for (let i = 0; i < order.length; i++) order[i] = i
    const { names, values } = this
    await sortNumbers(order, (a, b) => ranks[names[a]] - ranks[names[b]] || ranks[values[a]] - ranks[values[b]], breather)
    return order
  }

  #find(name: number, value: number): number {
    const mask = this.#slots.length - 1
    let hash = Math.imul(name ^ (value << 7) ^ (value >>> 11), 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 15) ^ value, 0x85ebca6b)
    let slot = (hash ^ (hash >>> 13)) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const pair = this.#slots[slot] - 1
      if (this.names[pair] === name && this.values[pair] === value) break
    }
    return slot
  }
}

function doubled(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * column.length)
  larger.set(column)
  return larger
}
