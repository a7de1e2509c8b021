import { Worker } from 'node:worker_threads'
import type { Passwords } from '../env.ts'

// Hashing a password takes the better part of a second of computing, and scrapes and queries must not wait for it: it has a thread of its own,
// started with the first password. The package stands beside the program in the bundle, too, so the thread finds it by its address.

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
const bcrypt = import(workerData)
parentPort.on('message', async ({ id, password, hash }) => {
  try {
    parentPort.postMessage({ id, matches: (await bcrypt).compareSync(password, hash) })
  } catch (error) {
    parentPort.postMessage({ id, error: error.message })
  }
})
`

type Answer = { readonly id: number; readonly matches?: boolean; readonly error?: string }

export class PasswordWorker implements Passwords {
  #worker: Worker | undefined
  #nextId = 0
  readonly #waiting = new Map<number, PromiseWithResolvers<boolean>>()

  matchesBcrypt(password: string, hash: string): Promise<boolean> {
    this.#worker ??= this.#start()
    const waiting = Promise.withResolvers<boolean>()
    const id = this.#nextId++
    this.#waiting.set(id, waiting)
    this.#worker.ref()
    this.#worker.postMessage({ id, password, hash })
    return waiting.promise
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { eval: true, workerData: import.meta.resolve('bcryptjs') })
    worker.on('message', ({ id, matches, error }: Answer) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(matches === true)
      else waiting?.reject(new Error(error))
      // An idle thread does not keep the process.
      if (this.#waiting.size === 0) worker.unref()
    })
    const gone = (error: Error) => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      for (const waiting of this.#waiting.values()) waiting.reject(error)
      this.#waiting.clear()
    }
    worker.on('error', gone)
    worker.on('exit', () => gone(new Error('the thread of passwords ended')))
    return worker
  }
}
