import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from './env-virtual.ts'
import { globFiles } from './glob.ts'

test('patterns stand for the files of a directory', async () => {
  const { fs } = virtualEnv()
  await fs.mkdir('/d')
  for (const name of ['a.yml', 'b.yml', 'b.json', 'a+b.yml', '.hidden.yml']) await fs.writeFile(`/d/${name}`, '')
  const check = async (path: string, ...want: readonly string[]) => assert.deepEqual(await globFiles(fs, path), want, path)
  await check('/d/*.yml', '/d/.hidden.yml', '/d/a+b.yml', '/d/a.yml', '/d/b.yml')
  await check('/d/a.yml', '/d/a.yml')
  await check('/d/axyml')
  await check('/d/a+b.yml', '/d/a+b.yml')
  await check('/d/?.yml', '/d/a.yml', '/d/b.yml')
  await check('/d/[b-c].*', '/d/b.json', '/d/b.yml')
  await check('/none/*.yml')
  await fs.mkdir('/e')
  await fs.writeFile('/e/a.yml', '')
  await check('/[de]/a.*', '/d/a.yml', '/e/a.yml')
  await check('/*/*.json', '/d/b.json')
  await check('/d/*/x')
})
