// Remote write requests of both versions, whole and damaged before and after compression: an answer that a sender understands, no crash, no hang.
// Senders in simulated worlds, with receivers that are away in all ways, ends, kills and losses of power: the receiver has every sample once.
// And a real server that is killed twice while its receiver is away.
//   node test/prove/remote-write.ts [--seed N] [--count REQUESTS]
import fc from 'fast-check'
import { proofArguments } from '../support/arguments.ts'
import { Court } from '../support/court.ts'
import { killSender } from '../support/killed-sender.ts'
import { fuzzedRequests } from '../support/write-fuzz.ts'
import { checkFaults } from '../support/write-sender.ts'

const AT_ONCE = 5000

const { seed, count } = proofArguments({ count: 100_000 })
const court = new Court()
const answers = { 1: new Map<string, number>(), 2: new Map<string, number>() }
try {
  for (let begin = 0; begin < count; begin += AT_ONCE) {
    const requests = fc.sample(fuzzedRequests, { seed: seed + begin, numRuns: Math.min(AT_ONCE, count - begin) })
    for (const version of [1, 2] as const) {
      const bodies = requests.filter((request) => request.version === version).map(({ body }) => new Uint8Array(body))
      for (const { text } of await court.judge(version === 1 ? 'write1' : 'write2', bodies))
        answers[version].set(text, (answers[version].get(text) ?? 0) + 1)
    }
  }
} finally {
  await court.close()
}
for (const version of [1, 2] as const) {
  const counts = [...answers[version]].sort(([a], [b]) => (a < b ? -1 : 1)).map(([status, times]) => `${times} x ${status}`)
  console.log(`remote write ${version}.0: answers ${counts.join(', ')}; no crash, no hang`)
  if (answers[version].size < 2) throw new Error('all answers are the same: the requests prove nothing')
}

const worlds = Math.max(3, Math.ceil(count / 500))
for (let i = 0; i < worlds; i++) await checkFaults(seed + i)
console.log(`senders: ${worlds} worlds of outages, ends, kills and losses of power; no sample is missing, none is stored twice`)
for (const flags of [[], ['--agent']]) console.log(await killSender(flags))
