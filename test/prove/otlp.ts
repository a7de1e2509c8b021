// Requests of OTLP in both forms, whole and damaged before and after compression: an answer that a sender understands, no crash, no hang.
//   node test/prove/otlp.ts [--seed N] [--count REQUESTS]
import fc from 'fast-check'
import { proofArguments } from '../support/arguments.ts'
import { Court } from '../support/court.ts'
import { fuzzedOtlpRequests, type OtlpForm } from '../support/otlp-fuzz.ts'

const AT_ONCE = 1000

const { seed, count } = proofArguments({ count: 30_000 })
const JUDGES = { protobuf: 'otlpProtobuf', json: 'otlpJson', gzip: 'otlpGzip' } as const
const FORMS = Object.keys(JUDGES) as OtlpForm[]
const court = new Court()
const answers = new Map(FORMS.map((form) => [form, new Map<string, number>()]))
try {
  for (let begin = 0; begin < count; begin += AT_ONCE) {
    const requests = fc.sample(fuzzedOtlpRequests, { seed: seed + begin, numRuns: Math.min(AT_ONCE, count - begin) })
    for (const form of FORMS) {
      const bodies = requests.filter((request) => request.form === form).map(({ body }) => new Uint8Array(body))
      const seen = answers.get(form)!
      for (const { text } of await court.judge(JUDGES[form], bodies)) seen.set(text, (seen.get(text) ?? 0) + 1)
    }
  }
} finally {
  await court.close()
}
for (const [form, seen] of answers) {
  const counts = [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([status, times]) => `${times} x ${status}`)
  console.log(`otlp as ${form}: answers ${counts.join(', ')}; no crash, no hang`)
  if (seen.size < 2) throw new Error('all answers are the same: the requests prove nothing')
}
