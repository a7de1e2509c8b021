import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { checkConfig } from '../../src/commands/check-config.ts'

const directory = new URL('broken/', import.meta.url)
const fs = { readText: (path: string) => readFile(new URL(path, directory), 'utf8') }
const expected: Record<string, readonly string[]> = JSON.parse(await readFile(new URL('expected.json', directory), 'utf8'))

test('every broken file has its expected problems, and none is without', async () => {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.yml')).sort()
  assert.deepEqual(Object.keys(expected), files)
  assert.ok(files.length >= 30)
})

for (const [file, problems] of Object.entries(expected)) {
  test(`${file} is refused with place and reason`, async () => {
    const [out, err]: [string[], string[]] = [[], []]
    const code = await checkConfig([file], { env: { fs: fs as never }, out: (line) => out.push(line), err: (line) => err.push(line) })
    assert.deepEqual(
      err,
      problems.map((problem) => `  FAILED: ${problem}`),
    )
    assert.deepEqual(out, [`Checking ${file}`])
    assert.equal(code, 1)
    for (const problem of problems) assert.match(problem, /^[\w.-]+:[1-9]\d*:[1-9]\d*: \S/)
  })
}
