interface Item {
  readonly bytes: Uint8Array
  /** A later item with the same name takes its place. */
  readonly name: string | undefined
  readonly onFinished: (() => void) | undefined
  readonly order: number
}

export interface BroadcastQueueOptions {
  /** An item is sent in so many rounds, times the decimal order of the count of members. */
  readonly retransmitMult: number
  readonly memberCount: () => number
}

export interface RoundOptions {
  readonly overheadBytes: number
  readonly bytesMax: number
  readonly partsMax: number
}

/** What is to be told to everybody: each item goes out in a limited number of rounds, the less sent before first, of those the larger. */
export class BroadcastQueue {
  readonly #options: BroadcastQueueOptions
  /** By how often they were sent; each the longest first, of the same length the newest. */
  #tiers: Item[][] = []
  readonly #byName = new Map<string, { item: Item; tier: number }>()
  #order = 0
  #size = 0

  constructor(options: BroadcastQueueOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  add(bytes: Uint8Array, name?: string, onFinished?: () => void): void {
    const before = name === undefined ? undefined : this.#byName.get(name)
    if (before !== undefined) {
      this.#remove(before.item, before.tier)
      before.item.onFinished?.()
    }
    this.#insert({ bytes, name, onFinished, order: this.#order++ }, 0)
  }

  /**
   * What is sent next, as parts of up to `bytesMax` with `overheadBytes` for each item, each item once: a round, in which all parts go to the
   * same members. Once that has happened often enough an item is done.
   */
  takeRound({ overheadBytes, bytesMax, partsMax }: RoundOptions): Uint8Array[][] {
    const transmitsMax = this.#options.retransmitMult * Math.ceil(Math.log10(this.#options.memberCount() + 1))
    const taken: [item: Item, transmits: number][] = []
    const parts: Uint8Array[][] = []
    while (parts.length < partsMax) {
      const part = this.#takePart(overheadBytes, bytesMax, taken)
      if (part.length === 0) break
      parts.push(part)
    }
    for (const [item, transmits] of taken) {
      if (transmits >= transmitsMax) item.onFinished?.()
      else this.#insert(item, transmits)
    }
    return parts
  }

  /** What fits besides something else that is sent to one member. It counts for nothing. */
  peek(overheadBytes: number, bytesMax: number): Uint8Array[] {
    const taken: [item: Item, transmits: number][] = []
    const part = this.#takePart(overheadBytes, bytesMax, taken)
    for (const [item, transmits] of taken) this.#insert(item, transmits - 1)
    return part
  }

  /** Drops what was sent most, until `sizeMax` are left; how many were dropped. */
  prune(sizeMax: number): number {
    let dropped = 0
    for (let tier = this.#tiers.length - 1; tier >= 0; tier--) {
      const items = this.#tiers[tier]
      while (this.#size > sizeMax && items.length > 0) {
        const item = items[items.length - 1]
        this.#remove(item, tier)
        item.onFinished?.()
        dropped++
      }
    }
    return dropped
  }

  #takePart(overheadBytes: number, bytesMax: number, taken: [item: Item, transmits: number][]): Uint8Array[] {
    const part: Uint8Array[] = []
    let room = bytesMax
    for (let tier = 0; tier < this.#tiers.length; tier++) {
      for (;;) {
        const item = this.#longestThatFits(tier, room - overheadBytes)
        if (item === undefined) break
        room -= overheadBytes + item.bytes.length
        part.push(item.bytes)
        this.#remove(item, tier)
        taken.push([item, tier + 1])
      }
    }
    return part
  }

  #longestThatFits(tier: number, room: number): Item | undefined {
    const items = this.#tiers[tier]
    return items[firstWhere(items, (item) => item.bytes.length <= room)]
  }

  #insert(item: Item, tier: number): void {
    while (this.#tiers.length <= tier) this.#tiers.push([])
    const items = this.#tiers[tier]
    items.splice(
      firstWhere(items, (other) => !comesBefore(other, item)),
      0,
      item,
    )
    if (item.name !== undefined) this.#byName.set(item.name, { item, tier })
    this.#size++
  }

  #remove(item: Item, tier: number): void {
    const items = this.#tiers[tier]
    items.splice(
      firstWhere(items, (other) => !comesBefore(other, item)),
      1,
    )
    if (item.name !== undefined) this.#byName.delete(item.name)
    this.#size--
  }
}

function comesBefore(a: Item, b: Item): boolean {
  return a.bytes.length === b.bytes.length ? a.order > b.order : a.bytes.length > b.bytes.length
}

/** The first index for which it is so, as it is for all after; the length where it is for none. */
function firstWhere(items: readonly Item[], is: (item: Item) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (is(items[middle])) high = middle
    else low = middle + 1
  }
  return low
}
