import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Who has so much in use has had collections already, and would stand still for a second and more. */
const HEAP_BYTES_MAX = 200 * 1024 * 1024

/**
 * Collects once, `afterMs` from now, what starting has left, and gives the pages back. The engine sizes its heap by what a collection
 * leaves: without this the first one comes when the heap is three times as large. Stops the thread for 1 to 4 ms a MB that is in use, and
 * is not done where that is much.
 */
export function collectGarbageOnce(afterMs: number): void {
  setTimeout(() => {
    if (getHeapStatistics().used_heap_size > HEAP_BYTES_MAX) return
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    setFlagsFromString('--no-expose-gc')
  }, afterMs).unref()
}
