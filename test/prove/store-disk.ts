import { Registry } from 'prom-client'
import type { File, FileSystem } from '../../src/base/env.ts'
import type { VirtualEnv } from '../../src/base/env-virtual.ts'
import { VirtualClock } from '../../src/base/virtual/clock.ts'
import type { VirtualFileSystem } from '../../src/base/virtual/file-system.ts'

/** A process on a virtual disk: it ends between two calls to the disk, and nothing of it happens any more. */
export class MortalProcess {
  readonly env: VirtualEnv
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  hasEnded = false
  /** Calls that are still let through. */
  callsLeft = Number.POSITIVE_INFINITY
  #onEnd!: () => void

  constructor(disk: VirtualEnv, startTime: number) {
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve
    })
    this.env = { ...disk, fs: this.#mortal(disk.fs), clock: new VirtualClock(startTime), metrics: new Registry() }
  }

  end(): void {
    this.hasEnded = true
    this.#onEnd()
  }

  /** What a promise of the process answers, unless the process ends first. */
  async answer<T>(promise: Promise<T>): Promise<T | undefined> {
    // What it says after its end nobody hears.
    promise.catch(() => {})
    return Promise.race([promise, this.ended.then(() => undefined)])
  }

  /** The same for what may take its time: the clock goes on until it is over. */
  async outcome(promise: Promise<unknown>): Promise<void> {
    let isOver = false
    const over = () => {
      isOver = true
    }
    promise.then(over, over)
    for (let second = 0; !isOver && !this.hasEnded; second++) {
      if (second > 1000) throw new Error('it does not come to its end')
      await this.env.clock.advance(second === 0 ? 0 : 1000)
    }
  }

  #call<T>(run: () => Promise<T>): Promise<T> {
    if (!this.hasEnded && this.callsLeft-- <= 0) this.end()
    // One of its own for each who waits: they would never go while a promise of all has them.
    return this.hasEnded ? new Promise<never>(() => {}) : run()
  }

  #mortal(fs: VirtualFileSystem): VirtualFileSystem {
    const file = (one: File): File => ({
      path: one.path,
      read: (into, position) => this.#call(() => one.read(into, position)),
      readAll: (into, position) => this.#call(() => one.readAll(into, position)),
      write: (buffers, position) => this.#call(() => one.write(buffers, position)),
      size: () => this.#call(() => one.size()),
      truncate: (sizeBytes) => this.#call(() => one.truncate(sizeBytes)),
      sync: () => this.#call(() => one.sync()),
      close: () => this.#call(() => one.close()),
    })
    const open: FileSystem['open'] = (path, mode) => this.#call(async () => file(await fs.open(path, mode)))
    return new Proxy(fs, {
      get: (target, property) => {
        if (property === 'open') return open
        const value = Reflect.get(target, property, target)
        if (typeof value !== 'function') return value
        if (property === 'watch') return value.bind(target)
        return (...args: unknown[]) => this.#call(() => value.apply(target, args))
      },
    })
  }
}
