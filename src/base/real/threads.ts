import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Thread, ThreadEntry, Threads } from '../env.ts'
import type { Log, LogFields } from '../log.ts'
import { growHeapBy } from './settle-heap.ts'

/** What a thread is told of itself. */
export interface ThreadStart {
  readonly url: string
  readonly isBackground: boolean
}

/** What comes from a thread: a message of its own, or a line for the log. */
export type FromThread =
  | { readonly message: unknown }
  | { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly line: string; readonly fields: LogFields }

// In the bundle this file lies in the program's directory itself, as part of another one.
const isBundle = !import.meta.url.endsWith('/base/real/threads.ts')
const programUrl = new URL(isBundle ? './' : '../../', import.meta.url)
const suffix = isBundle ? '.js' : '.ts'

function fileUrl(file: string): URL {
  return new URL(file + suffix, programUrl)
}

/**
 * The young generation of a thread, in MiB of one half. What a query makes mostly lives as long as a batch of series. With the 2 of this
 * program's main thread (bin/promontory) much of it is still in use when it is looked at, is copied, and makes the old generation grow, which is
 * collected once a query. With 8 it is a little less yet, and each thread that answers takes 10 MB more.
 */
const HALF_MIB = 4
/** Of a thread that is not waited for. */
const BACKGROUND_HALF_MIB = 2
/**
 * By how many hundredths the old generation grows before it is collected, of all threads, once there is one that is waited for. With the 10 of a heap
 * that hardly changes a query thread is collected once or twice a query, which takes a tenth of its time or more. With 100
 * it is half as often, and the process takes 15 MB more; without a bound a quarter as often, and 60 MB more.
 */
const GROWTH_PERCENT = 100

/** Threads of the operating system. One that is idle keeps the process: who starts it ends it. */
export function realThreads(log: Log): Threads {
  return {
    start<Taken, Sent>({ file, isBackground = false }: ThreadEntry<Taken, Sent>): Thread<Taken, Sent> {
      // The limits that a worker can be given count for nothing beside the flag, which is looked at when a thread begins.
      setFlagsFromString(`--max-semi-space-size=${isBackground ? BACKGROUND_HALF_MIB : HALF_MIB}`)
      if (!isBackground) growHeapBy(GROWTH_PERCENT)
      const worker = new Worker(fileUrl('base/real/thread-start'), {
        name: file,
        workerData: { url: fileUrl(file).href, isBackground } satisfies ThreadStart,
      })
      let handler: ((message: Sent) => void) | undefined
      const early: Sent[] = []
      let isTerminated = false
      worker.on('message', (from: FromThread) => {
        if (isTerminated) return
        if ('line' in from) log[from.level](from.line, { ...from.fields, thread: file })
        else if (handler === undefined) early.push(from.message as Sent)
        else handler(from.message as Sent)
      })
      let failure: Error | undefined
      worker.on('error', (error) => {
        failure = error
      })
      const exited = new Promise<Error | undefined>((resolve) => {
        worker.on('exit', (code) => {
          if (code !== 0) failure ??= new Error(`the thread ended with code ${code}`)
          resolve(isTerminated ? undefined : failure)
        })
      })
      return {
        exited,
        post: (message, transfer = []) => worker.postMessage(message, transfer),
        onMessage(then) {
          handler = then
          for (const message of early.splice(0)) then(message)
        },
        terminate() {
          isTerminated = true
          void worker.terminate()
        },
      }
    },
  }
}
