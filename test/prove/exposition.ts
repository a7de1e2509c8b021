// Pages of metrics, whole and damaged, in text, OpenMetrics and protobuf: no crash, no hang, and what Prometheus takes we take, to the value.
//   node test/prove/exposition.ts [--seed N] [--count PAGES_A_FORMAT]
import { spawnSync } from 'node:child_process'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { proofArguments } from '../support/arguments.ts'
import { Court, Disagreements, shown } from '../support/court.ts'
import { expositionPage, mutatedPage } from '../support/exposition-page-generator.ts'
import { metricsPage } from '../support/metrics-page-generator.ts'
import { peerPath } from '../support/peers.ts'
import { type ComparedPage, comparePages, PAGE_REASONS } from './exposition-peers.ts'

const FORMATS = ['text', 'openMetrics', 'protobuf'] as const
/** A page in so many is compared with Prometheus, and as many with promtool's linter. */
const COMPARED_SHARE = 10

const { seed, count, alone } = proofArguments({ count: 20_000 })
const random = seededRandom(seed)
const now = virtualEnv().clock.now()
const court = new Court()
try {
  for (const format of FORMATS) {
    const pages: Uint8Array[] = []
    for (let index = 0; index < count; index++) {
      const flag = () => random.next() < 0.5
      const whole =
        format === 'text' && index % 2 === 0
          ? Buffer.from(metricsPage(random))
          : expositionPage(random, { now, utf8Names: flag(), timestamps: flag(), nativeHistograms: flag(), created: flag() })[format]
      pages.push(random.next() < 0.25 ? whole : mutatedPage(random, whole))
    }
    const verdicts = await court.judge(format, pages)
    const good = verdicts.filter((verdict) => verdict.good).length
    console.log(`${format}: ${pages.length} pages read, ${good} of them good; no crash, no hang`)
    if (good === 0 || good === pages.length) throw new Error('all of them have the same verdict: the pages prove nothing')
    const some = pages.filter((_, index) => index % COMPARED_SHARE === 0)
    if (format === 'text') await lint(some)
    await compare(format, some)
  }
} finally {
  await court.close()
}

async function compare(format: ComparedPage['format'], pages: readonly Uint8Array[]): Promise<void> {
  const prometheus = alone ? undefined : peerPath('prometheus 3.5')
  if (prometheus === undefined) return console.log('without Prometheus 3.5: pages are not compared')
  const disagreements = new Disagreements(PAGE_REASONS)
  const compared = pages.map((body): ComparedPage => ({ format, body }))
  const { series, good } = await comparePages(prometheus, compared, (found) =>
    disagreements.add(found, `${found.what}\n    ${shown(found.page.body)}`),
  )
  console.log(
    `${format}: ${compared.length} pages scraped by Prometheus 3.5 and by us: ${good} taken, with ${series} series; both say the same${disagreements.isEmpty ? '' : ', but for'}`,
  )
  disagreements.report((line) => console.log(line))
}

/** The linter's parser, which is another than that of scraping. */
async function lint(pages: readonly Uint8Array[]): Promise<void> {
  const promtool = alone ? undefined : peerPath('promtool 3.5')
  if (promtool === undefined) return console.log('without promtool 3.5: pages are not linted')
  const verdicts = await court.judge('families', pages)
  let bad = 0
  for (const [index, page] of pages.entries()) {
    const run = spawnSync(promtool, ['check', 'metrics'], { input: page, encoding: 'utf8' })
    const theirs = run.status !== 1
    if (!theirs) bad++
    // promtool leaves out backslashes of a type; what is left may be one.
    const hasOddType = /^#[ \t]+TYPE[ \t].*\\/m.test(Buffer.from(page).toString('latin1'))
    if (verdicts[index].good !== theirs && !hasOddType)
      throw new Error(`promtool check metrics ends with ${run.status}: ${run.stderr}, ours: ${verdicts[index].text}; page ${shown(page)}`)
  }
  console.log(`${pages.length} pages linted by promtool 3.5 and by us: ${bad} refused by both, the rest by neither`)
}
