// Random queries over the same data, at steps where samples are and where none are: Prometheus and our engine answer the same.
//   node test/prove/promql-peer.ts [--seed N] [--count N]
import { proofArguments } from '../support/arguments.ts'
import { peerPath } from '../support/peers.ts'
import { compareAnswers } from '../support/promql-answers.ts'

const { seed, count } = proofArguments({ count: 10_000 })
const binary = peerPath('prometheus 3.5')
if (binary === undefined) {
  if (process.env.CI === 'true') throw new Error('Prometheus 3.5 is not here')
  console.log('Prometheus 3.5 is not here: nothing was compared')
} else {
  const { same, withSeries, refused, explained, differences } = await compareAnswers(binary, { count, seed })
  console.log(`${count} queries that Prometheus 3.5 parses, and ${refused} that it does not: those use what came later`)
  console.log(`${same} have the same answer, ${withSeries} of them with series`)
  for (const [reason, times] of explained) console.log(`  ${times} x ${reason}`)
  for (const difference of differences) console.log(difference)
  console.log(`${differences.length} differences that nothing explains`)
  if (differences.length > 0) process.exitCode = 1
}
