/** One thread's account of the memory that the queries of all threads share. */
export interface MemoryShare {
  readonly bytesMax: number
  /** False, and nothing is taken, when there is not so much left. */
  take(bytes: number): boolean
  give(bytes: number): void
}

const UNIT_BYTES = 64 * 1024

/**
 * What the queries of all threads take together, counted in shared memory: a word a thread, so that what one had when it ended can be
 * struck off.
 */
export class SharedMemoryTotal {
  /** Can be sent to other threads. */
  readonly words: Int32Array<SharedArrayBuffer>
  readonly bytesMax: number

  /** For `threadsMax` threads, or on the words of another thread. */
  constructor(bytesMax: number, words: number | Int32Array<SharedArrayBuffer>) {
    this.bytesMax = bytesMax
    this.words = typeof words === 'number' ? new Int32Array(new SharedArrayBuffer(4 * words)) : words
  }

  get usedBytes(): number {
    let units = 0
    for (let i = 0; i < this.words.length; i++) units += Atomics.load(this.words, i)
    return units * UNIT_BYTES
  }

  /** The account of a thread. */
  share(index: number): MemoryShare {
    const { words, bytesMax } = this
    return {
      bytesMax,
      take: (bytes) => {
        Atomics.add(words, index, Math.ceil(bytes / UNIT_BYTES))
        if (this.usedBytes <= bytesMax) return true
        Atomics.sub(words, index, Math.ceil(bytes / UNIT_BYTES))
        return false
      },
      give: (bytes) => void Atomics.sub(words, index, Math.ceil(bytes / UNIT_BYTES)),
    }
  }

  /** Strikes off what a thread has, which has ended. */
  clear(index: number): void {
    Atomics.store(this.words, index, 0)
  }
}
