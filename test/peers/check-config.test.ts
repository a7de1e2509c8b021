import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/load.ts'
import { peer } from '../support/peers.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Upstream takes any text for a scheme, and fails when it scrapes. */
const STRICTER_HERE = new Set(['22-scheme.yml'])

test('upstream takes and refuses the same files, and reads what we show as the configuration that runs', async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const directory = await mkdtemp(join(tmpdir(), 'promontory-config-'))
  t.after(() => rm(directory, { recursive: true }))
  const env = { fs: { readText: (path: string) => readFile(path, 'utf8') } as never }
  const upstreamTakes = (path: string) => spawnSync(promtool, ['check', 'config', '--syntax-only', path]).status === 0
  for (const folder of ['examples/mission', 'test/config/broken']) {
    for (const name of readdirSync(join(root, folder)).filter((name) => name.endsWith('.yml'))) {
      const path = join(root, folder, name)
      const config = await loadConfig(env, path).catch(() => undefined)
      if (!STRICTER_HERE.has(name)) assert.equal(config !== undefined, upstreamTakes(path), name)
      if (config === undefined) continue
      const shown = join(directory, name)
      writeFileSync(shown, config.toYaml())
      assert.ok(upstreamTakes(shown), `${name} as shown:\n${readFileSync(shown, 'utf8')}`)
    }
  }
})
