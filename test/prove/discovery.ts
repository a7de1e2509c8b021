// The targets are those that the backend names, after any sequence of changes and faults.
//   node test/prove/discovery.ts [--seed N] [--count SEQUENCES_A_MECHANISM]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { proofArguments } from '../support/arguments.ts'
import { proveConsul, proveDns, proveHttp } from './discovery-backends.ts'
import { proveKubernetesSequence } from './discovery-kubernetes.ts'

const INSIDE = 'PROMONTORY_PROVE_DNS'

const inside = process.env[INSIDE]
if (inside !== undefined) {
  const [seed, count] = JSON.parse(inside) as [number, number]
  await proveDns(seed, count)
} else {
  const { seed, count } = proofArguments({ count: 200 })
  const sum = { targets: 0, requests: 0, outages: 0 }
  for (let index = 0; index < count; index++) {
    const counts = await proveKubernetesSequence(seed + index)
    for (const key of ['targets', 'requests', 'outages'] as const) sum[key] += counts[key]
  }
  if (count >= 10 && sum.targets === 0) throw new Error('no sequence left a target: the proof proves nothing')
  console.log(
    `kubernetes: ${count} sequences, six roles each: ${sum.targets} targets as the objects say at the end, ${sum.requests} requests, ${sum.outages} outages`,
  )
  await proveHttp(seed, count)
  console.log(`http: ${count} sequences against a real server: the targets are those of the last good answer`)
  await proveConsul(seed, count)
  console.log(`consul: ${count} sequences against a real server: the targets are those of the catalog`)
  console.log(dnsInNamespace(seed, count))
}

/** Name servers are found at port 53 by /etc/resolv.conf, for the whole machine: it is done in a namespace of its own. */
function dnsInNamespace(seed: number, count: number): string {
  if (spawnSync('unshare', ['-rmn', 'ip', 'link', 'set', 'lo', 'up']).status !== 0) return 'dns: left out, as there are no namespaces here'
  const directory = mkdtempSync(join(tmpdir(), 'promontory-dns-'))
  try {
    const resolvConf = join(directory, 'resolv.conf')
    writeFileSync(resolvConf, 'nameserver 127.0.0.1\nsearch x.y\n')
    const script = 'mount --bind "$0" /etc/resolv.conf && ip link set lo up && exec "$1" "$2"'
    const run = spawnSync('unshare', ['-rmn', 'sh', '-c', script, resolvConf, process.execPath, fileURLToPath(import.meta.url)], {
      encoding: 'utf8',
      env: { ...process.env, [INSIDE]: JSON.stringify([seed, count]) },
    })
    if (run.status !== 0) throw new Error(`dns: ${run.stderr}`)
    return `dns: ${count} sequences against a real server: the targets are those of the records`
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
