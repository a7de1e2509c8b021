// The thread that reads are answered in.
import { serveReads } from '../api/reads/read-thread.ts'
import type { FromThread, ToThread } from '../api/reads/thread-messages.ts'
import type { ThreadEnv, ThreadPort } from '../base/env.ts'

export function runThread(port: ThreadPort<FromThread, ToThread>, env: ThreadEnv): Promise<void> {
  return serveReads(port, env)
}
