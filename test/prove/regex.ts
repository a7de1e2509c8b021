// Regular expressions, whole and damaged: no crash, no hang; what Prometheus compiles we compile, and it matches what it matches there.
//   node test/prove/regex.ts [--seed N] [--count EXPRESSIONS]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { compileRegex } from '../../src/model/regex.ts'
import { proofArguments } from '../support/arguments.ts'
import { Court, Disagreements, type Reason } from '../support/court.ts'
import type { Verdict } from '../support/judges.ts'
import { peerPath } from '../support/peers.ts'
import { checkConfigs } from '../support/promtool.ts'
import { RegexGenerator, SUBJECTS } from '../support/regex-generator.ts'

interface Compiled {
  readonly source: string
  readonly ours: Verdict
  readonly theirs: Verdict
}

/** Where we compile in another way than Prometheus 3.5, on purpose. */
const COMPILE_REASONS: readonly Reason<Compiled>[] = [
  {
    name: 'two groups of one name, which Go allows',
    explains: ({ ours, theirs }) => theirs.good && /duplicate capture group name/.test(ours.text),
  },
]

interface Matched {
  readonly source: string
  readonly subject: string
}

const MATCH_REASONS: readonly Reason<Matched>[] = []

const { seed, count, alone } = proofArguments({ count: 20_000 })
const generator = new RegexGenerator(seededRandom(seed))
const sources = Array.from({ length: count }, () => generator.next())
const court = new Court()
const verdicts = await court.judge(
  'regex',
  sources.map((source) => Buffer.from(source)),
)
await court.close()
const good = verdicts.filter((verdict) => verdict.good).length
console.log(`${count} expressions compiled, ${good} of them good; no crash, no hang`)
if (good === 0 || good === count) throw new Error('all of them have the same verdict: the expressions prove nothing')

const promtool = alone ? undefined : peerPath('promtool 3.5')
if (promtool === undefined) console.log('without promtool 3.5: expressions are not compared')
else {
  await compareCompiled(promtool)
  compareMatches(promtool)
}

/** As those of relabeling. */
async function compareCompiled(promtool: string): Promise<void> {
  const texts = sources.map((source) =>
    JSON.stringify({ scrape_configs: [{ job_name: 'a', relabel_configs: [{ regex: source, target_label: 'b' }] }] }),
  )
  const theirs = await checkConfigs(promtool, texts)
  const disagreements = new Disagreements(COMPILE_REASONS)
  for (const [index, source] of sources.entries()) {
    const found = { source, ours: verdicts[index], theirs: theirs[index] }
    if (found.ours.good !== found.theirs.good)
      disagreements.add(
        found,
        `${JSON.stringify(source)} ours: ${found.ours.good ? 'good' : found.ours.text}, theirs: ${found.theirs.good ? 'good' : found.theirs.text}`,
      )
  }
  console.log(`compiled by promtool 3.5 as well: both say the same${disagreements.isEmpty ? '' : ', but for'}`)
  disagreements.report((line) => console.log(line))
}

/** As those of matchers: each asks for the series whose label it matches, by a test of rules. */
function compareMatches(promtool: string): void {
  const chosen = [...new Set(sources.filter((_, index) => verdicts[index].good))].slice(0, 4000)
  const directory = mkdtempSync(join(tmpdir(), 'promontory-regex-'))
  try {
    // What is expected matches nothing, so that promtool shows what it got.
    const tests = {
      evaluation_interval: '1m',
      tests: [
        {
          input_series: SUBJECTS.map((subject, index) => ({ series: `s{i="${index}",v=${JSON.stringify(subject)}}`, values: '1' })),
          promql_expr_test: chosen.map((source, index) => ({
            expr: `label_replace(count by (i) (s{v=~${JSON.stringify(source)}}), "q", "${index}", "", "")`,
            eval_time: '0m',
            exp_samples: [{ labels: 'none', value: 1 }],
          })),
        },
      ],
    }
    writeFileSync(join(directory, 'tests.yml'), JSON.stringify(tests))
    const { stdout, stderr } = spawnSync(promtool, ['test', 'rules', 'tests.yml'], { cwd: directory, encoding: 'utf8', maxBuffer: 2 ** 30 })
    const matched = new Set(
      [...`${stdout}${stderr}`.matchAll(/\{i="(\d+)", q="(\d+)"\} 1E\+00/g)].map(([, subject, query]) => `${query} ${subject}`),
    )
    if (matched.size === 0) throw new Error(`promtool test rules shows no match: ${stderr.slice(0, 1000)}`)
    const disagreements = new Disagreements(MATCH_REASONS)
    for (const [query, source] of chosen.entries()) {
      const regex = compileRegex(source)
      for (const [index, subject] of SUBJECTS.entries()) {
        const [ours, theirs] = [regex.test(subject), matched.has(`${query} ${index}`)]
        if (ours !== theirs)
          disagreements.add({ source, subject }, `${JSON.stringify(source)} and ${JSON.stringify(subject)}: ours ${ours}, theirs ${theirs}`)
      }
    }
    console.log(
      `${chosen.length} expressions, each with ${SUBJECTS.length} texts, ${matched.size} matches: promtool 3.5 and we match the same${disagreements.isEmpty ? '' : ', but for'}`,
    )
    disagreements.report((line) => console.log(line))
  } finally {
    rmSync(directory, { recursive: true })
  }
}
