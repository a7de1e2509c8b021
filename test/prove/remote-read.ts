// Requests and answers of remote read (samples and frames), whole and damaged before and after compression: read or refused, no crash, no hang.
//   node test/prove/remote-read.ts [--seed N] [--count MESSAGES]
import fc from 'fast-check'
import { proofArguments } from '../support/arguments.ts'
import { Court } from '../support/court.ts'
import { fuzzedReads, type ReadForm } from '../support/read-fuzz.ts'

const AT_ONCE = 1000

const { seed, count } = proofArguments({ count: 100_000 })
const JUDGES = { request: 'readRequest', samples: 'readSamples', frames: 'readFrames' } as const
const FORMS = Object.keys(JUDGES) as ReadForm[]
const court = new Court()
const answers = new Map(FORMS.map((form) => [form, { good: 0, refused: 0 }]))
try {
  for (let begin = 0; begin < count; begin += AT_ONCE) {
    const reads = fc.sample(fuzzedReads, { seed: seed + begin, numRuns: Math.min(AT_ONCE, count - begin) })
    for (const form of FORMS) {
      const bodies = reads.filter((read) => read.form === form).map(({ body }) => body)
      const seen = answers.get(form)!
      for (const { good } of await court.judge(JUDGES[form], bodies)) seen[good ? 'good' : 'refused']++
    }
  }
} finally {
  await court.close()
}
for (const [form, { good, refused }] of answers) {
  console.log(`remote read, ${form}: ${good} read, ${refused} refused; no crash, no hang`)
  if (good === 0 || refused === 0) throw new Error('all answers are the same: the messages prove nothing')
}
