// `npm test [PATTERN …]`: everything fast. `npm run test:peers`: against real programs and upstream's test data.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const args = process.argv.slice(2)
const peers = args.includes('--peers')
const wanted = args.filter((arg) => !arg.startsWith('--'))

const patterns = peers
  ? ['test/peers/**/*.test.ts']
  : ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts', 'ui/src/**/*.test.ts']
const files = globSync(patterns, { cwd: root })
  .filter((path) => !path.includes('node_modules') && (peers || !path.startsWith('test/peers/')))
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .sort()
if (files.length === 0) {
  console.error(`no test matches ${wanted.join(' ')}`)
  process.exit(1)
}
// Peers are started one at a time: they share the machine with what they are compared with.
const concurrency = peers ? 1 : Math.max(2, availableParallelism())
const run = spawnSync(process.execPath, ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=240000', ...files], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
