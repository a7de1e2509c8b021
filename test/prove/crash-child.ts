// The process that is killed: appends batches from a number on, and says of each when it was acknowledged.
// node test/prove/crash-child.ts DIR FIRST_BATCH
import { realEnv } from '../../src/base/env-real.ts'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'
import { appendBatch, EXEMPLARS_MAX, SHORT_RANGE_MS } from './crash-load.ts'

const [dir, first] = process.argv.slice(2)
const { db } = await runDb(realEnv(virtualEnv().log), {
  dir,
  segmentBytes: 100_000,
  exemplarsMax: EXEMPLARS_MAX,
  blockRangeMs: SHORT_RANGE_MS,
  checkpoints: { logBytes: 1000, lookMs: 10 },
})
/** Resolves when the pipe has it: with more to say than the parent has read, the next batches wait. */
const say = (line: string) => new Promise<void>((resolve) => process.stdout.write(`${line}\n`, () => resolve()))
await say('ready')
// Several are under way at once, so that some are in the write and some wait for the next one when the end comes.
const underWay: Promise<void>[] = []
for (let batch = Number(first); ; batch++) {
  underWay.push(appendBatch(db, batch).then(() => say(String(batch))))
  if (underWay.length === 4) await underWay.shift()
}
