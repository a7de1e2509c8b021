// The first file of every thread: makes its Env and runs the file that the thread is for.
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadEnv, ThreadMain, ThreadPort } from '../env.ts'
import type { Log, LogFields } from '../log.ts'
import { realClock } from './clock.ts'
import { realFileSystem } from './file-system.ts'
import { realRandom } from './random.ts'
import type { FromThread } from './threads.ts'

const parent = parentPort!
const send = (from: FromThread, transfer: readonly ArrayBuffer[] = []) => parent.postMessage(from, transfer)

const port: ThreadPort<unknown, unknown> = {
  post: (message, transfer) => send({ message }, transfer),
  onMessage: (handler) => void parent.on('message', handler),
}

function threadLog(base: LogFields): Log {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (line: string, fields?: LogFields) =>
    send({ level, line, fields: { ...base, ...fields } })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => threadLog({ ...base, ...fields }),
  }
}

const env: ThreadEnv = { clock: realClock, random: realRandom, fs: realFileSystem, log: threadLog({}) }
const { runThread } = (await import(workerData)) as { runThread: ThreadMain<unknown, unknown> }
await runThread(port, env)
// Of this thread alone; timers and the port do not keep it.
process.exit()
