// Random queries over random series, and texts meant to hurt: no crash, no hang, the optimised plan answers what the plain one does, and
// a step of a range what an instant query does.
//   node test/prove/promql.ts [--seed N] [--minutes M]
import { Worker } from 'node:worker_threads'
import { proofArguments } from '../support/arguments.ts'
import type { FuzzNews } from '../support/promql-fuzz.ts'

/** A query is asked of some twenty engines, each of which may take its time; the machine may have other things to do. */
const BOUND_MS = 600_000

const { seed, minutes } = proofArguments({ minutes: 60 })
const end = Date.now() + minutes * 60_000
const worker = new Worker(new URL('../support/promql-fuzz.ts', import.meta.url), { workerData: { seed } })
let [asking, since] = ['nothing', Date.now()]
const total = { rounds: 0, queries: 0, withSeries: 0, bounded: 0, hostile: 0 }

const watch = setInterval(() => {
  if (Date.now() - since > BOUND_MS) fail(`no answer in ${BOUND_MS} ms`)
}, 1000)

worker.on('message', (news: FuzzNews) => {
  since = Date.now()
  if ('asking' in news) {
    asking = news.asking
    return
  }
  total.rounds++
  for (const name of ['queries', 'withSeries', 'bounded', 'hostile'] as const) total[name] += news[name]
  if (Date.now() >= end) finish()
})
worker.on('error', (error) => fail(error.stack ?? String(error)))

function finish(): void {
  clearInterval(watch)
  const { rounds, queries, withSeries, bounded, hostile } = total
  console.log(
    `${queries} queries over ${rounds} sets of series, ${withSeries} of them with series in the answer, each at a time and over a range`,
  )
  console.log(
    'the plain plan, all optimisers, all but one, each alone, and all in parts gave the same answers, and a step of the range that of an instant query',
  )
  console.log(`${bounded} answers were not compared: a plan reached a bound of time or samples`)
  console.log(`${hostile} hostile texts were refused or planned in time`)
  void worker.terminate()
}

function fail(why: string): void {
  clearInterval(watch)
  console.log(`asked last: ${asking}\nround ${total.rounds}: ${why}`)
  process.exitCode = 1
  void worker.terminate()
}
