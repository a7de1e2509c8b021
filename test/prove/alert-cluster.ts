// Three Alertmanagers of ours, simulated: under 500 firing alerts two of three are killed, restarted, cut off from each other and joined again.
// No alert is lost; what comes twice has a cause and the same key; silences survive; who dies in the middle is stood in for in time.
//   node test/prove/alert-cluster.ts [--seed N] [--count N]
import { FAIL_OVER_MS_MAX, failsOver, type RunCounts, survives } from '../support/alert-cluster-runs.ts'
import { proofArguments } from '../support/arguments.ts'

const { seed, count } = proofArguments({ count: 200 })
const totals = new Map<string, number>()
let slowestFailOverMs = 0
for (let run = 0; run < count; run++) {
  for (const [name, value] of Object.entries(await survives(seed + run))) totals.set(name, (totals.get(name) ?? 0) + value)
  slowestFailOverMs = Math.max(slowestFailOverMs, await failsOver(seed + run))
}
const total = (name: keyof RunCounts) => totals.get(name) ?? 0
console.log(
  `${count} runs: ${total('kills')} kills, ${total('partitions')} partitions, ${total('silences')} silences that survived; ` +
    `${total('notifications')} notifications, no alert lost`,
)
console.log(
  `${total('twiceInPartition') + total('twiceSinceDeath')} came twice, each with the key of the first: ${total('twiceInPartition')} in a partition, ` +
    `${total('twiceSinceDeath')} since their sender died before its log had spread; members found out ${total('counted')}, and said of ${total('possible')} that they may be; ` +
    `by key none came again unnoticed, but for ${total('unknowable')} whose sender died before its log had them, out of reach of who told them again, and ${total('overcounted')} were found out beyond what came; ` +
    `a receiver that takes a key once had ${total('honouredTwice')} twice; ` +
    `${total('parts')} told a part of what another side of a partition had told`,
)
console.log(
  `fail-over: the slowest came ${(slowestFailOverMs / 1000).toFixed(1)} s after group_wait, want ${FAIL_OVER_MS_MAX / 1000} at most`,
)
