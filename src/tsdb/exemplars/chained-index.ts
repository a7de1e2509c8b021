/** A table from hashes to rows that come and go. The rows lie elsewhere: whoever asks compares. Flat: two numbers a row. */
export class ChainedIndex {
  #heads = new Int32Array(64).fill(-1)
  #next = new Int32Array(32)
  #hashes = new Uint32Array(32)
  #count = 0

  /** The first row that may have a hash, -1: none. */
  first(hash: number): number {
    return this.#heads[hash & (this.#heads.length - 1)]
  }

  /** The one after it, -1: none. */
  next(row: number): number {
    return this.#next[row]
  }

  add(hash: number, row: number): void {
    if (++this.#count > this.#heads.length / 2 || row >= this.#next.length) this.#grow(row)
    this.#hashes[row] = hash
    this.#link(row)
  }

  /** Takes out a row that was added. */
  remove(row: number): void {
    this.#count--
    const place = this.#hashes[row] & (this.#heads.length - 1)
    if (this.#heads[place] === row) {
      this.#heads[place] = this.#next[row]
      return
    }
    let before = this.#heads[place]
    while (this.#next[before] !== row) before = this.#next[before]
    this.#next[before] = this.#next[row]
  }

  #link(row: number): void {
    const place = this.#hashes[row] & (this.#heads.length - 1)
    this.#next[row] = this.#heads[place]
    this.#heads[place] = row
  }

  #grow(row: number): void {
    if (row >= this.#next.length) {
      const capacity = Math.max(row + 1, 2 * this.#next.length)
      this.#next = copied(this.#next, new Int32Array(capacity))
      this.#hashes = copied(this.#hashes, new Uint32Array(capacity))
    }
    if (this.#count <= this.#heads.length / 2) return
    const old = this.#heads
    const rows: number[] = []
    for (const head of old) for (let at = head; at >= 0; at = this.#next[at]) rows.push(at)
    this.#heads = new Int32Array(2 * old.length).fill(-1)
    for (const one of rows) this.#link(one)
  }
}

/** A larger column with what a smaller one has. */
export function copied<Column extends Int32Array | Uint32Array | Float64Array | Uint8Array>(from: Column, into: Column): Column {
  into.set(from)
  return into
}
