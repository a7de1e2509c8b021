// `npm run prove [NAME …] [--seed N] [--count N] [--minutes M] [--short]`: the long proofs. A full run writes what it saw to docs/proof.
import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

interface Proof {
  readonly name: string
  readonly claim: string
  readonly file: string
  /** Arguments of runs of seconds. */
  readonly short: readonly (readonly string[])[]
  /** It says how long something takes, or that nothing came late: a busy machine may spoil a run of seconds, which is then made again. */
  readonly isTimed?: boolean
}

/** The same input each time beside the peer, since differences that nobody has named yet are for longer runs to find; and fresh input alone. */
const withPeer = (count: string, seed: string) => [
  ['--count', count, '--seed', seed],
  ['--count', count, '--alone'],
]

const PROOFS: readonly Proof[] = [
  {
    name: 'crash',
    claim: 'kill -9 and damage to the log lose nothing that was acknowledged',
    file: 'test/prove/crash.ts',
    short: [['--count', '5']],
  },
  {
    name: 'server-crash',
    claim: 'kill -9 of a server under load loses nothing that was answered 204 or shown by a query',
    file: 'test/prove/server-crash.ts',
    short: [['--count', '3']],
  },
  {
    name: 'store',
    claim: 'a disk that tears writes, drops what was not synced and refuses any call costs nothing that was promised',
    file: 'test/prove/store.ts',
    short: [['--count', '100']],
  },
  {
    name: 'promql',
    claim: 'whatever is asked, nothing crashes or hangs, and every plan of a query answers what the plain one does',
    file: 'test/prove/promql.ts',
    short: [['--minutes', '0.2']],
  },
  {
    name: 'promql-peer',
    claim: 'any query that Prometheus parses is answered as Prometheus answers it',
    file: 'test/prove/promql-peer.ts',
    short: [['--count', '1000', '--seed', '1']],
  },
  {
    name: 'alert-cluster',
    claim: 'three Alertmanagers that are killed and cut off lose no alert, and what comes twice has a cause and one key',
    file: 'test/prove/alert-cluster.ts',
    short: [['--count', '5']],
  },
  {
    name: 'discovery',
    claim: 'after any changes and faults the targets are those that the backend names',
    file: 'test/prove/discovery.ts',
    short: [['--count', '10']],
  },
  {
    name: 'exposition',
    claim: 'any page of metrics is read or refused, as Prometheus reads or refuses it',
    file: 'test/prove/exposition.ts',
    short: withPeer('1500', '5'),
  },
  {
    name: 'config',
    claim: 'any configuration file is read or refused, as Prometheus reads or refuses it',
    file: 'test/prove/config.ts',
    short: withPeer('1000', '1'),
  },
  {
    name: 'regex',
    claim: 'any regular expression is compiled or refused, and matches, as with Prometheus',
    file: 'test/prove/regex.ts',
    short: withPeer('2000', '1'),
  },
  {
    name: 'remote-write',
    claim: 'any remote write request has an answer, and what is sent arrives once, whatever happens to sender and receiver',
    file: 'test/prove/remote-write.ts',
    short: [['--count', '5000']],
  },
  {
    name: 'remote-read',
    claim: 'any bytes sent as a request or an answer of remote read are read or refused',
    file: 'test/prove/remote-read.ts',
    short: [['--count', '3000']],
  },
  {
    name: 'otlp',
    claim: 'any bytes sent as a request of OTLP get an answer that a sender understands',
    file: 'test/prove/otlp.ts',
    short: [['--count', '2000']],
  },
  {
    name: 'federate',
    claim: 'a page of federation has the lines that Prometheus writes, and no scrape is missed while it is made',
    file: 'test/prove/federate.ts',
    short: [['--count', '5000']],
    isTimed: true,
  },
  {
    name: 'http-sd',
    claim: 'all targets of a list of 50,000 are known, and a refresh or a reload takes over those that changed',
    file: 'test/prove/http-sd.ts',
    short: [['--count', '2000']],
    isTimed: true,
  },
  {
    name: 'reload',
    claim: 'a reload with 10,000 targets costs less than a second of one core, and no slot of an unchanged job',
    file: 'test/prove/reload.ts',
    short: [['--count', '3']],
    isTimed: true,
  },
  {
    name: 'runaway',
    claim: 'a query that would need 10 GB is refused or ended within its budget, while scrapes of 50,000 samples a second miss no slot',
    file: 'test/prove/runaway.ts',
    short: [['--count', '12']],
    isTimed: true,
  },
  {
    name: 'budget',
    claim: 'a label with a million values costs its job the new series, and nobody else anything',
    file: 'test/prove/budget.ts',
    short: [['--count', '6']],
    isTimed: true,
  },
  {
    name: 'year',
    claim: 'a year of blocks opens in a second, and is asked for an hour or for all of it in two',
    file: 'test/prove/year.ts',
    short: [['--count', '60']],
    isTimed: true,
  },
  {
    name: 'churn',
    claim:
      'series that come and go, 5 % of them an hour or all of them twice, leave no memory behind: after the first blocks it does not grow',
    file: 'test/prove/churn.ts',
    short: [['--count', '2500']],
  },
  {
    name: 'replicas',
    claim: 'two replicas have the same timestamps',
    file: 'test/prove/replicas.ts',
    short: [['--minutes', '0.5']],
    isTimed: true,
  },
]

/** Of a proof of times. What is wrong stays wrong. */
const SHORT_RUNS_MAX = 3

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, count: { type: 'string' }, minutes: { type: 'string' }, short: { type: 'boolean' } },
})
const unknown = positionals.filter((name) => !PROOFS.some((proof) => proof.name === name))
if (unknown.length > 0) {
  console.error(`no proof ${unknown.join(', ')}; there are: ${PROOFS.map((proof) => proof.name).join(', ')}`)
  process.exit(2)
}

let failed = 0
for (const proof of PROOFS) {
  if (positionals.length > 0 && !positionals.includes(proof.name)) continue
  const given = (['seed', 'count', 'minutes'] as const).flatMap((name) => (values[name] === undefined ? [] : [`--${name}`, values[name]]))
  for (const short of values.short ? proof.short : [[]]) {
    const args = [proof.file, ...short, ...given]
    console.log(`\n${proof.name}: ${proof.claim}\n$ node ${args.join(' ')}`)
    let { code, output } = await run(args)
    for (let again = 1; code !== 0 && values.short && proof.isTimed && again < SHORT_RUNS_MAX; again++) {
      console.log(`${proof.name}: failed with ${code}, once more`)
      ;({ code, output } = await run(args))
    }
    if (code !== 0) failed++
    console.log(code === 0 ? `${proof.name}: proven` : `${proof.name}: FAILED with ${code}`)
    if (!values.short) writeFileSync(join(root, 'docs/proof', `${proof.name}.txt`), report(proof, args, output, code))
  }
}
process.exitCode = failed === 0 ? 0 : 1

function run(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => {
        output += bytes
        process.stdout.write(bytes)
      })
    }
    child.once('exit', (code) => resolve({ code, output }))
  })
}

function report(proof: Proof, args: readonly string[], output: string, code: number | null): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim()
  const lines = output
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .filter((line) => line !== '')
  return [
    `${proof.name}: ${proof.claim}`,
    `commit   ${git('rev-parse', 'HEAD')}${git('status', '--porcelain', '--', 'src', 'test') === '' ? '' : ' with changes'}`,
    `machine  ${cpus().length} x ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`,
    `command  node ${args.join(' ')}`,
    `outcome  ${code === 0 ? 'proven' : `failed with ${code}`}`,
    '',
    ...lines,
    '',
  ].join('\n')
}
