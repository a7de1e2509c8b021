import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Who has so much in use has had collections already, and would stand still for a second and more. */
const HEAP_BYTES_MAX = 200 * 1024 * 1024

/** Of a heap that hardly changes. */
const GROWTH_PERCENT = 10

let isGrowthSaid = false

/** From now on the old generation, of all threads, is collected when it has grown by so many hundredths. */
export function growHeapBy(percent: number): void {
  isGrowthSaid = true
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/**
 * Collects once, `afterMs` from now, what starting has left, and gives the pages back; from then on the heap grows by a tenth between
 * collections, unless a thread has said otherwise. The engine sizes its heap by what a collection leaves: without this the first one comes
 * when the heap is three times as large, and a small one may double: 15 MB more, for two collections a minute less. While all that is needed is
 * still being made, a tenth is nothing: a fifth of a start went into collections that found little. Collecting stops the thread for 1 to 4 ms
 * a MB that is in use, and is not done where that is much.
 */
export function settleHeap(afterMs: number): void {
  setTimeout(() => {
    if (!isGrowthSaid) growHeapBy(GROWTH_PERCENT)
    if (getHeapStatistics().used_heap_size > HEAP_BYTES_MAX) return
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    setFlagsFromString('--no-expose-gc')
  }, afterMs).unref()
}
