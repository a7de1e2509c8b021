// Files that are nearly a prometheus.yml: no crash, no hang, and what promtool takes we take.
//   node test/prove/config.ts [--seed N] [--count FILES]
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { proofArguments } from '../support/arguments.ts'
import { ConfigMutator } from '../support/config-mutator.ts'
import { Court, Disagreements } from '../support/court.ts'
import { peerPath } from '../support/peers.ts'
import { ROOT } from '../support/program.ts'
import { checkConfigs } from '../support/promtool.ts'
import { CONFIG_REASONS } from './config-reasons.ts'

const { seed, count, alone } = proofArguments({ count: 5000 })
const random = seededRandom(seed)
const files = ['examples/mission', 'test/config/broken'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yml'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
    .filter((text) => /^(global|scrape_configs|scrape_config_files|remote_write):/m.test(text)),
)
const mutator = new ConfigMutator(random, files)
const texts = Array.from({ length: count }, () => mutator.next())
const court = new Court()
const verdicts = await court.judge(
  'config',
  texts.map((text) => Buffer.from(text)),
)
await court.close()
const good = verdicts.filter((verdict) => verdict.good).length
console.log(`${count} files read, ${good} of them good; no crash, no hang`)
if (good === 0 || good === count) throw new Error('all of them have the same verdict: the files prove nothing')

const promtool = alone ? undefined : peerPath('promtool 3.5')
if (promtool === undefined) console.log('without promtool 3.5: files are not compared')
else {
  const theirs = await checkConfigs(promtool, texts)
  const disagreements = new Disagreements(CONFIG_REASONS)
  for (const [index, text] of texts.entries()) {
    const found = { text, ours: verdicts[index], theirs: theirs[index] }
    if (found.ours.good !== found.theirs.good)
      disagreements.add(
        found,
        `ours: ${found.ours.good ? 'taken' : found.ours.text}\n  theirs: ${found.theirs.good ? 'taken' : found.theirs.text}\n    ${JSON.stringify(text)}`,
      )
  }
  const taken = theirs.filter((verdict) => verdict.good).length
  console.log(`checked by promtool 3.5 as well, which takes ${taken}; both say the same${disagreements.isEmpty ? '' : ', but for'}`)
  disagreements.report((line) => console.log(line))
}
