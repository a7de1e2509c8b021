// The first file of every thread: makes its Env and runs the file that the thread is for.
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadEnv, ThreadMain, ThreadPort } from '../env.ts'
import type { Log, LogFields } from '../log.ts'
import { realClock } from './clock.ts'
import { realFileSystem } from './file-system.ts'
import { realRandom } from './random.ts'
import type { FromThread, ThreadStart } from './threads.ts'
import { waitingFileSystem } from './waiting-file-system.ts'

/** A tenth of the share that others have of a busy core. */
const BACKGROUND_NICENESS = 10

const parent = parentPort!
const { url, isBackground } = workerData as ThreadStart
if (isBackground) giveWay()
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

const env: ThreadEnv = { clock: realClock, random: realRandom, fs: isBackground ? realFileSystem : waitingFileSystem, log: threadLog({}) }
const { runThread } = (await import(url)) as { runThread: ThreadMain<unknown, unknown> }
await runThread(port, env)
// Of this thread alone; timers and the port do not keep it.
process.exit()

/** Of this thread alone, as Linux has priorities. Elsewhere it goes on as it is. */
function giveWay(): void {
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), BACKGROUND_NICENESS)
  } catch {}
}
