import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parseYamlTree } from '../src/base/yaml-tree.ts'
import { checkConfig } from '../src/commands/check-config.ts'
import { loadAlertmanagerConfig } from '../src/config/alertmanager.ts'
import { isAlertmanagerConfig } from '../src/config/alertmanager-kind.ts'
import { loadDeadmanConfig } from '../src/config/deadman.ts'
import { isDeadmanConfig } from '../src/config/deadman-kind.ts'
import { loadConfig } from '../src/config/load.ts'
import { targetGroup } from '../src/discovery/static.ts'
import { Labels } from '../src/model/labels.ts'
import { relabel } from '../src/model/relabel.ts'

type Outcome =
  | { readonly loads: true; readonly warnings: readonly string[] }
  | { readonly loads?: undefined; readonly fails: readonly string[] }

const examples = new URL('../examples/', import.meta.url)
const mission = place('mission')

/** A directory of examples, as what reads configurations sees it. */
function place(name: string) {
  const directory = new URL(`${name}/`, examples)
  const fs = {
    readText: (path: string) => readFile(new URL(path, directory), 'utf8'),
    readDir: (path: string) => readdir(new URL(path, directory)),
  }
  return { directory, fs, env: { fs: fs as never } }
}

for (const name of (await readdir(examples)).sort()) {
  const { directory, fs, env } = place(name)
  const expected: Record<string, Outcome> = JSON.parse(await readFile(new URL('expected.json', directory), 'utf8'))

  test(`every example of ${name} has an expected outcome`, async () => {
    const files = (await readdir(directory)).filter((file) => !/^(README\.md|expected\.json)$/.test(file)).sort()
    assert.deepEqual(Object.keys(expected), files)
  })

  for (const [file, outcome] of Object.entries(expected)) {
    test(`${name}/${file} ${outcome.loads ? (outcome.warnings.length > 0 ? 'loads with warnings' : 'loads') : 'fails'}`, async () => {
      const run = async (...flags: readonly string[]) => {
        const lines: string[] = []
        const code = await checkConfig([...flags, file], { env, out: () => {}, err: (line) => lines.push(line) })
        return { code, lines }
      }
      if (!outcome.loads) {
        assert.deepEqual(await run(), { code: 1, lines: outcome.fails.map((line) => `  FAILED: ${line}`) })
        return
      }
      const warnings = outcome.warnings.map((line) => `  WARNING: ${line}`)
      assert.deepEqual(await run(), { code: 0, lines: warnings })
      assert.equal((await run('--strict')).code, warnings.length > 0 ? 1 : 0)
      // What is shown as the configuration that runs is one that loads to the same.
      const tree = parseYamlTree(await fs.readText(file))
      const load = (env: { fs: never }) => {
        if (isDeadmanConfig(tree)) return loadDeadmanConfig(env, file)
        return isAlertmanagerConfig(tree) ? loadAlertmanagerConfig(env, file) : loadConfig(env, file)
      }
      const shown = (await load(env)).toYaml()
      const readText = async (path: string) => (path === file ? shown : fs.readText(path))
      const again = await load({ fs: { ...fs, readText } as never })
      assert.equal(again.toYaml(), shown)
    })
  }
}

test('the four hash shards share out the targets, each to one', async () => {
  const owners = new Map<string, number>()
  for (let shard = 0; shard < 4; shard++) {
    const { scrapeConfigs } = await loadConfig(mission.env, `${13 + shard}-hash-shard-${shard}.yml`)
    const addresses = Array.from({ length: 200 }, (_, index) => `node-${index}:9100`)
    const { targets } = targetGroup('', { targets: addresses })
    for (const target of targets) {
      const kept = relabel(Labels.of(target), scrapeConfigs[0].relabelConfigs)
      if (kept === null) continue
      assert.ok(!owners.has(target.key()))
      owners.set(target.key(), shard)
    }
  }
  assert.equal(owners.size, 200)
  for (let shard = 0; shard < 4; shard++) assert.ok([...owners.values()].filter((owner) => owner === shard).length > 25)
})
