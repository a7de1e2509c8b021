// The three federation patterns of examples/, run: what their README says of the server on top.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyExamples } from '../support/example-config.ts'
import { freePort, type Program, ROOT, startServer, until } from '../support/program.ts'

const PATTERNS: Readonly<Record<string, { readonly query: string; readonly label: string; readonly want: readonly string[] }>> = {
  'federation-regions': { query: 'sum by (region) (region:head_series:sum)', label: 'region', want: ['eu-west', 'us-east'] },
  'federation-environments': {
    query: 'count by (environment) (up{job="servers"})',
    label: 'environment',
    want: ['dev', 'production', 'staging'],
  },
  'federation-teams': { query: 'min by (team) (team:up:ratio)', label: 'team', want: ['api', 'data', 'infra'] },
}

for (const [name, { query, label, want }] of Object.entries(PATTERNS)) {
  test(`${name}: the server on top answers as its README says`, { timeout: 600_000 }, async () => {
    const readme = readFileSync(join(ROOT, 'examples', name, 'README.md'), 'utf8')
    assert.ok(readme.includes(query))
    const servers = [...readme.matchAll(/--config\.file=(\S+) --storage\.tsdb\.path=\S+ --web\.listen-address=127\.0\.0\.1:(\d+)/g)]
    assert.equal(servers.length, want.length + 1)
    const directory = mkdtempSync(join(tmpdir(), 'promontory-example-'))
    const ports: Record<number, number> = {}
    for (const [, , port] of servers) ports[Number(port)] = await freePort()
    const files = servers.map(([, file]) => file)
    copyExamples(name, directory, ports, files)
    const programs: Program[] = []
    try {
      for (const [, file, port] of servers)
        programs.push(
          await startServer({ configFile: join(directory, file), dataDir: join(directory, `${file}.data`), port: ports[Number(port)] }),
        )
      for (const program of programs) await program.ready('/-/ready', 60_000)
      const top = programs[programs.length - 1]
      const found = await until(query, 60_000, async () => {
        const result = await top.query(query)
        return result.length === want.length && result
      })
      assert.deepEqual(found.map(({ metric }) => metric[label]).sort(), want)
    } finally {
      for (const program of programs.reverse()) await program.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  })
}
