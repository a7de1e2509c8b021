// `npm run check`: types, lint and format, tidy, unused code and packages. Runs all of them and says which failed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)

const steps: readonly (readonly [string, string, readonly string[]])[] = [
  ['types', bin('tsc'), ['-p', '.']],
  ...(existsSync(join(root, 'ui/tsconfig.json')) ? ([['types of ui', bin('tsc'), ['-p', 'ui']]] as const) : []),
  ['lint and format', bin('biome'), ['ci', '--reporter=summary', '.']],
  ['tidy', process.execPath, ['tools/tidy.ts']],
  ['generated documents', process.execPath, ['tools/docs.ts', '--check']],
  ['unused', bin('knip'), ['--no-progress']],
]

let failed = 0
for (const [name, command, args] of steps) {
  const run = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } })
  const ok = run.status === 0
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
  if (ok) continue
  failed++
  console.log(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`.trimEnd())
}
process.exitCode = failed === 0 ? 0 : 1
