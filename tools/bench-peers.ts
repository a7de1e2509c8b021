// `npm run bench:peers`: Prometheus, VictoriaMetrics and Promontory under the same load, one at a time and in turns.
//   --scenario A,B   of scrape5, scrape15, churn, query, maxrate; all of them by default
//   --runs N         of each server, 3 by default
//   --minutes N      of a scrape scenario, 20 by default: with blocks of 5 minutes that is several of them
//   --results DIR    where the results of the runs go, and from where those are taken that a run which was ended has left
// After every run the table of what there is by then is written to docs/proof/bench-peers.txt.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { peerPath, SHARED } from '../test/support/peers.ts'
import { PROMONTORY, ROOT } from '../test/support/program.ts'
import { type BenchRun, FIGURES, SERVERS, scenarioReport, withSections } from './bench-report.ts'

type Server = (typeof SERVERS)[number]

const REPORT = join(ROOT, 'docs/proof/bench-peers.txt')
const QUIET_SECONDS = '60'
/** What a run takes beside its measured minutes: waiting for quiet, series being made, kill and start. */
const AROUND_SECONDS = 420

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    runs: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '20' },
    results: { type: 'string' },
  },
})
const scenarios = values.scenario?.split(',') ?? Object.keys(FIGURES)
const runCount = Number(values.runs)
const seconds = Number(values.minutes) * 60
const unknown = scenarios.filter((name) => FIGURES[name] === undefined)
if (unknown.length > 0) fail(`no scenario ${unknown.join(', ')}; there are: ${Object.keys(FIGURES).join(', ')}`)
if (!(runCount >= 1 && Number.isInteger(runCount))) fail(`--runs is ${values.runs}, want a whole number from 1 on`)
if (!(seconds > 0)) fail(`--minutes is ${values.minutes}, want more than 0`)

const bench = join(SHARED, 'bench/bench.mjs')
if (!existsSync(bench)) fail(`the bench is not at ${bench}; PROMONTORY_SHARED names the directory that has bench/`)
const prometheus =
  peerPath('prometheus 3.5') ?? fail('prometheus 3.5 is not here; PROMONTORY_PEERS names a directory with sid/usr/bin/prometheus')
const victoria =
  peerPath('victoria-metrics') ?? fail('victoria-metrics is not here; PROMONTORY_PEERS names a directory with sid/usr/bin/victoria-metrics')

const results = values.results ?? mkdtempSync(join(tmpdir(), 'bench-peers-'))
mkdirSync(results, { recursive: true })
console.log(`results of the runs: ${results}`)

let child: ReturnType<typeof spawn> | undefined
let isEnding = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The bench ends its servers before it ends.
    isEnding = true
    child?.kill('SIGTERM')
  })
}

let failed = 0
for (const scenario of scenarios) {
  for (let run = 1; run <= runCount && !isEnding; run++) {
    // Another one goes first each time, so that what changes on the machine meets all of them.
    const turn = SERVERS.map((_, i) => SERVERS[(i + run - 1) % SERVERS.length])
    for (const server of turn) if (!isEnding && !(await measure(scenario, server, run))) failed++
  }
}
process.exitCode = isEnding ? 130 : failed === 0 ? 0 : 1

/** Runs one server once, unless its result is there already. False: there is no result. */
async function measure(scenario: string, server: Server, run: number): Promise<boolean> {
  const file = resultFile(scenario, server, run)
  if (existsSync(file)) {
    writeReport(scenario)
    return true
  }
  console.log(`\n${scenario}, run ${run} of ${runCount}: ${server}`)
  const unfinished = `${file}.unfinished`
  const code = await drive([
    bench,
    ...scenarioArguments(scenario),
    ...serverArguments(scenario, server),
    '--label',
    server,
    '--out',
    unfinished,
  ])
  if (code !== 0 || !existsSync(unfinished)) {
    rmSync(unfinished, { force: true })
    console.error(`${scenario}, run ${run}: ${server}: the bench ended with ${code}`)
    return false
  }
  renameSync(unfinished, file)
  writeReport(scenario)
  return true
}

function drive(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    child = spawn(process.execPath, args, { stdio: 'inherit', cwd: results })
    child.once('error', (error) => {
      console.error(error.message)
      resolve(null)
    })
    child.once('exit', (code) => resolve(code))
  })
}

function resultFile(scenario: string, server: Server, run: number): string {
  return join(results, `${scenario}-${server}-${run}.json`)
}

function scenarioArguments(scenario: string): readonly string[] {
  const scrape = (targets: number, series: number, intervalSeconds: number, ...more: string[]) => [
    ...['scrape', '--targets', `${targets}`, '--series', `${series}`, '--interval', `${intervalSeconds}`, '--duration', `${seconds}`],
    ...['--max-seconds', `${seconds + AROUND_SECONDS}`, '--start-quiet', QUIET_SECONDS, ...more],
  ]
  switch (scenario) {
    case 'scrape5':
      return scrape(1000, 100, 5, '--restart')
    case 'scrape15':
      return scrape(2000, 500, 15, '--restart')
    case 'churn':
      return scrape(500, 200, 5, '--churn', '0.2', '--churn-minutes', '0.5')
    case 'query':
      return [scenario, '--max-seconds', `${2 * AROUND_SECONDS}`, '--start-quiet', QUIET_SECONDS, '--end', `${loadedUntil()}`]
    default:
      return [scenario, '--max-seconds', `${2 * AROUND_SECONDS}`, '--start-quiet', QUIET_SECONDS]
  }
}

/**
 * Unix seconds: the samples end about now. Otherwise what is written last, at its own time, is what closes a window of theirs: one server makes a block of
 * it right after its restart and the other a minute later, and the bytes are those of blocks that are not the same.
 */
function loadedUntil(): number {
  // Steps of subqueries fall on the same samples in every run.
  return Math.floor(Date.now() / 300_000) * 300
}

/** Scrapes are of minutes, so their blocks are; what is queried is of a day, in blocks as they are by default. */
function serverArguments(scenario: string, server: Server): readonly string[] {
  if (server === 'VictoriaMetrics') return ['--server', 'victoriametrics', '--bin', victoria]
  const blocks = ['--storage.tsdb.min-block-duration=5m', '--storage.tsdb.max-block-duration=5m']
  const command = [
    ...(server === 'Prometheus' ? [prometheus] : [PROMONTORY, 'server']),
    ...[
      '--config.file={config}',
      '--storage.tsdb.path={data}',
      '--web.listen-address=127.0.0.1:{port}',
      '--storage.tsdb.retention.time=365d',
    ],
    ...['--web.enable-remote-write-receiver', '--web.enable-admin-api', '--web.enable-lifecycle', '--log.level=warn'],
    ...(scenario === 'query' ? [] : blocks),
  ]
  return ['--server', 'generic', '--cmd', command.join(' ')]
}

/** Writes what there is of a scenario. */
function writeReport(scenario: string): void {
  const runs: BenchRun[] = []
  for (const server of SERVERS) {
    for (let run = 1; existsSync(resultFile(scenario, server, run)); run++) {
      const { result } = JSON.parse(readFileSync(resultFile(scenario, server, run), 'utf8')) as { readonly result: BenchRun['result'] }
      runs.push({ server, result })
    }
  }
  const lines = [
    `commit   ${git('rev-parse', 'HEAD')}${git('status', '--porcelain', '--', 'src') === '' ? '' : ' with changes'}`,
    `machine  ${cpus().length} x ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`,
    `date     ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `command  npm run bench:peers -- --scenario ${scenario} --runs ${runCount}${scenario === 'query' || scenario === 'maxrate' ? '' : ` --minutes ${seconds / 60}`}`,
    `peers    ${version(prometheus)}; ${version(victoria)}`,
    ...scenarioReport(scenario, runs),
  ]
  const before = existsSync(REPORT) ? readFileSync(REPORT, 'utf8') : ''
  writeFileSync(REPORT, withSections(before, new Map([[scenario, lines]])))
  console.log(lines.join('\n'))
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim()
}

/** What a peer says of its version in the first line; the newest Debian has of VictoriaMetrics says nothing. */
function version(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  return text.split('\n')[0].replace(/ \(branch.*$/, '') || basename(program)
}

function fail(what: string): never {
  console.error(`bench:peers: ${what}`)
  process.exit(2)
}
