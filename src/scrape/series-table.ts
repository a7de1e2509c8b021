/** Finds numbers by the bytes they stand for. Open addressing in two columns; filled only when a page is not in the order of the last one. */
export class SeriesTable {
  /** Number + 1; 0: free. */
  #slots = new Uint32Array(64)
  #hashes = new Uint32Array(64)
  #count = 0

  /** Forgets what it has; about so many numbers come. */
  begin(expectedCount: number): void {
    this.#count = 0
    let capacity = this.#slots.length
    while (capacity < expectedCount * 2) capacity *= 2
    if (capacity === this.#slots.length) {
      this.#slots.fill(0)
      return
    }
    this.#slots = new Uint32Array(capacity)
    this.#hashes = new Uint32Array(capacity)
  }

  /** What it holds. */
  get heldBytes(): number {
    return this.#slots.byteLength + this.#hashes.byteLength
  }

  /** The number whose bytes satisfy `equals`, or -1. */
  find(hash: number, equals: (number: number) => boolean): number {
    const mask = this.#slots.length - 1
    for (let i = hash & mask; this.#slots[i] !== 0; i = (i + 1) & mask) {
      if (this.#hashes[i] === hash && equals(this.#slots[i] - 1)) return this.#slots[i] - 1
    }
    return -1
  }

  add(hash: number, number: number): void {
    if ((this.#count + 1) * 2 > this.#slots.length) this.#grow()
    this.#insert(hash, number + 1)
    this.#count++
  }

  #insert(hash: number, slot: number): void {
    const mask = this.#slots.length - 1
    let i = hash & mask
    while (this.#slots[i] !== 0) i = (i + 1) & mask
    this.#slots[i] = slot
    this.#hashes[i] = hash
  }

  #grow(): void {
    const [slots, hashes] = [this.#slots, this.#hashes]
    this.#slots = new Uint32Array(slots.length * 2)
    this.#hashes = new Uint32Array(slots.length * 2)
    for (let i = 0; i < slots.length; i++) if (slots[i] !== 0) this.#insert(hashes[i], slots[i])
  }
}

/** FNV-1a with a final mix, 32 bits, salted so that a target cannot choose series that collide. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, salt: number): number {
  let hash = 0x811c9dc5 ^ salt
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

export function equalBytes(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false
  for (let i = aEnd - 1, j = bEnd - 1; i >= aStart; i--, j--) if (a[i] !== b[j]) return false
  return true
}
