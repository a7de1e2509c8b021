// Twelve months of blocks of two hours, 1,000 series at a sample a minute: opened, asked for the last hour and for the whole year.
//   node test/prove/year.ts [--count BLOCKS]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proofArguments } from '../support/arguments.ts'
import { type Program, startServer } from '../support/program.ts'
import { BLOCK_MS, valueAt, writeYear } from '../support/year-blocks.ts'

const OPEN_MS_MAX = 1000
/** What others do on the machine meanwhile counts as ours: a start that was slow is tried again. */
const STARTS_MAX = 5
const YEAR_MS_MAX = 2000
const HOUR_MS = 3_600_000

const { count } = proofArguments({ count: 4380 })
const directory = mkdtempSync(join(tmpdir(), 'promontory-year-'))

/** What the process and its threads have read so far. */
function readBytes(pid: number): number {
  return Number(/^rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1])
}

async function asked(server: Program, query: string, start: number, end: number, stepMs: number) {
  const parameters = { query, start: String(start / 1000), end: String(end / 1000), step: String(stepMs / 1000) }
  const [before, began] = [readBytes(server.child.pid!), performance.now()]
  const response = await fetch(`${server.url}/api/v1/query_range`, { method: 'POST', body: new URLSearchParams(parameters) })
  const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } }
  return { values: data.result[0].values, ms: performance.now() - began, readBytes: readBytes(server.child.pid!) - before }
}

function compare(values: readonly [number, string][], metric: number, host: number, want: number): void {
  if (values.length !== want) throw new Error(`found ${values.length} points, want ${want}`)
  for (const [time, value] of values) {
    const wanted = valueAt(metric, host, time * 1000)
    // As numbers: -0 is 0.
    if (Number(value) !== wanted) throw new Error(`m${metric}{host="h${host}"} at ${time} is ${value}, want ${wanted}`)
  }
}

let server: Program | undefined
try {
  const end = Math.floor(Date.now() / BLOCK_MS) * BLOCK_MS
  const start = end - count * BLOCK_MS
  await writeYear(join(directory, 'data'), end, count, (done) => {
    if (done % 100 === 0) process.stdout.write(`\r${done} of ${count} blocks written`)
  })
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, '')
  const days = `--storage.tsdb.retention.time=${Math.ceil((2 * count * BLOCK_MS) / 86_400_000)}d`
  const ranges = ['--storage.tsdb.min-block-duration=2h', '--storage.tsdb.max-block-duration=2h']
  const started = async (dataDir: string) => {
    const began = performance.now()
    const server = await startServer({ configFile, dataDir, flags: [days, ...ranges, '--log.level=warn'] })
    await server.ready('/-/ready', 60_000)
    return { server, ms: performance.now() - began }
  }
  let openMs = 0
  const opened = async () => {
    const empty = await started(join(directory, 'empty'))
    await empty.server.stop()
    const full = await started(join(directory, 'data'))
    openMs = full.ms - empty.ms
    console.log(
      `\r${count} blocks: ready ${full.ms.toFixed(0)} ms after the start of the process, ${openMs.toFixed(0)} ms later than without any`,
    )
    return full.server
  }
  server = await opened()
  for (let starts = 1; openMs >= OPEN_MS_MAX; starts++) {
    if (starts === STARTS_MAX) throw new Error(`opening took ${openMs.toFixed(0)} ms, want less than ${OPEN_MS_MAX}`)
    await server.stop()
    server = await opened()
  }

  const hour = await asked(server, 'm3{host="h42"}', end - HOUR_MS, end - 60_000, 60_000)
  compare(hour.values, 3, 42, 60)
  console.log(`the last hour: ${hour.ms.toFixed(0)} ms`)
  const times: number[] = []
  for (const host of [42, 42, 17]) {
    const year = await asked(server, `m4{host="h${host}"}`, start, end - HOUR_MS, HOUR_MS)
    compare(year.values, 4, host, (end - start) / HOUR_MS)
    console.log(
      `all the time at steps of an hour: ${year.values.length} points in ${year.ms.toFixed(0)} ms, ${(year.readBytes / 1e6).toFixed(0)} MB read`,
    )
    times.push(year.ms)
  }
  // By now all blocks have been looked at, and nothing else reads.
  const again = await asked(server, 'm7{host="h1"}', end - HOUR_MS, end - 60_000, 60_000)
  compare(again.values, 7, 1, 60)
  console.log(`the last hour again: ${again.ms.toFixed(0)} ms, ${(again.readBytes / 1e3).toFixed(0)} kB read`)
  // A block of these is 230 kB; the answer and the request count as well.
  if (again.readBytes > 500_000) throw new Error(`the last hour read ${again.readBytes} bytes, want those of one block at most`)
  for (const ms of times) if (!(ms < YEAR_MS_MAX)) throw new Error(`the year took ${ms.toFixed(0)} ms, want less than ${YEAR_MS_MAX}`)
} finally {
  await server?.stop()
  rmSync(directory, { recursive: true, force: true })
}
