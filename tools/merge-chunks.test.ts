import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { build } from 'esbuild'
import { mergeChunks } from './merge-chunks.ts'

/** What begins as an import does here is none of this file: hence the empty comments. */
const FILES = {
  'main.js': `import { add } from './count.js'; import { NAME } from './common.js'; add()
    const what = process.argv[2]
    const { run } = what === 'one' ? await import(/**/ './one.js') : await import(/**/ './two.js')
    console.log(NAME, await run())`,
  'worker/three.js': `import { add, count } from '../count.js'; import { deep } from '../deep.js'; add(); console.log('three', count, deep())`,
  'one.js': `import './effect.js'; import { add, count } from './count.js'; import { deep } from './deep.js'; import { both } from './both.js'
    /**/ import { near } from './near.js'; import { nearer } from './nearer.js'
    export async function run() { add(); const { late } = await import(/**/ './late.js'); const { later } = await import(/**/ './later.js')
      return 'one ' + count + deep() + both() + late() + near() + nearer() + later() }`,
  'two.js': `import { add, count } from './count.js'; import { both } from './both.js'
    export async function run() { add(); return 'two ' + count + both() + [globalThis.effect] }`,
  'late.js': `import { add, count } from './count.js'; import { deep } from './deep.js'; import { shared } from './shared.js'; import { near } from './near.js'
    add(); export const late = () => [' late', count, deep(), shared, near()]`,
  'later.js': `import { nearer } from './nearer.js'; export const later = () => ' later' + nearer()`,
  'near.js': `import { NAME } from './common.js'; let times = 0; export const near = () => ' near' + NAME + ++times`,
  'nearer.js': `import { near } from './near.js'; let times = 0; export const nearer = () => ' nearer' + near() + ++times`,
  'other.js': `import { shared } from './shared.js'; export default shared`,
  'shared.js': `export const shared = 'shared' + [globalThis.effect]`,
  'effect.js': `globalThis.effect = 'effect'`,
  'count.js': `export let count = 0; export function add() { count++ }`,
  'deep.js': `import { NAME } from './common.js'; const add = ' deep'; export const deep = () => add + NAME`,
  'both.js': `import { NAME } from './common.js'; const add = ' both'; export const both = () => add + NAME`,
  'common.js': `export const NAME = 'common'`,
}

test('joined files do what they did, and what is not asked for at once stays by itself', async () => {
  const root = mkdtempSync(join(tmpdir(), 'merge-chunks-'))
  try {
    mkdirSync(join(root, 'src/worker'), { recursive: true })
    writeFileSync(join(root, 'package.json'), '{"type":"module"}')
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, 'src', name), text)
    const form = { format: 'esm', platform: 'node', minifyWhitespace: true, minifySyntax: true, logLevel: 'silent' } as const
    const { metafile } = await build({
      ...form,
      absWorkingDir: root,
      entryPoints: ['src/main.js', 'src/worker/three.js', 'src/other.js'],
      outdir: 'dist',
      outbase: 'src',
      bundle: true,
      splitting: true,
      metafile: true,
    })
    const ask = (file: string, ...args: string[]) =>
      execFileSync(process.execPath, [join(root, 'dist', file), ...args], { encoding: 'utf8' })
    const all = () => [ask('main.js', 'one'), ask('main.js', 'two'), ask('worker/three.js')]
    const before = all()
    const files = () => readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.js'))
    const countBefore = files().length
    assert.deepEqual(before, [
      'common one 3 deepcommon bothcommon late,3, deepcommon,sharedeffect, nearcommon1 nearcommon2 nearer nearcommon31 later nearer nearcommon42\n',
      'common two 2 bothcommon\n',
      'three 1  deepcommon\n',
    ])
    const outputOf = (path: string) => Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === path)![0]
    const fixed = ['src/main.js', 'src/worker/three.js', 'src/other.js'].map(outputOf)
    await mergeChunks(root, metafile.outputs, [...fixed, outputOf('src/one.js'), outputOf('src/two.js')], new Set(fixed), form)
    assert.deepEqual(all(), before)
    assert.ok(files().length < countBefore, files().join(' '))
    assert.ok(files().some((name) => name.startsWith('late-')))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
