// The thread that judges: tells in shared memory which input it is at, so that whoever watches it knows what it hangs on.
import { parentPort, workerData } from 'node:worker_threads'
import { JUDGES, type JudgeName, type Verdict } from './judges.ts'

const { progress } = workerData as { progress: SharedArrayBuffer }
const at = new Int32Array(progress)
parentPort!.on('message', async ({ name, inputs }: { name: JudgeName; inputs: readonly Uint8Array[] }) => {
  const verdicts: (Verdict | { readonly crash: string })[] = []
  for (const [index, input] of inputs.entries()) {
    Atomics.store(at, 0, index)
    try {
      verdicts.push(await JUDGES[name](input))
    } catch (error) {
      verdicts.push({ crash: (error as Error).stack ?? String(error) })
    }
  }
  parentPort!.postMessage(verdicts)
})
