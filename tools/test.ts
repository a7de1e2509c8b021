// `npm test [PATTERN …]`: everything fast. `npm run test:peers`: against real programs and upstream's test data.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { ALONE, inTurns } from './test-turns.ts'

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

// Compiled once, not once a process. The program's own processes have the cache of their bundle (bin/promontory).
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache/compiled-tests')

const stream = run({
  cwd: root,
  files: peers ? files.map((path) => join(root, path)) : processes(files),
  // Half of the time a test with peers waits for them, and they share the machine with it: two at a time, however many cores there are.
  // Of the others some wait for real time: one more than there are cores.
  concurrency: peers ? 2 : availableParallelism() + 1,
  // For what hangs: a slow machine takes its time.
  timeout: peers ? 900_000 : 600_000,
})
stream.on('test:fail', () => {
  process.exitCode = 1
})
stream.compose(new spec()).pipe(process.stdout)

/** One file per process to start, in the order in which to start them. Several tests together are a file that imports them. */
function processes(paths: readonly string[]): string[] {
  const directory = join(root, '.cache/tests')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const isAlone = (path: string) => ALONE.test(readFileSync(join(root, path), 'utf8'))
  return inTurns(paths, isAlone).map(({ name, paths }) => {
    if (paths.length === 1) return join(root, paths[0])
    const file = join(directory, `${name}.mjs`)
    writeFileSync(file, paths.map((path) => `import '../../${path}'\n`).join(''))
    return file
  })
}
