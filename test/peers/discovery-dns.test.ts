// Name servers are found at port 53 by /etc/resolv.conf, for the whole machine: both programs run in namespaces of their own.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startDnsServer, type Zone } from '../support/dns-server.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

const ZONE: Zone = {
  'web.x.y': { A: ['10.0.0.1', '10.0.0.2'], AAAA: ['fd00:0000:0000:0000:0000:0000:0000:0001'] },
  '_p._tcp.x.y': { SRV: ['5432 db1.x.y', '5433 db2.x.y'] },
  'x.y': { MX: ['mail.x.y'], NS: ['ns1.x.y', 'ns2.x.y'] },
  'empty.x.y': {},
  'alias.x.y': { CNAME: ['web.x.y'] },
}
const TARGETS = 14

const job = (name: string, config: object) => ({
  job_name: name,
  dns_sd_configs: [{ refresh_interval: '1s', ...config }],
  relabel_configs: [{ action: 'drop' }],
})
const CONFIG = {
  scrape_configs: [
    job('a', { names: ['web', 'web.x.y.', 'alias', 'empty', 'none.x.y', 'fail.x.y'], type: 'A', port: 9100 }),
    job('aaaa', { names: ['web'], type: 'aaaa', port: 9100 }),
    job('srv', { names: ['_p._tcp', '_p._tcp.x.y'] }),
    job('mx', { names: ['x.y'], type: 'MX', port: 25 }),
    job('ns', { names: ['x.y'], type: 'NS', port: 53 }),
  ],
}

const INSIDE = 'PROMONTORY_DNS_TEST'

async function discovered(server: Program): Promise<readonly string[]> {
  const { droppedTargets } = await server.api<{ droppedTargets: { discoveredLabels: Record<string, string> }[] }>('targets')
  return droppedTargets.map(({ discoveredLabels }) => JSON.stringify(Object.entries(discoveredLabels).sort())).sort()
}

/** In the namespaces: prints what each has found. */
async function compare(binary: string, directory: string): Promise<void> {
  const dns = await startDnsServer(ZONE, { host: '127.0.0.1', port: 53 })
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, JSON.stringify(CONFIG))
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours') })
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`],
    `http://127.0.0.1:${port}`,
  )
  await theirs.ready()
  const found: Record<string, readonly string[]> = {}
  for (const [name, server] of Object.entries({ ours, theirs })) {
    await until(name, 60_000, async () => {
      found[name] = await discovered(server)
      return found[name].length === TARGETS
    }).catch(() => undefined)
  }
  await Promise.all([ours.stop(), theirs.stop()])
  await dns.close()
  process.stdout.write(JSON.stringify(found))
}

const inside = process.env[INSIDE]
if (inside !== undefined) await compare(...(JSON.parse(inside) as [string, string]))
else {
  test('names are resolved as Prometheus 3.5 resolves them', (t) => {
    const binary = peer(t, 'prometheus 3.5')
    if (binary === undefined) return
    if (spawnSync('unshare', ['-rmn', 'ip', 'link', 'set', 'lo', 'up']).status !== 0) return t.skip('no namespaces here')
    const directory = mkdtempSync(join(tmpdir(), 'promontory-dns-'))
    try {
      const resolvConf = join(directory, 'resolv.conf')
      writeFileSync(resolvConf, 'nameserver 127.0.0.1\nsearch z.z x.y\n')
      const script = 'mount --bind "$0" /etc/resolv.conf && ip link set lo up && exec "$1" "$2"'
      const { stdout, stderr } = spawnSync(
        'unshare',
        ['-rmn', 'sh', '-c', script, resolvConf, process.execPath, fileURLToPath(import.meta.url)],
        { encoding: 'utf8', env: { ...process.env, [INSIDE]: JSON.stringify([binary, directory]) } },
      )
      const { ours, theirs } = JSON.parse(stdout || `{"ours": ${JSON.stringify(stderr)}}`) as Record<string, readonly string[]>
      assert.deepEqual(ours, theirs)
      assert.equal(ours.length, TARGETS)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
}
